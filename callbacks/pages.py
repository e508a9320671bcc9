"""The companion's worklist and a person's page; what they show comes from the API."""

import uuid
from typing import Any

from flask import Blueprint

from callbacks.catalog import WORDS
from citizens.consent import Purpose
from citizens.wordings import wording
from core.access import admit, current_account
from core.services import services
from core.web.frame import allow_softphone, current_language, render_page
from core.web.headers import softphone_sources
from counselors.outcome_form import outcome_form

VIEWS = ("today", "overdue", "promised", "decision")
#: What a companion may say of a call that was answered; the carrier tells the rest by itself.
SAID = ("reached", "wrong_person", "voicemail", "refused")
DECISIONS = ("again", "letter", "visit", "welfare_check", "close")

blueprint = Blueprint("callbacks_pages", __name__, template_folder="templates")
admit(blueprint, {"companion", "supervisor"})


@blueprint.get("/worklist")
def show_worklist() -> str:
    """Show the worklist's frame; the page's script fills it and keeps it filled."""
    account = current_account()
    allow_softphone(softphone_sources(services().config.carrier.api_base_url))
    return _page("worklist.html", account, views=VIEWS, said=SAID, decisions=DECISIONS)


@blueprint.get("/worklist/<uuid:promise_id>")
def show_person(promise_id: uuid.UUID) -> str:
    """Show the frame of a person's page: what was promised, tried, agreed and consented to."""
    return _page("person.html", current_account(), promise_id=promise_id)


def _page(template: str, account: Any, **context: Any) -> str:
    boot = _boot(account)
    if "promise_id" in context:
        boot["promise_id"] = str(context["promise_id"])
    return render_page(
        template,
        WORDS,
        account=account,
        csrf=account.csrf,
        boot=boot,
        **context,
    )


def _boot(account: Any) -> dict[str, Any]:
    language = current_language()
    return {
        "language": language,
        "csrf": account.csrf,
        "words": WORDS.words(language),
        "endpoint": "browser",
        "role": account.role,
        "account_id": str(account.account_id),
        "cue_seconds": list(services().policy.session_cue_seconds),
        "taxonomy": outcome_form(language),
        "consent_wording": wording(Purpose.CONTACT_BY_PHONE, language).version,
    }
