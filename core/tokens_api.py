"""The edge where a program signs in: login and password in, bearer token out, and back."""

from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from core import sign_ins
from core.access import ANYBODY, secret_of_request
from core.fields import AnswerBody, Body, Moment, Nothing, Text
from core.operations import Api
from core.problems import Problem
from core.roles import ROLES
from core.services import services

api = Api("tokens_api", __name__)
blueprint = api.blueprint


class Credentials(Body):
    """A login and its password."""

    login: Annotated[Text, Field(min_length=1, max_length=sign_ins.LOGIN_LENGTH_MAX)]
    password: Annotated[
        str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1000)
    ]


class Token(AnswerBody):
    """A bearer token for the Authorization header; shown this once."""

    token: str
    expires_at: Moment
    role: str


class Ended(AnswerBody):
    """The sign-in is over."""

    ended: bool = True


@api.change(
    "POST",
    "/tokens",
    summary="Sign in and get a bearer token",
    roles=ANYBODY,
    body=Credentials,
    answer=Token,
    refusals={401: "Wrong login or password, or closed for a while after too many wrong ones."},
)
def create_token(session: Session, body: Credentials) -> Token | Problem:
    """Open a sign-in for a program. A refusal is returned, not raised, so that it is counted."""
    held = services()
    now = held.clock.now()
    opened = sign_ins.sign_in(session, body.login, body.password, "token", now, held.policy)
    if isinstance(opened, sign_ins.Refused):
        return refusal(opened)
    signed_in = opened.signed_in
    return Token(token=opened.secret, expires_at=signed_in.expires_at, role=signed_in.role)


@api.change(
    "DELETE",
    "/tokens/current",
    summary="Sign out: end the token or cookie of this request",
    roles=ROLES,
    answer=Ended,
)
def end_token(session: Session, _body: Nothing) -> Ended:
    """End the sign-in that this request proves itself with."""
    sign_ins.sign_out(session, secret_of_request() or "")
    return Ended()


def refusal(refused: sign_ins.Refused) -> Problem:
    """Return the problem for a refused sign-in."""
    if refused.locked_until is None:
        return Problem(401, "sign-in-refused", "The login or the password is wrong.")
    until = refused.locked_until.isoformat(timespec="seconds")
    return Problem(
        401, "sign-in-locked", f"Too many wrong passwords; this login is closed until {until}."
    )
