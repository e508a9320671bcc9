"""The admin's page over programs that hand on wishes: let in, given new keys, let in no more."""

from typing import get_args

from flask import Blueprint

from callbacks.catalog import WORDS
from callbacks.clients import OVERLAP, Channel
from core.access import admit, current_account
from core.web.frame import current_language, render_page

CHANNELS = get_args(Channel)

blueprint = Blueprint("clients_page", __name__, template_folder="templates")
admit(blueprint, {"admin"})


@blueprint.get("/clients")
def show_clients() -> str:
    """Show the page's frame; the page's script fills it. A key is never part of the page."""
    account, language = current_account(), current_language()
    return render_page(
        "clients.html",
        WORDS,
        account=account,
        csrf=account.csrf,
        boot={"language": language, "csrf": account.csrf, "words": WORDS.words(language)},
        channels=CHANNELS,
        overlap_days=OVERLAP.days,
    )
