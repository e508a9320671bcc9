"""The REST face: authentication, the table of routes, the journal."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias
from urllib.parse import unquote

from simulator.exchange import Exchange
from simulator.journal import RestRequested
from simulator.resources import call_create, calls, conferences, members, participants, queues
from simulator.rest_values import API_VERSION, Params, RestAnswer, RestError, not_found

Handler: TypeAlias = Callable[[Exchange, tuple[str, ...], Params], RestAnswer]
Pairs: TypeAlias = Sequence[tuple[str, str]]

_CALL = r"Calls/(CA[0-9a-f]{32})"
_QUEUE = r"Queues/(QU[0-9a-f]{32})"
_CONFERENCE = r"Conferences/(CF[0-9a-f]{32})"
ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", r"Calls", calls.index),
    ("POST", r"Calls", call_create.create),
    ("GET", _CALL, calls.fetch),
    ("POST", _CALL, calls.update),
    ("DELETE", _CALL, calls.delete),
    ("GET", r"Queues", queues.index),
    ("POST", r"Queues", queues.create),
    ("GET", _QUEUE, queues.fetch),
    ("POST", _QUEUE, queues.update),
    ("DELETE", _QUEUE, queues.delete),
    ("GET", _QUEUE + r"/Members", members.index),
    ("GET", _QUEUE + r"/Members/(CA[0-9a-f]{32}|Front)", members.fetch),
    ("POST", _QUEUE + r"/Members/(CA[0-9a-f]{32}|Front)", members.dequeue),
    ("GET", r"Conferences", conferences.index),
    ("GET", _CONFERENCE, conferences.fetch),
    ("POST", _CONFERENCE, conferences.update),
    ("GET", _CONFERENCE + r"/Participants", participants.index),
    ("POST", r"Conferences/([^/]+)/Participants", participants.create),
    ("GET", _CONFERENCE + r"/Participants/([^/]+)", participants.fetch),
    ("POST", _CONFERENCE + r"/Participants/([^/]+)", participants.update),
    ("DELETE", _CONFERENCE + r"/Participants/([^/]+)", participants.kick),
)
"""Method, path below the account, handler: one row, one operation."""

_COMPILED: Final = tuple(
    (method, re.compile(pattern), handler) for method, pattern, handler in ROUTES
)
_ACCOUNT: Final = re.compile(rf"/{API_VERSION}/Accounts/([^/]+)/(.+)\.json")


class Rest:
    """Answers REST requests on behalf of one exchange; called on the kernel's thread."""

    def __init__(self, exchange: Exchange) -> None:
        """Serve `exchange`."""
        self._exchange = exchange

    def handle(
        self,
        method: str,
        path: str,
        query: Pairs = (),
        form: Pairs = (),
        auth: tuple[str, str] | None = None,
    ) -> RestAnswer:
        """Answer one request.

        path: as on the wire, from /2010-04-01. auth: user and password of Basic authentication.
        """
        code = 0
        try:
            answer = self._dispatch(method, path, Params((*query, *form)), auth)
        except RestError as error:
            answer, code = error.answer(), error.code
        now = self._exchange.kernel.now()
        params = (*query, *form)
        entry = RestRequested(now, method, path, params, answer.status, code)
        self._exchange.journal.append(entry)
        return answer

    def _dispatch(
        self, method: str, path: str, params: Params, auth: tuple[str, str] | None
    ) -> RestAnswer:
        self._authenticate(auth)
        found = _ACCOUNT.fullmatch(path)
        if found is None or found[1] != self._exchange.settings.account_sid:
            raise not_found(path)
        known = False
        for verb, pattern, handler in _COMPILED:
            match = pattern.fullmatch(found[2])
            if match is None:
                continue
            known = True
            if verb == method:
                sids = tuple(unquote(group) for group in match.groups())
                return handler(self._exchange, sids, params)
        if known:
            raise RestError(405, 20004, "Method not allowed")
        raise not_found(path)

    def _authenticate(self, auth: tuple[str, str] | None) -> None:
        """The account's SID and token, or an API key's SID and secret [D]."""
        settings = self._exchange.settings
        secrets = {
            settings.account_sid: settings.auth_token,
            settings.api_key_sid: settings.api_key_secret,
        }
        user, password = auth or ("", "")
        expected = secrets.get(user, "")
        if not expected or not hmac.compare_digest(expected.encode(), password.encode()):
            raise RestError(401, 20003, "Authenticate")
