"""What is spoken when somebody asks to be called, and when they are. Pure."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers

from core.clock import SEOUL
from ivr.flow import queue_again, room
from ivr.instructions import Gather, Hangup, Instruction, Link, Redirect, Reply, Say

NUMBER_DIGITS_MAX = 15
READ_SECONDS = 6
ASK_SECONDS = 10
KO_DIGITS = dict(zip("0123456789", "공일이삼사오육칠팔구", strict=True))


@dataclass(frozen=True)
class Place:
    """Where in the dialogue a caller is. again: which stay in the queue, as in the wait's URLs."""

    turn: int
    again: str = ""

    def link(self, hook: str, asked: int | None = None) -> Link:
        """Return the link to the next turn."""
        query = {"turn": str(self.turn + 1)}
        if asked is not None:
            query["asked"] = str(asked)
        return Link(hook, query | ({"again": self.again} if self.again else {}))


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


def read_back(e164: str, place: Place, language: str) -> Reply:
    """Read the number back: 1 is right, 2 changes it; silence reads it again, then waits on."""
    said = Say("callback_number", {"digits": digits_spoken(e164, language)})
    gather = Gather(place.link("callback-key"), (said, said), READ_SECONDS)
    return Reply((gather, Redirect(place.link("wait"))), language)


def ask_number(place: Place, asked: int, language: str) -> Reply:
    """Ask for a number to be keyed in, ended by the hash key."""
    return Reply(_ask("callback_ask", place, asked), language)


def ask_again(place: Place, asked: int, language: str) -> Reply:
    """The number can't be called: say so and ask again."""
    return Reply((Say("callback_bad_number"), *_ask("callback_ask", place, asked)), language)


def _ask(prompt: str, place: Place, asked: int) -> tuple[Instruction, ...]:
    gather = Gather(
        place.link("callback-number", asked),
        (Say(prompt),),
        ASK_SECONDS,
        digits_max=NUMBER_DIGITS_MAX,
        finish_on_key="#",
    )
    return (gather, Redirect(place.link("wait")))


def wait_instead(token: str, language: str) -> Reply:
    """No number could be taken in the menu: into the queue."""
    return queue_again(language, "callback_not_made", token)


def wait_on(place: Place, language: str) -> Reply:
    """No number could be taken while waiting: the place is kept."""
    return Reply((Say("callback_not_made"), Redirect(place.link("wait"))), language)


def offered_meanwhile(place: Place, language: str) -> Reply:
    """A counselor is about to take the call: no need to be called. Fits a document of the wait."""
    return Reply((Redirect(place.link("wait")),), language)


def not_now(language: str) -> Reply:
    """The counselor was lost while the citizen was greeted: say that we shall call again."""
    return Reply((Say("reached_again"), Hangup()), language)


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
    return room(session_id, language)
