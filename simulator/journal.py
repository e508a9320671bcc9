"""What really happened, in order: the exchange's own record, for an independent recount."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar


@dataclass(frozen=True, slots=True)
class WebhookSent:
    """A request to the server. purpose: what for ("voice", "status", "action", "wait", ...)."""

    at: datetime
    webhook_id: int
    purpose: str
    call_sid: str
    method: str
    url: str
    params: tuple[tuple[str, str], ...]
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class WebhookAnswered:
    """The end of a request: its HTTP status and body, or 0 and why it failed."""

    at: datetime
    webhook_id: int
    status: int
    body: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class LegChanged:
    """A leg reached a status (queued, initiated, ringing, in-progress, or a final one)."""

    at: datetime
    call_sid: str
    status: str
    direction: str
    from_: str
    to: str
    parent_call_sid: str = ""


@dataclass(frozen=True, slots=True)
class BridgeChanged:
    """A leg came into a bridge or conference, or went out. change: "join" or "leave"."""

    at: datetime
    change: str
    room_id: str
    call_sid: str
    friendly_name: str = ""


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """A leg came into a queue or went out. change: "join" or its QueueResult."""

    at: datetime
    change: str
    queue_sid: str
    friendly_name: str
    call_sid: str


@dataclass(frozen=True, slots=True)
class ConferenceChanged:
    """A conference event, whether or not anybody subscribed to it (conference-start, ...)."""

    at: datetime
    event: str
    conference_sid: str
    friendly_name: str
    call_sid: str = ""


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A key press and whether anything was listening."""

    at: datetime
    call_sid: str
    digit: str
    heeded: bool


@dataclass(frozen=True, slots=True)
class RestRequested:
    """A REST request and its answer; code is the carrier's error code, 0 for none."""

    at: datetime
    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    status: int
    code: int = 0


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the carrier's debugger would show: an error or warning with its code."""

    at: datetime
    code: int
    message: str
    call_sid: str = ""


Entry: TypeAlias = (
    WebhookSent
    | WebhookAnswered
    | LegChanged
    | BridgeChanged
    | QueueChanged
    | ConferenceChanged
    | DigitPressed
    | RestRequested
    | Complaint
)

_Kind = TypeVar("_Kind")


class Journal:
    """Entries in the order they happened; the oldest go beyond a bound, if there is one."""

    def __init__(self, entries_max: int | None = None) -> None:
        """Keep at most `entries_max` entries, or all of them."""
        self._entries: deque[Entry] = deque(maxlen=entries_max)
        self.watchers: list[Callable[[Entry], None]] = []

    def append(self, entry: Entry) -> None:
        """Write one entry and show it to the watchers."""
        self._entries.append(entry)
        for watcher in self.watchers:
            watcher(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """All entries of one kind, oldest first."""
        return [entry for entry in self._entries if isinstance(entry, kind)]
