"""The public form: whoever would rather be called says so here, without a login or JavaScript.

The form carries a token bound to a cookie, so that no other site can send it; a token grown old
brings the form back with everything that was filled in.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, make_response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from callbacks import asking
from callbacks.catalog import WORDS
from callbacks.holidays_kr import holidays_near
from callbacks.schedule import Rules, next_moment, read_window
from callbacks.web_request import SLOTS, Asked, FormFault, read_request
from citizens.consent import Purpose
from citizens.wordings import wording
from core.access import ANYBODY, admit, is_foreign_post
from core.clock import SEOUL
from core.database import DatabaseAway
from core.rate_limit import rate_key
from core.services import services
from core.web.frame import render_page, speak

COOKIE = "callback_form"
TOKEN_SECONDS = 2 * 60 * 60
PATHS = {"ko": "/callback", "en": "/en/callback"}
CONSENTS = (Purpose.CONTACT_BY_PHONE, Purpose.SENSITIVE, Purpose.NIGHT_CALLS)

blueprint = Blueprint("callback_form", __name__, template_folder="templates")
admit(blueprint, ANYBODY)


@blueprint.get("/callback", defaults={"language": "ko"})
@blueprint.get("/en/callback", defaults={"language": "en"})
def show_form(language: str) -> Response:
    """Show the empty form."""
    return _page(language)


@blueprint.post("/callback", defaults={"language": "ko"})
@blueprint.post("/en/callback", defaults={"language": "en"})
def take_form(language: str) -> Response:
    """Take a request: stored first, thanked after; else the form again with what is amiss."""
    if is_foreign_post() or not _token_holds():
        return _page(language, notice="stale", status=400)
    asked = read_request(request.form)
    if not isinstance(asked, Asked):
        return _page(language, faults=asked, notice="faults", status=422)
    try:
        answer = _store(asked, language)
    except DatabaseAway:
        return _page(language, notice="unavailable", status=503)
    if answer == "too_often":
        return _page(language, notice="too_often", status=429)
    services().live.ring("board")
    return _thanks(language, asked)


def _store(asked: Asked, language: str) -> asking.Answer:
    held = services()
    keys = (
        rate_key(held.sealer, "address", request.remote_addr or "unknown"),
        rate_key(held.sealer, "number", asked.e164),
    )
    now = held.clock.now()
    return held.database.run(
        lambda session: asking.ask(session, asked, language, keys, held.sealer, now, held.policy)
    )


def _page(
    language: str, *, faults: tuple[FormFault, ...] = (), notice: str = "", status: int = 200
) -> Response:
    speak(language, PATHS)
    nonce = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    page = render_page(
        "callback_form.html",
        WORDS,
        action=PATHS[language],
        token=_tokens().dumps(nonce),
        consents=[(wording(purpose, language), _is_needed(purpose)) for purpose in CONSENTS],
        faults={fault.field: fault.key for fault in faults},
        notice=notice,
        sent=request.form,
        slots=tuple(SLOTS),
    )
    answer = make_response(page, status)
    over_https = services().config.public_base_url.startswith("https://")
    answer.set_cookie(
        COOKIE, nonce, max_age=TOKEN_SECONDS, httponly=True, samesite="Lax", secure=over_https
    )
    return answer


def _is_needed(purpose: Purpose) -> bool:
    return purpose is Purpose.CONTACT_BY_PHONE


def _tokens() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(services().config.secret_key, salt="callback form")


def _token_holds() -> bool:
    try:
        signed: object = _tokens().loads(request.form.get("token", ""), max_age=TOKEN_SECONDS)
    except BadSignature:
        return False
    return signed == request.cookies.get(COOKIE)


def _thanks(language: str, asked: Asked) -> Response:
    """Say what happens next, reckoned from what was sent alone: it tells nothing of the number."""
    speak(language, PATHS)
    return make_response(
        render_page(
            "callback_thanks.html", WORDS, first=_first(asked, services().clock.now()), asked=asked
        )
    )


def _first(asked: Asked, now: datetime) -> Mapping[str, Any] | None:
    days = holidays_near(now.astimezone(SEOUL).date())
    windows = tuple(read_window(window) for window in asked.windows)
    at = next_moment(now, Rules(windows, asked.at_night, days))
    if at is None:
        return None
    local = at.astimezone(SEOUL)
    return {
        "month": local.month,
        "day": local.day,
        "hour": local.strftime("%H:%M"),
        "weekday": local.weekday(),
        "is_now": at == now,
    }
