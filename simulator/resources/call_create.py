"""POST /Calls: place an outgoing call."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from simulator.callbacks import Subscription
from simulator.endpoints import is_client, is_sip, is_telephone
from simulator.exchange import CALL_SECONDS_MAX, Exchange
from simulator.legs import Leg
from simulator.outgoing import Detection, OutgoingCall, run_on, starter
from simulator.resources.calls import read_inline, render
from simulator.rest_values import Params, RestAnswer, RestError

EVENTS: Final = frozenset({"initiated", "ringing", "answered", "completed"})
E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
IDENTITY: Final = re.compile(r"client:[^\s?]{1,256}")


def read_addresses(exchange: Exchange, params: Params) -> tuple[str, str]:
    """From and To, checked; numbers are the carrier's errors where known, else [U]."""
    to, from_ = params.get("To").strip(), params.get("From").strip()
    if not to:
        raise RestError(400, 21201, "No 'To' number is specified")
    if not from_:
        raise RestError(400, 21213, "No 'From' number is specified")
    if is_client(to):
        if not IDENTITY.fullmatch(to):
            raise RestError(400, 21211, f"Invalid client identity: {to}")
        return from_, to
    if is_sip(to):
        return from_, to
    to = to if to.startswith("+") else f"+{to}"
    if not E164.fullmatch(to):
        raise RestError(400, 21211, f"The phone number to call, {to}, is not valid")
    if not is_telephone(from_) or from_ != exchange.settings.helpline_number:
        message = f"The source phone number {from_} is not yet verified for your account"
        raise RestError(400, 21210, message)
    return from_, to


def read_subscription(exchange: Exchange, params: Params) -> Subscription | None:
    """The call's status callback; events joined by spaces cost all of them [O, 21626]."""
    url = params.url("StatusCallback", code=21609)
    if not url:
        return None
    events = frozenset(params.all("StatusCallbackEvent") or ["completed"])
    if not events <= EVENTS:
        exchange.complain(21626, f"Invalid StatusCallbackEvent: {sorted(events - EVENTS)}")
        return None
    return Subscription(url, params.method("StatusCallbackMethod"), events)


def read_detection(params: Params, prefix: str = "AsyncAmd") -> Detection | None:
    """Whether and how to listen for an answering machine."""
    if params.get("MachineDetection") not in ("Enable", "DetectMessageEnd"):
        return None
    return Detection(
        asynchronous=prefix == "Amd" or params.flag("AsyncAmd"),
        callback_url=params.url(f"{prefix}StatusCallback"),
        callback_method=params.method(f"{prefix}StatusCallbackMethod"),
    )


def ring_seconds(params: Params, extra: float) -> float:
    """How long it rings: Timeout 60, at most 600, and the carrier's addition."""
    return params.number("Timeout", 60, 1, 600) + extra


def create(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """Queue the call; 201 says nothing of its success [D]."""
    from_, to = read_addresses(exchange, params)
    leg = Leg(exchange, direction="outbound-api", from_=from_, to=to)
    url, method, twiml = _document(exchange, leg, params)
    call = OutgoingCall(
        leg,
        ring_seconds=ring_seconds(params, exchange.oddities.api_timeout_extra_seconds),
        on_answer=partial(run_on, begin=starter(url, method, twiml)),
        time_limit_seconds=params.number("TimeLimit", CALL_SECONDS_MAX, 1, 86_400),
        detection=read_detection(params),
    )
    call.start()
    return RestAnswer(201, render(leg))


def _document(exchange: Exchange, leg: Leg, params: Params) -> tuple[str, str, str]:
    """Where the call's TwiML comes from; with ApplicationSid all other URLs are ignored [D]."""
    settings = exchange.settings
    if params.get("ApplicationSid"):
        if params.get("ApplicationSid") != settings.twiml_app_sid:
            raise RestError(400, 21218, "The ApplicationSid is not valid")
        leg.voice.fallback_url = settings.hook(settings.fallback_path)
        leg.voice.extra["ApplicationSid"] = settings.twiml_app_sid
        return settings.hook(settings.client_path), "POST", ""
    url, twiml = params.url("Url"), read_inline(exchange, params)
    if not url and not twiml:
        if params.get("FallbackUrl"):
            raise RestError(400, 21405, "FallbackUrl requires a primary Url")
        raise RestError(400, 21205, "Url parameter is required.")
    leg.voice.fallback_url = params.url("FallbackUrl")
    leg.voice.fallback_method = params.method("FallbackMethod")
    subscription = read_subscription(exchange, params)
    if subscription is not None:
        leg.subscriptions.append(subscription)
    return url, params.method("Method"), twiml
