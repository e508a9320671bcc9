"""The way in and out for people: sign in, sign out, and the first page of each role."""

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from core import sign_ins
from core.access import (
    ANYBODY,
    LOGIN_PAGE,
    admit,
    admits,
    clear_cookie,
    is_foreign_post,
    secret_of_request,
    set_cookie,
    signed_in,
)
from core.database import DatabaseAway
from core.roles import ROLES
from core.services import services
from core.sign_ins import Opened, Refused
from core.web.frame import render_page, translator
from core.web.languages import CORE_WORDS, time_of_day

#: Where each role begins.
FIRST_PAGE = {
    "counselor": "/desk",
    "companion": "/worklist",
    "supervisor": "/board",
    "admin": "/board",
}

#: Notices that a redirect to the login page may ask for, and how each is shown.
NOTICES = {"expired": "information", "signed_out": "success"}

blueprint = Blueprint("sign_in", __name__)
admit(blueprint, ANYBODY)


@blueprint.get("/")
def first() -> Response:
    """Send people to their role's page, or to the login page."""
    found = signed_in()
    return redirect(FIRST_PAGE[found.role] if found else LOGIN_PAGE)


@blueprint.get(LOGIN_PAGE)
def login_form() -> str | Response:
    """Show the login form; who is signed in already goes on."""
    found = signed_in()
    if found is not None and "language" not in request.args:
        return redirect(safe_path(request.args.get("next")) or FIRST_PAGE[found.role])
    notice = request.args.get("notice", "")
    if notice in NOTICES:
        return _form(notice, NOTICES[notice])
    return _form()


@blueprint.post(LOGIN_PAGE)
def log_in() -> str | Response:
    """Check login and password; on success set the cookie and go on, else say what to do."""
    login = request.form.get("login", "").strip()
    password = request.form.get("password", "")
    if is_foreign_post():
        return _refused("stale", 400, login)
    if not login or not password:
        return _refused("missing", 400, login)
    held = services()
    now = held.clock.now()
    try:
        answer = held.database.run(
            lambda session: sign_ins.sign_in(session, login, password, "cookie", now, held.policy)
        )
    except DatabaseAway:
        return _refused("unavailable", 503, login)
    if isinstance(answer, Refused):
        return _turned_away(answer, login)
    return _welcomed(answer)


@blueprint.post("/logout")
@admits(ROLES)
def log_out() -> Response:
    """End the sign-in of this browser."""
    secret = secret_of_request()
    if secret is not None:
        services().database.run(lambda session: sign_ins.sign_out(session, secret))
    answer = redirect(f"{LOGIN_PAGE}?notice=signed_out", 303)
    clear_cookie(answer)
    return answer


def safe_path(wish: str | None) -> str | None:
    """Return `wish` if it is a plain path of ours, else None: never another host's address."""
    if not wish or not wish.startswith("/") or wish.startswith(("//", "/\\")):
        return None
    plain = wish.isprintable() and "\\" not in wish and ":" not in wish
    return wish if plain and wish != LOGIN_PAGE else None


def _welcomed(opened: Opened) -> Response:
    path = safe_path(request.form.get("next")) or FIRST_PAGE[opened.signed_in.role]
    answer = redirect(path, 303)
    set_cookie(answer, opened)
    return answer


def _turned_away(refused: Refused, login: str) -> Response:
    if refused.reason == "locked" and refused.locked_until is not None:
        until = time_of_day(refused.locked_until)
        return _refused("locked", 429, login, until=until)
    return _refused("wrong", 401, login)


def _refused(notice: str, status: int, login: str, **values: str) -> Response:
    return make_response(_form(notice, "danger", login, **values), status)


def _form(notice: str = "", kind: str = "", login: str = "", **values: str) -> str:
    say = translator(CORE_WORDS)
    return render_page(
        "login.html",
        notice=say(f"sign_in.{notice}", **values) if notice else "",
        notice_kind=kind,
        login=login[: sign_ins.LOGIN_LENGTH_MAX],
        next_path=safe_path(request.values.get("next")),
    )
