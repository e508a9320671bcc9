"""The counselor's desk page; what it shows comes from the API."""

from pathlib import Path
from typing import Any

from flask import Blueprint

from citizens.consent import Purpose
from citizens.wordings import wording
from core.access import admit, current_account
from core.services import services
from core.web.frame import allow_softphone, current_language, render_page
from core.web.headers import softphone_sources
from core.web.languages import CORE_WORDS, Catalog
from counselors.models import Counselor
from counselors.outcome_form import outcome_form

WORDS = Catalog(Path(__file__).with_name("words.toml"), CORE_WORDS)

blueprint = Blueprint("counselors_pages", __name__, template_folder="templates")
admit(blueprint, {"counselor"})


@blueprint.get("/desk")
def desk() -> str:
    """Show the desk's frame; the page's script fills it and keeps it filled."""
    account = current_account()
    held = services()
    allow_softphone(softphone_sources(held.config.carrier.api_base_url))
    with held.database.transaction() as session:
        counselor = session.get(Counselor, account.account_id)
        endpoint = counselor.endpoint if counselor is not None else "browser"
    # A telephone's number is nobody's business in a page: only its kind is needed.
    boot = _boot(account.csrf, endpoint.partition(":")[0])
    asked = wording(Purpose.CONTACT_BY_PHONE, current_language())
    boot["consent"] = {"version": asked.version}
    return render_page(
        "desk.html", WORDS, account=account, csrf=account.csrf, boot=boot, consent=asked
    )


def _boot(csrf: str, endpoint_kind: str) -> dict[str, Any]:
    language = current_language()
    return {
        "language": language,
        "csrf": csrf,
        "words": WORDS.words(language),
        "endpoint": endpoint_kind,
        "cue_seconds": list(services().policy.session_cue_seconds),
        "taxonomy": outcome_form(language),
    }
