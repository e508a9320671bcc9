"""Calls: fetch, list, redirect, cancel, end, delete the record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

from simulator.callbacks import Subscription
from simulator.exchange import Exchange
from simulator.legs import FINAL, Leg
from simulator.outgoing import starter
from simulator.paging import page_of
from simulator.rest_values import (
    API_VERSION,
    JSON,
    Params,
    RestAnswer,
    RestError,
    not_found,
)
from simulator.rest_values import date as rest_date

INLINE_LETTERS_MAX: Final = 4000
SUBRESOURCES: Final = (
    "events",
    "notifications",
    "payments",
    "recordings",
    "siprec",
    "streams",
    "transcriptions",
    "user_defined_messages",
    "user_defined_message_subscriptions",
)
FILTERS: Final = (
    "To",
    "From",
    "ParentCallSid",
    "Status",
    "StartTime",
    "StartTime<",
    "StartTime>",
    "EndTime",
    "EndTime<",
    "EndTime>",
)


def account_path(exchange: Exchange, rest: str) -> str:
    """A path below the account."""
    return f"/{API_VERSION}/Accounts/{exchange.settings.account_sid}/{rest}"


def render(leg: Leg) -> JSON:
    """The Call resource."""
    exchange = leg.exchange
    path = account_path(exchange, f"Calls/{leg.sid}")
    started = leg.rung_at if leg.direction != "outbound-api" else leg.answered_at
    inbound = leg.direction == "inbound" and leg.to == exchange.settings.helpline_number
    return {
        "sid": leg.sid,
        "account_sid": exchange.settings.account_sid,
        "parent_call_sid": leg.parent_sid or None,
        "date_created": rest_date(leg.created_at),
        "date_updated": rest_date(leg.updated_at),
        "start_time": rest_date(started),
        "end_time": rest_date(leg.ended_at),
        "duration": str(leg.talk_seconds) if leg.ended_at is not None else None,
        "to": leg.to,
        "to_formatted": leg.to,
        "from": leg.from_,
        "from_formatted": leg.from_,
        # REST knows no "initiated" [D].
        "status": "queued" if leg.status == "initiated" else leg.status,
        "direction": leg.direction,
        "answered_by": leg.answered_by or None,
        "api_version": API_VERSION,
        "caller_name": None,
        "forwarded_from": None,
        "group_sid": None,
        "phone_number_sid": "PN" + exchange.sids.hex("number") if inbound else None,
        "price": None,
        "price_unit": "USD",
        "queue_time": str(round(leg.queue_seconds * 1000)),
        "trunk_sid": None,
        "uri": f"{path}.json",
        "subresource_uris": {
            name: f"{path}/{''.join(part.title() for part in name.split('_'))}.json"
            for name in SUBRESOURCES
        },
    }


def find(exchange: Exchange, sid: str) -> Leg:
    """The leg of that SID, or 404."""
    leg = exchange.legs.get(sid)
    if leg is None:
        raise not_found(account_path(exchange, f"Calls/{sid}.json"))
    return leg


def fetch(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """GET one call."""
    return RestAnswer(200, render(find(exchange, sids[0])))


def delete(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """DELETE the record of an ended call; not the call [D]."""
    leg = find(exchange, sids[0])
    if leg.live:
        raise RestError(409, 20009, "The call is in progress; its record cannot be deleted")
    del exchange.legs[leg.sid]
    return RestAnswer(204)


# -- lists -------------------------------------------------------------------------------------


def index(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """GET the calls, newest first, filtered."""
    tests = _tests(params)
    found = [leg for leg in reversed(exchange.legs.values()) if all(test(leg) for test in tests)]
    return page_of("calls", account_path(exchange, "Calls.json"), found, render, params, FILTERS)


def _tests(params: Params) -> list[Callable[[Leg], bool]]:
    tests: list[Callable[[Leg], bool]] = []
    to, from_ = params.get("To"), params.get("From")
    parent, status = params.get("ParentCallSid"), params.get("Status")
    if to:
        tests.append(lambda leg: leg.to == to)
    if from_:
        tests.append(lambda leg: leg.from_ == from_)
    if parent:
        tests.append(lambda leg: leg.parent_sid == parent)
    if status:
        tests.append(lambda leg: leg.status == status)
    tests += _time_tests(params, "StartTime", lambda leg: leg.rung_at)
    tests += _time_tests(params, "EndTime", lambda leg: leg.ended_at)
    return tests


def _time_tests(
    params: Params, name: str, read: Callable[[Leg], datetime | None]
) -> list[Callable[[Leg], bool]]:
    """The filters Name, Name< and Name>: a day, or an instant; both ends belong to it."""
    comparisons: dict[str, Callable[[datetime, datetime, datetime], bool]] = {
        name: lambda at, low, high: low <= at <= high,
        name + "<": lambda at, low, high: at <= high,
        name + ">": lambda at, low, high: at >= low,
    }
    tests: list[Callable[[Leg], bool]] = []
    for key, compare in comparisons.items():
        if not params.get(key):
            continue
        low, high = _span(key, params.get(key))

        def test(
            leg: Leg,
            compare: Callable[[datetime, datetime, datetime], bool] = compare,
            low: datetime = low,
            high: datetime = high,
        ) -> bool:
            at = read(leg)
            return at is not None and compare(at, low, high)

        tests.append(test)
    return tests


def _span(name: str, text: str) -> tuple[datetime, datetime]:
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            return start, start.replace(hour=23, minute=59, second=59, microsecond=999_999)
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as why:
        raise RestError(400, 20001, f"{name} is not a date: {text}") from why
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return at, at


# -- changes -----------------------------------------------------------------------------------


def update(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """POST: another document (Url or Twiml), or Status=canceled|completed.

    The body may show the old status: what happens, happens after the answer [I].
    """
    leg = find(exchange, sids[0])
    status = params.get("Status")
    url, twiml = params.url("Url"), read_inline(exchange, params)
    if status and (url or twiml):
        raise RestError(400, 20001, "Status and a document exclude each other")
    if status:
        _end(leg, status)
    elif url or twiml:
        _redirect(exchange, leg, params, url, twiml)
    if params.get("TimeLimit"):
        exchange.limit(leg, params.number("TimeLimit", 0, 1, 86_400))
    return RestAnswer(200, render(leg))


def read_inline(exchange: Exchange, params: Params) -> str:
    """The Twiml parameter; a URL beside it wins, with a warning [D]."""
    twiml = params.get("Twiml")
    if len(twiml) > INLINE_LETTERS_MAX:
        raise RestError(400, 32018, f"Twiml is longer than {INLINE_LETTERS_MAX} characters")
    if twiml and params.get("Url"):
        exchange.complain(32019, "Both Url and Twiml were given; Url wins.")
        return ""
    return twiml


def _redirect(exchange: Exchange, leg: Leg, params: Params, url: str, twiml: str) -> None:
    if leg.status != "in-progress":
        raise RestError(400, 21220, f"Call {leg.sid} is not in-progress. Cannot redirect.")
    if params.get("FallbackUrl"):
        leg.voice.fallback_url = params.url("FallbackUrl")
        leg.voice.fallback_method = params.method("FallbackMethod")
    if params.get("StatusCallback") and url:
        # Works only together with Url [D: twilio-python #884].
        callback = Subscription(params.url("StatusCallback"), params.method("StatusCallbackMethod"))
        leg.subscriptions = [callback]
    exchange.redirect(leg, starter(url, params.method("Method"), twiml))


def _end(leg: Leg, status: str) -> None:
    """Cancel what has not been answered, or end it whatever it does.

    "completed" on an unanswered call: canceled if we were calling, else no-answer [I].
    """
    if status not in ("canceled", "completed"):
        raise RestError(400, 20001, "Status must be canceled or completed")
    if leg.status in FINAL:
        raise RestError(400, 21220, f"Call {leg.sid} is not in-progress. Cannot be changed.")
    if leg.answered_at is not None:
        if status == "canceled":
            raise RestError(400, 21220, f"Call {leg.sid} is in-progress. Cannot cancel.")
        leg.exchange.kernel.post(lambda: leg.end("completed"))
        return
    if leg.status == "queued":
        leg.subscriptions.clear()  # canceled while queued: no status callback ever [D]
    final = "no-answer" if leg.direction == "inbound" else "canceled"
    leg.exchange.kernel.post(lambda: leg.end(final))
