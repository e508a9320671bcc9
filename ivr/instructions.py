"""What we tell the carrier to do with a leg, as values. Pure; `ivr/twiml.py` renders them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

NO_VALUES: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class Say:
    """Speak a prompt; values fill its gaps."""

    prompt: str
    values: Mapping[str, object] = field(default_factory=lambda: NO_VALUES)


@dataclass(frozen=True)
class HoldMusic:
    """Play our quiet hold music once through."""


@dataclass(frozen=True)
class Pause:
    """Be silent for whole seconds."""

    seconds: int


@dataclass(frozen=True)
class Link:
    """One of our own hooks, with the query that tells it where it stands."""

    hook: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gather:
    """Take keys while `nested` is played; they go to `link`. Nothing pressed: fall through."""

    link: Link
    nested: tuple["Say | HoldMusic | Pause", ...]
    timeout_seconds: int
    digits_max: int = 1
    finish_on_key: str = ""


@dataclass(frozen=True)
class Redirect:
    """Go on with the document at `link`."""

    link: Link


@dataclass(frozen=True)
class Enqueue:
    """Wait in the carrier's queue: `wait` is asked for what to play, `left` when it is over."""

    queue: str
    wait: Link
    left: Link


@dataclass(frozen=True)
class JoinConference:
    """Enter a room, named by its session. is_caller: it ends when the caller leaves, only then.

    label: who this is, once in a room.
    """

    room_id: uuid.UUID
    is_caller: bool
    over: Link
    events: Link
    label: str


@dataclass(frozen=True)
class Forward:
    """Put the caller through to another number, showing ours."""

    number: str
    over: Link


@dataclass(frozen=True)
class Hangup:
    """End the leg."""


Instruction: TypeAlias = (
    Say | HoldMusic | Pause | Gather | Redirect | Enqueue | JoinConference | Forward | Hangup
)


@dataclass(frozen=True)
class Reply:
    """What to answer, in which language; an empty one tells the carrier nothing (callbacks)."""

    instructions: tuple[Instruction, ...] = ()
    language: str = "ko"
