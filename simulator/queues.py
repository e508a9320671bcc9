"""Queues of waiting callers, and the dialers that wait for callers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from simulator.journal import QueueChanged

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.legs import Leg

SIZE_DEFAULT = 1000
SIZE_MAX = 5000


class Dialer(Protocol):
    """A `<Dial><Queue>` that wants the front of a queue."""

    def take(self, member: Member) -> None:
        """Here is your caller."""


class Member:
    """One caller's place in a queue."""

    def __init__(self, queue: Queue, leg: Leg) -> None:
        """A place at the end of `queue`, from now."""
        self.queue = queue
        self.leg = leg
        self.enqueued_at: datetime = queue.exchange.kernel.now()
        self.left_at: datetime | None = None
        self.redirect_result = "redirected"
        self.on_release: Callable[[str], None] | None = None
        self.on_partner_left: Callable[[], None] | None = None
        self.on_taken: Callable[[str, str, Callable[[], None], Callable[[], None]], None] | None = (
            None
        )

    @property
    def seconds(self) -> int:
        """Whole seconds waited."""
        until = self.left_at or self.queue.exchange.kernel.now()
        return int((until - self.enqueued_at).total_seconds())

    @property
    def position(self) -> int:
        """Place in the queue, from 1; 0 once out of it."""
        members = self.queue.members
        return members.index(self) + 1 if self in members else 0

    def wait_params(self) -> dict[str, str]:
        """What every request of the waiting document carries."""
        queue = self.queue
        return {
            "QueuePosition": str(self.position),
            "QueueSid": queue.sid,
            "QueueTime": str(self.seconds),
            "AvgQueueTime": str(queue.average_seconds),
            "CurrentQueueSize": str(len(queue.members)),
            "MaxQueueSize": str(queue.max_size),
        }

    def result_params(self, result: str) -> dict[str, str]:
        """What the Enqueue's action learns."""
        return {
            "QueueResult": result,
            "QueueSid": self.queue.sid,
            "QueueTime": str(self.seconds),
        }

    def release(self, result: str) -> None:
        """End the wait; the caller's Enqueue reports `result`."""
        if self.on_release is not None:
            self.on_release(result)

    def partner_left(self) -> None:
        """Whoever took this caller is gone: the Enqueue is over, bridged."""
        if self.on_partner_left is not None:
            self.on_partner_left()

    def leave(self, result: str) -> None:
        """Give up the place; harmless when already given up."""
        if self in self.queue.members:
            self.queue.members.remove(self)
            self.left_at = self.queue.exchange.kernel.now()
            self.queue.touch()
            self.queue.note(result, self.leg.sid)


class Queue:
    """One named queue of the account."""

    def __init__(self, exchange: Exchange, name: str, max_size: int = SIZE_DEFAULT) -> None:
        """An empty queue."""
        self.exchange = exchange
        self.sid = exchange.sids.new("QU")
        self.name = name
        self.max_size = max_size
        self.created_at: datetime = exchange.kernel.now()
        self.updated_at: datetime = self.created_at
        self.members: list[Member] = []
        self.dialers: list[Dialer] = []

    @property
    def average_seconds(self) -> int:
        """Mean wait of those waiting now [I]."""
        if not self.members:
            return 0
        return sum(member.seconds for member in self.members) // len(self.members)

    def join(self, leg: Leg) -> Member:
        """A place at the end."""
        member = Member(self, leg)
        self.members.append(member)
        self.touch()
        self.note("join", leg.sid)
        return member

    def serve(self) -> None:
        """Give the front to the dialer that has waited longest, while there are both."""
        while self.members and self.dialers:
            member = self.members[0]
            member.leave("bridged")
            self.dialers.pop(0).take(member)

    def touch(self) -> None:
        """The queue changed now."""
        self.updated_at = self.exchange.kernel.now()

    def note(self, change: str, call_sid: str) -> None:
        """Write a change to the journal."""
        now = self.exchange.kernel.now()
        self.exchange.journal.append(QueueChanged(now, change, self.sid, self.name, call_sid))


class Queues:
    """All queues of the account."""

    def __init__(self, exchange: Exchange) -> None:
        """None yet; they are made on demand."""
        self._exchange = exchange
        self.by_sid: dict[str, Queue] = {}

    def named(self, name: str) -> Queue | None:
        """The queue of that friendly name."""
        return next((queue for queue in self.by_sid.values() if queue.name == name), None)

    def create(self, name: str, max_size: int = SIZE_DEFAULT) -> Queue:
        """A new queue."""
        queue = Queue(self._exchange, name, max_size)
        self.by_sid[queue.sid] = queue
        return queue

    def member_of(self, leg: Leg) -> Member | None:
        """The place that `leg` holds in some queue."""
        for queue in self.by_sid.values():
            for member in queue.members:
                if member.leg is leg:
                    return member
        return None
