"""The supervisor's page over all promises: new ones, whose they are, absences, handovers.

What it shows and does comes from the API.
"""

from typing import get_args

from flask import Blueprint

from callbacks.bodies import DecisionSent
from callbacks.catalog import WORDS
from callbacks.web_request import ALL_DAY, SLOTS
from callbacks.worklist import VIEWS
from citizens.consent import Purpose
from citizens.wordings import LANGUAGES, wording
from core.access import admit, current_account
from core.web.frame import current_language, render_page

#: In the order of asking; the first is what the rest stands on. The field of the API beside each.
CONSENTS = (
    (Purpose.CONTACT_BY_PHONE, "heard"),
    (Purpose.SENSITIVE, "sensitive"),
    (Purpose.THIRD_PARTY, "third_party"),
    (Purpose.NIGHT_CALLS, "night_calls"),
)
DECISIONS = get_args(DecisionSent.model_fields["decision"].annotation)
REVEAL_REASONS = ("emergency", "call_back", "citizen_asked")

blueprint = Blueprint("promises_page", __name__, template_folder="templates")
admit(blueprint, {"supervisor"})


@blueprint.get("/promises")
def show_promises() -> str:
    """Show the page's frame; the page's script fills it."""
    account, language = current_account(), current_language()
    return render_page(
        "promises.html",
        WORDS,
        account=account,
        csrf=account.csrf,
        boot={
            "language": language,
            "csrf": account.csrf,
            "words": WORDS.words(language),
            "role": account.role,
            "slots": SLOTS | {"all_day": ALL_DAY},
        },
        slots=tuple(SLOTS),
        views=VIEWS,
        decisions=DECISIONS,
        reveal_reasons=REVEAL_REASONS,
        spoken=LANGUAGES,
        consents=[
            (field, {language: wording(purpose, language) for language in LANGUAGES})
            for purpose, field in CONSENTS
        ],
    )
