"""The call flow: what a caller hears at each turn. Pure.

Rule: no document ends in silence. Each ends in a wait, a room, another document of ours or a
spoken goodbye; each link carries the number of its turn, so that every turn has a URL of its own
and a repeated request is known as one.
"""

import uuid
from collections.abc import Mapping

from ivr.instructions import (
    Enqueue,
    Forward,
    Gather,
    Hangup,
    HoldMusic,
    Instruction,
    JoinConference,
    Link,
    Pause,
    Redirect,
    Reply,
    Say,
)
from ivr.menu import Menu, Menus
from routing.estimate import Wait

QUEUE = "helpline"
SAFETY_EVERY = 4
LONG_MINUTES = 5


def greet(menus: Menus, language: str) -> Reply:
    """The first answer: the notice, which can't be skipped, then the menu."""
    return Reply((Say("notice"), *_menu(menus, menus.first, turn=0, tries=0)), language)


def menu_again(menus: Menus, name: str, turn: int, tries: int, language: str) -> Reply:
    """Say the menu once more; after `tries_max` silent or wrong tries, queue instead."""
    if tries >= menus.tries_max:
        return Reply((Say("menu_given_up"), *_queue()), language)
    return Reply(_menu(menus, name, turn, tries), language)


def wrong_key(menus: Menus, name: str, turn: int, tries: int, language: str) -> Reply:
    """A key that means nothing here: say so, then the menu again."""
    if tries >= menus.tries_max:
        return Reply((Say("menu_given_up"), *_queue()), language)
    return Reply((Say("not_a_key"), *_menu(menus, name, turn, tries)), language)


def announce(menus: Menus, prompt: str, name: str, turn: int, language: str) -> Reply:
    """An announcement behind a key, then the menu again."""
    return Reply((Say(prompt), *_menu(menus, name, turn, 0)), language)


def forward(number: str, name: str, turn: int, language: str) -> Reply:
    """Another line behind a key; if it can't be reached, the menu again."""
    over = Link("menu-again", _place(name, turn, 0))
    return Reply((Forward(number, over), Redirect(over)), language)


def _menu(menus: Menus, name: str, turn: int, tries: int) -> tuple[Instruction, ...]:
    name, menu = menus.named(name)
    return (
        _gather(menu, menus.digit_seconds, Link("menu", _place(name, turn + 1, tries))),
        Redirect(Link("menu-again", _place(name, turn + 1, tries + 1))),
    )


def _gather(menu: Menu, digit_seconds: int, link: Link) -> Gather:
    return Gather(link, (Say(menu.prompt),), digit_seconds)


def _place(name: str, turn: int, tries: int) -> Mapping[str, str]:
    return {"menu": name, "turn": str(turn), "tries": str(tries)}


def queue(language: str) -> Reply:
    """Put the caller into the queue, kindly."""
    return Reply((Say("queue_welcome"), *_queue()), language)


def queue_again(language: str, prompt: str, token: str, *, pause: int = 0) -> Reply:
    """Back into the carrier's queue after a room broke up, or after `pause` seconds of a fault.

    token: makes the URLs of this stay in the queue new.
    """
    rest = (Pause(pause),) if pause else ()
    return Reply((Say(prompt), *rest, *_queue(token)), language)


def _queue(token: str = "") -> tuple[Instruction, ...]:
    """Enqueue, and after it a safety verb: a full or failing queue does not drop the caller."""
    place = _wait_place(1, token)
    left = Link("queue-left", place)
    return (Enqueue(QUEUE, Link("wait", place), left), Redirect(left))


def _wait_place(turn: int, again: str) -> Mapping[str, str]:
    return {"turn": str(turn)} | ({"again": again} if again else {})


def wait(turn: int, told: Wait, seats: int, *, again: str, language: str) -> Reply:
    """What a waiting caller hears: the place, an honest band, at times the safety key, music."""
    place = _wait_place(turn + 1, again)
    spoken: tuple[Say, ...] = (*_place_spoken(told), _band(told, seats))
    if turn % SAFETY_EVERY == 1:
        spoken = (*spoken, Say("wait_safety"))
    if turn % SAFETY_EVERY in (1, 3) and is_long(told):
        spoken = (*spoken, Say("callback_offer"))
    return Reply(
        (Gather(Link("wait-key", place), (*spoken, HoldMusic()), 1), Redirect(Link("wait", place))),
        language,
    )


def is_long(told: Wait) -> bool:
    """Tell whether the wait is long enough to offer being called instead (over five minutes)."""
    return told.high_minutes is None or told.high_minutes > LONG_MINUTES


def to_callback(turn: int, language: str, again: str = "") -> Reply:
    """The caller wants to be called. again: which stay in the queue this is, if it is one."""
    return Reply((Redirect(Link("callback", _wait_place(turn + 1, again))),), language)


def be_patient(turn: int, again: str, language: str) -> Reply:
    """Music until the move breaks it off: with a worker that died, a lease later."""
    return Reply((HoldMusic(), Redirect(Link("wait", _wait_place(turn + 1, again)))), language)


def _place_spoken(told: Wait) -> tuple[Say, ...]:
    if told.position <= 1:
        return (Say("queue_next"),)
    return (Say("queue_position", {"position": told.position}),)


def _band(told: Wait, seats: int) -> Say:
    if seats <= 0:
        return Say("wait_nobody")
    if told.high_minutes is None:
        return Say("wait_long", {"low": told.low_minutes})
    if told.low_minutes == 0:
        return Say("wait_short", {"high": told.high_minutes})
    return Say("wait_band", {"low": told.low_minutes, "high": told.high_minutes})


def safety(turn: int, again: str, language: str) -> Reply:
    """The safety key: where help is at once, and that this call was moved ahead."""
    link = Link("wait", _wait_place(turn + 1, again))
    return Reply((Say("safety_numbers"), Redirect(link)), language)


def keep_waiting(turn: int, again: str, language: str) -> Reply:
    """A key without a meaning while waiting: go on waiting."""
    return Reply((Redirect(Link("wait", _wait_place(turn + 1, again))),), language)


def room(room_id: uuid.UUID, language: str) -> Reply:
    """The caller into a room, announced in one short sentence."""
    query = {"session": str(room_id)}
    over, events = Link("talk-over", query), Link("conference", query)
    join = JoinConference(room_id, True, over, events, "caller")
    return Reply((Say("connecting"), join), language)


def seat(session_id: uuid.UUID, room_id: uuid.UUID) -> Reply:
    """A counselor into the room in which their session is held; who comes later has a label too."""
    query = {"session": str(session_id)}
    label = "counselor" if room_id == session_id else f"counselor {session_id.hex}"
    over, events = Link("leg-over", query), Link("conference", query)
    return Reply((JoinConference(room_id, False, over, events, label),))


def whisper(offer_id: uuid.UUID, *, is_handed_on: bool, language: str = "ko") -> Reply:
    """A rung counselor hears what this is and takes it by a key: no voicemail ever answers."""
    said = Say("whisper_handed_on") if is_handed_on else Say("whisper")
    link = Link("whisper-key", {"offer": str(offer_id)})
    return Reply((Gather(link, (said, said), 5), Hangup()), language)


def say_and_end(prompt: str, language: str) -> Reply:
    """A last sentence, then the end."""
    return Reply((Say(prompt), Hangup()), language)
