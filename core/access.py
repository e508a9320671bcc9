"""Who may enter where: every endpoint names its roles, and what names none is closed.

A request proves itself by a session cookie (browsers) or a bearer token (programs). Unsafe
requests by cookie must repeat the sign-in's CSRF token, which another site can't read.
"""

import hmac
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, Flask, current_app, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from core import sign_ins
from core.problems import Problem, is_api
from core.roles import ROLES
from core.services import services
from core.sign_ins import Opened, SignedIn

ANYBODY = frozenset({"anybody"})  # closed by other means (a signature), or open on purpose
LOGIN_PAGE = "/login"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ADMITTED: dict[str, frozenset[str]] = {}
_ROLES_ATTRIBUTE = "admitted_roles"
View = TypeVar("View", bound=Callable[..., Any])


class UnknownRole(ValueError):
    """A role that does not exist was admitted. The roles are in core/roles.py."""


def admit(blueprint: Blueprint, roles: Iterable[str]) -> None:
    """Let accounts of `roles` into every view of `blueprint`; `ANYBODY` opens it to all."""
    _ADMITTED[blueprint.name] = _checked(roles)


def admits(roles: Iterable[str]) -> Callable[[View], View]:
    """Let `roles` into one view, whatever its blueprint says."""
    checked = _checked(roles)

    def mark(view: View) -> View:
        setattr(view, _ROLES_ATTRIBUTE, checked)
        return view

    return mark


def roles_of(app: Flask, endpoint: str) -> frozenset[str]:
    """Return who may enter `endpoint`; nobody where no roles were named."""
    view = app.view_functions.get(endpoint)
    own: frozenset[str] | None = getattr(view, _ROLES_ATTRIBUTE, None)
    if own is not None:
        return own
    if endpoint == "static" or endpoint.endswith(".static"):
        return ANYBODY
    return _ADMITTED.get(endpoint.rpartition(".")[0], frozenset())


def guard(app: Flask) -> None:
    """Check every request to `app` before its view runs."""
    app.before_request(_check)


def current_account() -> SignedIn:
    """Return who makes this request. Raises Problem 401 where nobody signed in."""
    found = signed_in()
    if found is None:
        raise _unauthorized()
    return found


def signed_in() -> SignedIn | None:
    """Return who makes this request, or None; looked up once a request."""
    if not hasattr(g, "signed_in"):
        g.signed_in = _identify()
    found: SignedIn | None = g.signed_in
    return found


def secret_of_request() -> str | None:
    """Return the secret that this request proves itself with, if any."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return request.cookies.get(cookie_name())


def cookie_name() -> str:
    """Return the cookie's name; over HTTPS its prefix binds it to this host and to HTTPS."""
    return "__Host-helpline" if _over_https() else "helpline"


def set_cookie(response: BaseResponse, opened: Opened) -> None:
    """Hand a new sign-in's secret to the browser, out of reach of scripts and other sites."""
    response.set_cookie(
        cookie_name(),
        opened.secret,
        expires=opened.signed_in.expires_at,
        httponly=True,
        samesite="Lax",
        secure=_over_https(),
        path="/",
    )


def clear_cookie(response: BaseResponse) -> None:
    """Make the browser forget the sign-in."""
    response.delete_cookie(
        cookie_name(), path="/", httponly=True, samesite="Lax", secure=_over_https()
    )


def is_foreign_post() -> bool:
    """Tell whether a browser says that another site made this request (for the login form)."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}


def _check() -> BaseResponse | None:
    if request.endpoint is None:
        return None
    roles = roles_of(current_app, request.endpoint)
    if roles == ANYBODY:
        return None
    found = signed_in()
    if found is None:
        return _to_login()
    if found.role not in roles:
        raise Problem(403, "forbidden", "Your account's role may not do this.")
    if found.kind == "cookie" and request.method not in _SAFE:
        _check_csrf(found)
    return None


def _check_csrf(found: SignedIn) -> None:
    sent = request.headers.get(CSRF_HEADER)
    if sent is None and not is_api():
        sent = request.form.get(CSRF_FIELD)
    if not hmac.compare_digest((sent or "").encode("utf-8", "replace"), found.csrf.encode()):
        raise Problem(
            403, "csrf", f"Send the page's token in the {CSRF_HEADER} header; reload the page."
        )


def _to_login() -> BaseResponse:
    if is_api():
        raise _unauthorized()
    if request.method not in _SAFE:
        return redirect(LOGIN_PAGE, 303)
    return redirect(f"{LOGIN_PAGE}?next={quote(request.path, safe='/')}", 302)


def _identify() -> SignedIn | None:
    secret = secret_of_request()
    if secret is None:
        return None
    held = services()
    now = held.clock.now()
    bearer = "Authorization" in request.headers
    found = held.database.run_apart(
        lambda session: sign_ins.find(session, secret, now, held.policy)
    )
    # A secret works only the way it was handed out, so that a cookie can't skip the CSRF check.
    if found is None or (found.kind == "token") != bearer:
        return None
    return found


def _unauthorized() -> Problem:
    return Problem(
        401,
        "unauthorized",
        "Sign in first: POST /api/v1/tokens, or the login page; the sign-in may have ended.",
        headers={"WWW-Authenticate": 'Bearer realm="helpline"'},
    )


def _checked(roles: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(roles)
    if not wanted or not (wanted <= ROLES or wanted == ANYBODY):
        raise UnknownRole(UnknownRole.__doc__)
    return wanted


def _over_https() -> bool:
    return services().config.public_base_url.startswith("https://")
