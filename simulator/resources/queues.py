"""Queues: create, fetch, list, change, delete."""

from __future__ import annotations

from simulator.exchange import Exchange
from simulator.paging import page_of
from simulator.queues import SIZE_DEFAULT, SIZE_MAX, Queue
from simulator.resources.calls import account_path
from simulator.rest_values import JSON, Params, RestAnswer, RestError, date, not_found

NAME_LETTERS_MAX = 64


def render(queue: Queue) -> JSON:
    """The Queue resource."""
    exchange = queue.exchange
    path = account_path(exchange, f"Queues/{queue.sid}")
    return {
        "sid": queue.sid,
        "account_sid": exchange.settings.account_sid,
        "friendly_name": queue.name,
        "max_size": queue.max_size,
        "current_size": len(queue.members),
        "average_wait_time": queue.average_seconds,
        "date_created": date(queue.created_at),
        "date_updated": date(queue.updated_at),
        "uri": f"{path}.json",
        "subresource_uris": {"members": f"{path}/Members.json"},
    }


def find(exchange: Exchange, sid: str) -> Queue:
    """The queue of that SID, or 404."""
    queue = exchange.queues.by_sid.get(sid)
    if queue is None:
        raise not_found(account_path(exchange, f"Queues/{sid}.json"))
    return queue


def index(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """GET all queues; there is no look-up by name [D]."""
    path = account_path(exchange, "Queues.json")
    return page_of("queues", path, list(exchange.queues.by_sid.values()), render, params)


def create(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """POST a new queue."""
    name = _name(exchange, params.get("FriendlyName"))
    size = params.number("MaxSize", SIZE_DEFAULT, 1, SIZE_MAX)
    return RestAnswer(201, render(exchange.queues.create(name, size)))


def _name(exchange: Exchange, name: str) -> str:
    # [U] the numbers of these two errors.
    if not name or len(name) > NAME_LETTERS_MAX:
        message = f"FriendlyName must have 1 to {NAME_LETTERS_MAX} characters"
        raise RestError(400, 20001, message)
    if exchange.queues.named(name) is not None:
        raise RestError(400, 22003, f"There is already a queue named {name}")
    return name


def fetch(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """GET one queue."""
    return RestAnswer(200, render(find(exchange, sids[0])))


def update(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """POST another name or size."""
    queue = find(exchange, sids[0])
    if params.get("FriendlyName") and params.get("FriendlyName") != queue.name:
        queue.name = _name(exchange, params.get("FriendlyName"))
    queue.max_size = params.number("MaxSize", queue.max_size, 1, SIZE_MAX)
    queue.touch()
    return RestAnswer(200, render(queue))


def delete(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """DELETE a queue, only when it is empty [D]."""
    queue = find(exchange, sids[0])
    if queue.members:
        raise RestError(400, 22002, "The queue is not empty")  # [U] the number
    del exchange.queues.by_sid[queue.sid]
    return RestAnswer(204)
