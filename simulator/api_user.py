"""Somebody who knows the server by its JSON API: signs in, asks, and counts what is refused."""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from simulator.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server's API answered: HTTP status and JSON body."""

    status: int
    body: dict[str, Any]


class Server(Protocol):
    """The server's JSON API as a program outside sees it."""

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> Answer:
        """Send one request below /api/v1; key: its Idempotency-Key."""


class ApiUser:
    """One account of the server's, and the person behind it."""

    def __init__(
        self, exchange: Exchange, server: Server, *, login: str, password: str, seed: str
    ) -> None:
        """Not signed in yet. seed: this person's own."""
        self.login = login
        self.refusals: Counter[str] = Counter()
        self._exchange = exchange
        self._server = server
        self._password = password
        self._rng = random.Random(seed)
        self._token = ""
        self._requests = 0

    def _sign_in(self) -> None:
        body = {"login": self.login, "password": self._password}
        answer = self._server.ask("POST", "/tokens", body=body)
        self._token = str(answer.body.get("token", ""))
        if answer.status >= 400:
            self.refusals[f"POST /tokens {answer.status}"] += 1

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Ask as who is signed in; when that has lapsed, sign in once more."""
        self._requests += 1
        key = "" if method == "GET" else f"{self.login}-{self._requests}"
        answer = self._server.ask(method, path, token=self._token, body=body, key=key)
        if answer.status == 401:
            self._sign_in()
            answer = self._server.ask(method, path, token=self._token, body=body, key=key)
        if answer.status >= 400:
            self.refusals[f"{method} {_shape(path)} {answer.status}"] += 1
        return answer

    def _softphone(self) -> str:
        """Return the address under which this account's softphone registers."""
        return "client:" + _identity(str(self._ask("GET", "/me/softphone").body.get("token", "")))

    def _at(self, seconds: float, action: Callable[[], None]) -> None:
        self._exchange.kernel.at(seconds, action)


def _identity(token: str) -> str:
    """Whom an access token (a JWT) is for; the softphone registers under that name."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return str(claims["grants"]["identity"])
    except (IndexError, ValueError, KeyError):
        return "nobody"


def _shape(path: str) -> str:
    """A path with its ids taken out, to count by."""
    return "/".join("*" if _is_id(part) else part for part in path.split("/"))


def _is_id(part: str) -> bool:
    try:
        UUID(part)
    except ValueError:
        return False
    return True
