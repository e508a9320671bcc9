"""What is spoken when somebody asks to be called, and when they are. Pure."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

import phonenumbers

from core.clock import SEOUL
from ivr.flow import queue_again, room
from ivr.instructions import Gather, Hangup, Instruction, Link, Redirect, Reply, Say

NUMBER_DIGITS_MAX = 15
READ_SECONDS = 6
ASK_SECONDS = 10
KO_DIGITS = dict(zip("0123456789", "공일이삼사오육칠팔구", strict=True))


def _place(turn: int, asked: int = 0) -> Mapping[str, str]:
    return {"turn": str(turn + 1), "asked": str(asked)}


def digits_spoken(e164: str, language: str) -> str:
    """Return a number as it is read out: digit by digit, with a breath between its groups."""
    number = phonenumbers.parse(e164, None)
    groups = (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        .replace(" ", "-")
        .split("-")
    )
    if language == "ko":
        return ", ".join(" ".join(KO_DIGITS.get(c, c) for c in group) for group in groups)
    return ", ".join(" ".join(group) for group in groups)


def read_back(e164: str, turn: int, language: str) -> Reply:
    """Read the number back: 1 is right, 2 changes it; silence reads it again, then waits on."""
    said = Say("callback_number", {"digits": digits_spoken(e164, language)})
    gather = Gather(Link("callback-key", _place(turn)), (said, said), READ_SECONDS)
    return Reply((gather, Redirect(Link("wait", {"turn": str(turn + 1)}))), language)


def ask_number(turn: int, asked: int, language: str) -> Reply:
    """Ask for a number to be keyed in, ended by the hash key."""
    return Reply(_ask("callback_ask", turn, asked), language)


def ask_again(turn: int, asked: int, language: str) -> Reply:
    """The number can't be called: say so and ask again."""
    return Reply((Say("callback_bad_number"), *_ask("callback_ask", turn, asked)), language)


def _ask(prompt: str, turn: int, asked: int) -> tuple[Instruction, ...]:
    gather = Gather(
        Link("callback-number", _place(turn, asked)),
        (Say(prompt),),
        ASK_SECONDS,
        digits_max=NUMBER_DIGITS_MAX,
        finish_on_key="#",
    )
    return (gather, Redirect(Link("wait", {"turn": str(turn + 1)})))


def wait_instead(token: str, language: str) -> Reply:
    """No number could be taken in the menu: into the queue."""
    return queue_again(language, "callback_not_made", token)


def wait_on(turn: int, language: str) -> Reply:
    """No number could be taken while waiting: the place is kept."""
    again = Redirect(Link("wait", {"turn": str(turn + 1)}))
    return Reply((Say("callback_not_made"), again), language)


def promised(next_at: datetime, now: datetime, language: str) -> Reply:
    """What was promised, in words; spoken only after the promise is stored."""
    local, today = next_at.astimezone(SEOUL), now.astimezone(SEOUL)
    if next_at - now < timedelta(minutes=1):
        said = Say("callback_promised_place")
    elif local.date() == today.date():
        said = Say("callback_promised_today", {"hour": local.hour})
    else:
        values = {"month": local.month, "day": local.day, "hour": local.hour}
        said = Say("callback_promised_day", values)
    return Reply((said, Hangup()), language)


def greet_reached(session_id: uuid.UUID, language: str) -> Reply:
    """The first words of a call we make: who asked for it, how to stop it, nothing more."""
    query = {"session": str(session_id)}
    return Reply(
        (
            Gather(Link("reached-key", query), (Say("reached"),), 1),
            Redirect(Link("reached-join", query)),
        ),
        language,
    )


def room_reached(session_id: uuid.UUID, language: str) -> Reply:
    """Into the room of the session."""
    return room(session_id, is_caller=True, language=language)
