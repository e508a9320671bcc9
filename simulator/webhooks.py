"""Requests to the server: parameters, signature, cookies, redirects, retries, journal."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from simulator.journal import WebhookAnswered, WebhookSent
from simulator.overrides import Overrides, read_overrides
from simulator.signature import sign
from simulator.transport import USER_AGENT, Failure, Outcome, Request, Response, Transport

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.legs import Leg

REDIRECTS_MAX = 10
"""[D] 11215 beyond it."""


@dataclass(frozen=True)
class Hook:
    """One thing to ask the server, however many tries and redirects it takes."""

    purpose: str
    method: str
    url: str
    params: tuple[tuple[str, str], ...]
    leg: Leg | None
    call_sid: str
    number: int
    overrides: Overrides
    done: Callable[[Outcome], None] | None
    attempt: int = 1
    redirects: int = 0
    authorized: bool = False


class Webhooks:
    """Sends signed requests and follows them to their end."""

    def __init__(self, exchange: Exchange, transport: Transport) -> None:
        """Send through `transport`, which may be replaced."""
        self._exchange = exchange
        self.transport = transport
        self._count = 0

    def send(
        self,
        purpose: str,
        url: str,
        params: Mapping[str, str],
        *,
        method: str = "POST",
        leg: Leg | None = None,
        done: Callable[[Outcome], None] | None = None,
    ) -> None:
        """Send one request; `done` gets its outcome, once.

        purpose: for the journal. url: absolute, may carry overrides in its fragment. leg: whose
        cookies it uses.
        """
        self._count += 1
        call_sid = leg.sid if leg is not None else params.get("CallSid", "")
        pairs = tuple(params.items())
        overrides = read_overrides(url)
        hook = Hook(purpose, method, url, pairs, leg, call_sid, self._count, overrides, done)
        self._try(hook)

    def _try(self, hook: Hook) -> None:
        url = _without_credentials(hook.url.split("#", 1)[0])
        form = hook.params
        if hook.method != "POST":
            url, form = _with_query(url, hook.params), ()
        request = Request(
            hook.method,
            url,
            form,
            self._headers(hook, url, form),
            hook.overrides.timeout_seconds,
            hook.overrides.connect_seconds,
        )
        exchange = self._exchange
        sent = WebhookSent(
            exchange.kernel.now(),
            hook.number,
            hook.purpose,
            hook.call_sid,
            hook.method,
            url,
            hook.params,
            hook.attempt,
        )
        exchange.journal.append(sent)
        self.transport.request(request, lambda outcome: self._answered(hook, url, outcome))

    def _headers(self, hook: Hook, url: str, form: tuple[tuple[str, str], ...]) -> dict[str, str]:
        exchange = self._exchange
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "gzip",
            "X-Home-Region": "us1",
            "X-Twilio-Signature": sign(exchange.settings.auth_token, url, form),
        }
        if exchange.oddities.idempotency_token:
            headers["I-Twilio-Idempotency-Token"] = exchange.sids.hex(f"hook{hook.number}")
        if hook.leg is not None and hook.leg.cookies:
            pairs = hook.leg.cookies.items()
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in pairs)
        if hook.authorized:
            headers["Authorization"] = _basic(hook.url)
        return headers

    def _answered(self, hook: Hook, url: str, outcome: Outcome) -> None:
        self._note(hook, outcome)
        if isinstance(outcome, Response) and hook.leg is not None:
            hook.leg.cookies.update(outcome.cookies)
        if hook.attempt <= hook.overrides.retries and hook.overrides.retried(outcome):
            self._try(replace(hook, attempt=hook.attempt + 1))
            return
        if isinstance(outcome, Response):
            following = _following(hook, url, outcome)
            if following is not None:
                self._try(following)
                return
        if hook.done is not None:
            hook.done(outcome)

    def _note(self, hook: Hook, outcome: Outcome) -> None:
        now = self._exchange.kernel.now()
        if isinstance(outcome, Failure):
            entry = WebhookAnswered(now, hook.number, 0, "", outcome.kind)
        else:
            body = outcome.body[:4000].decode("utf-8", "replace")
            entry = WebhookAnswered(now, hook.number, outcome.status, body)
        self._exchange.journal.append(entry)


def _following(hook: Hook, url: str, response: Response) -> Hook | None:
    """What to ask next after a redirect or a demand for credentials; None at the end."""
    if response.status == 401 and "www-authenticate" in response.headers and not hook.authorized:
        return replace(hook, authorized=True) if "@" in urlsplit(hook.url).netloc else None
    location = response.headers.get("location", "")
    if response.status not in (301, 302, 303, 307, 308) or not location:
        return None
    if hook.redirects >= REDIRECTS_MAX:
        return None
    target = urljoin(url, location)
    if response.status in (307, 308):
        return replace(hook, url=target, redirects=hook.redirects + 1)
    # [U] what is signed after a redirect; here the new URL without a form.
    return replace(hook, method="GET", url=target, params=(), redirects=hook.redirects + 1)


def _with_query(url: str, params: tuple[tuple[str, str], ...]) -> str:
    if not params:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(params)


def _without_credentials(url: str) -> str:
    netloc = urlsplit(url).netloc
    if "@" not in netloc:
        return url
    return url.replace(netloc, netloc.rpartition("@")[2], 1)


def _basic(url: str) -> str:
    parts = urlsplit(url)
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
