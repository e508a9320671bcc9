"""A stranger asks for a call by the public form: consents, windows and the promise, or nothing.

Rule: the form proves nothing about who fills it in. So it never lifts a do-not-call mark, never
changes what a standing promise rests on, and the answer is the same whoever the number belongs to.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from callbacks import actions, records
from callbacks.assigning import choose_companion
from callbacks.assignment import Chosen
from callbacks.booking import usual_companion
from callbacks.web_request import Asked
from citizens import actions as citizens
from citizens.consent import How
from citizens.models import Citizen
from citizens.wordings import wording
from core.policy import Policy
from core.rate_limit import may_ask
from core.sealing import Sealer

HEARD_BY = "web form"
PURPOSE = "companion"

Answer = Literal["stands", "too_often"]


def ask(
    session: Session,
    asked: Asked,
    language: str,
    keys: Sequence[str],
    sealer: Sealer,
    now: datetime,
    policy: Policy,
) -> Answer:
    """Store what was asked for. keys: under which this request is counted (core.rate_limit).

    "stands" also where nothing was added: a promise stands already, or the number is do-not-call.
    """
    if not may_ask(session, keys, now, policy.form_per_hour_max):
        return "too_often"
    citizen = citizens.know(session, asked.e164, sealer, language, now)
    standing = records.open_promise(session, citizen.id, PURPOSE)
    if citizen.do_not_call_at is None and standing is None:
        _promise(session, citizen, asked, language, now, policy)
    return "stands"


def _promise(
    session: Session,
    citizen: Citizen,
    asked: Asked,
    language: str,
    now: datetime,
    policy: Policy,
) -> None:
    for purpose in asked.consents:
        said = wording(purpose, language)
        citizens.consent(
            session,
            citizen,
            purpose,
            wording=said.version,
            how=How.WEB_FORM,
            heard_by=HEARD_BY,
            now=now,
        )
    citizens.choose_windows(citizen, list(asked.windows))
    session.flush()
    chosen = choose_companion(session, usual_companion(session, citizen.id), now, now)
    wish = actions.Wish(
        purpose=PURPOSE,
        origin="web_form",
        about=asked.about,
        language=language,
        companion_id=chosen.companion_id if isinstance(chosen, Chosen) else None,
    )
    actions.make(session, citizen, wish, now, policy)
