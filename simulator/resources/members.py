"""Members of a queue: fetch, list, dequeue."""

from __future__ import annotations

from simulator.exchange import Exchange
from simulator.outgoing import starter
from simulator.paging import page_of
from simulator.queues import Member
from simulator.resources.calls import account_path
from simulator.resources.queues import find as find_queue
from simulator.rest_values import JSON, Params, RestAnswer, date, not_found


def _path(member: Member) -> str:
    queue = member.queue
    return account_path(queue.exchange, f"Queues/{queue.sid}/Members")


def render(member: Member) -> JSON:
    """The Member resource."""
    return {
        "call_sid": member.leg.sid,
        "queue_sid": member.queue.sid,
        "date_enqueued": date(member.enqueued_at),
        "position": member.position,
        "wait_time": member.seconds,
        "uri": f"{_path(member)}/{member.leg.sid}.json",
    }


def _find(exchange: Exchange, sids: tuple[str, ...]) -> Member:
    """The member by CallSid or Front; one that is gone is 404 [I]."""
    queue = find_queue(exchange, sids[0])
    for member in queue.members:
        if sids[1] in ("Front", member.leg.sid):
            return member
    raise not_found(account_path(exchange, f"Queues/{queue.sid}/Members/{sids[1]}.json"))


def index(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """GET the members, front first."""
    queue = find_queue(exchange, sids[0])
    path = account_path(exchange, f"Queues/{queue.sid}/Members.json")
    return page_of("queue_members", path, queue.members, render, params)


def fetch(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """GET one member."""
    return RestAnswer(200, render(_find(exchange, sids)))


def dequeue(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """POST: out of the queue, and Url's TwiML runs on the waiting caller.

    There is no "only if still waiting": Front twice takes two callers [D].
    """
    member = _find(exchange, sids)
    url = params.url("Url", required=True)
    begin = starter(url, params.method("Method"), "")
    answer = RestAnswer(200, render(member))
    member.redirect_result = exchange.oddities.rest_dequeue_result
    exchange.redirect(member.leg, begin, at_once=True)
    return answer
