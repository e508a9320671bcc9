"""The figures of the board, counted again from carrier traffic and diaries, and compared.

Nothing of the application's is used but its answer. Where a moment decides (a wait of just 20 s),
or something is under way, the comparison allows for it by as many calls as there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator.companions import Said
from simulator.days import SEOUL
from simulator.people import Wish
from tests.simulation.recount import (
    SERVICE_LEVEL_SECONDS,
    SHORT_ABANDON_SECONDS,
    Recount,
    Story,
)

ON_THE_WIRE = 0.5  # seconds; a moment as the server knows it, against the exchange's own
SAME_MOMENT = timedelta(seconds=ON_THE_WIRE)
OUTCOME_OWED = timedelta(seconds=360)
NOT_REACHED = ("voicemail", "wrong_person", "refused", "no_answer", "busy")


@dataclass(frozen=True)
class Diaries:
    """What people wrote down: wishes to be called, what companions said of their calls, when a
    supervisor decided of a call of a series, and when counselors whom companions called met whom
    they were called to."""

    wishes: Sequence[Wish]
    said: Sequence[Said]
    series_decided: Sequence[datetime]
    met_beside: Sequence[datetime] = ()


@dataclass(frozen=True)
class Between:
    """A figure that can't be told more exactly than this."""

    low: float
    high: float
    may_be_none: bool = False

    def holds(self, figure: float | None) -> bool:
        """Tell whether the server's figure is one of these, or may be left out."""
        return self.may_be_none if figure is None else self.low <= figure <= self.high


def differences(
    board: Mapping[str, Any], seen: Recount, diaries: Diaries, now: datetime
) -> list[str]:
    """Return where the board says something else than what happened today, up to `now`."""
    today = now.astimezone(SEOUL).replace(hour=0, minute=0, second=0, microsecond=0)
    expected = {f"today.{name}": one for name, one in _calls(seen, today, now).items()}
    promised = promises(seen, diaries, (today, today + timedelta(days=1)), now)
    expected |= {f"callbacks.{name}": one for name, one in promised.items()}
    found = []
    for name, between in expected.items():
        room, figure = name.split(".")
        told = board[room][figure]
        if not between.holds(told):
            found.append(f"the board says {name} {told}, and it was {between}")
    return found


def queue_differences(
    board: Mapping[str, Any], seen: Recount, entering: int, now: datetime
) -> list[str]:
    """Return who waits and is not on the board's list, or is gone and still on it.

    A row is known by its moment. entering: so many counselors are there whose citizen is not yet.
    Of calls that we make, whose moment is that of a promise, only the server knows the place.
    """
    rows = [datetime.fromisoformat(row["waiting_since"]) for row in board["waiting"]]
    settled = [one for one in seen.stories.values() if one.told_queue and not is_lately(one, now)]
    waiting = [one for one in settled if not (one.told_room or one.told_promise or one.ended)]
    missing = [one.sid for one in waiting if not any(_is_of(one, at) for at in rows)]
    gone = [one for one in settled if _has_left(one) and any(_is_of(one, at) for at in rows)]
    found = [f"the board still lists {one.sid}, who left at {one.ended}" for one in gone]
    if len(missing) > entering:
        found.append(f"the board lists {len(rows)} who wait, and not {', '.join(missing)}")
    return found


def _is_of(story: Story, at: datetime) -> bool:
    """Whether a row's moment is when this caller was told of the queue."""
    return story.told_queue is not None and abs(at - story.told_queue) < SAME_MOMENT


def _calls(seen: Recount, today: datetime, now: datetime) -> dict[str, Between]:
    mine = [one for one in seen.stories.values() if _since(one.told_queue, today)]
    answered = [one for one in mine if one.told_room is not None]
    left = [one for one in mine if _has_left(one)]
    shorts = _count(left, SHORT_ABANDON_SECONDS, now)
    within = _count(answered, SERVICE_LEVEL_SECONDS, now)
    moving = sum(is_lately(one, now) for one in mine)
    found = {
        "offered": _about(len(mine), moving),
        "answered": _about(len(answered), moving),
        "abandoned": _about(len(left), moving),
        "short_abandoned": shorts,
        "answered_within": within,
    }
    counted = Between(len(mine) - shorts.high, len(mine) - shorts.low)
    if counted.low > 0:
        level = (within.low / counted.high, within.high / counted.low)
        is_first = counted.low <= moving  # nobody else was offered: perhaps nobody yet
        found["service_level"] = Between(level[0] - 0.001, level[1] + 0.001, is_first)
    if mine and not moving:
        found["longest_wait_seconds"] = _about(max(_wait(one, now) for one in mine), ON_THE_WIRE)
    if answered and not moving:
        asa = sum(_wait(one, now) for one in answered) / len(answered)
        found["asa_seconds"] = _about(asa, ON_THE_WIRE)
    return found


def promises(
    seen: Recount, diaries: Diaries, span: tuple[datetime, datetime], now: datetime
) -> dict[str, Between]:
    """Count the promises of a span. Of those asked for twice it is not known which one stood."""
    asked = [one for one in diaries.wishes if one.wants and _in(one.at, span)]
    again = len(asked) - len({(one.number, one.purpose) for one in asked})
    early = {(w.number, w.purpose) for w in diaries.wishes if w.wants and w.at < span[0]}
    again += sum((one.number, one.purpose) in early for one in asked)
    rings = [one for one in seen.rings.values() if one.rung is not None]
    over = [one for one in rings if _in(one.ended, span)]
    met = [one for one in rings if _in(one.told_room, span)]
    owed = sum(is_owed(one, now) for one in met)
    said = [one for one in diaries.said if _in(one.at, span)]
    other = sum(one.recorded in NOT_REACHED for one in said)
    further = sum(one.agreed_next + one.in_series for one in said)
    further += sum(_in(at, span) for at in diaries.series_decided)
    beside = sum(_in(at, span) for at in diaries.met_beside)
    moving = owed + sum(is_lately(one, now) or was_brief(one) for one in rings)
    return {
        "promised": Between(len(asked) - again, len(asked) + further),
        "tries": _about(len({one.sid for one in [*over, *met]}) + beside, moving),
        "reached": _about(len(met) + beside - other, moving),
        "silent_ends": Between(0, 0),
    }


def _since(moment: datetime | None, begin: datetime) -> bool:
    return moment is not None and moment >= begin


def _in(moment: datetime | None, span: tuple[datetime, datetime]) -> bool:
    return moment is not None and span[0] <= moment < span[1]


def _has_left(story: Story) -> bool:
    """Hung up, or was let go, in the queue; who was promised a call was not lost."""
    return story.ended is not None and story.told_room is None and story.told_promise is None


BRIEF = timedelta(seconds=8)


def is_lately(story: Story, now: datetime) -> bool:
    """Something happened to it so lately that the server may not have been told."""
    moments = (story.told_queue, story.told_room, story.told_promise, story.ended, story.joined)
    just = now - timedelta(seconds=5)
    return any(moment is not None and moment > just for moment in moments)


def is_owed(story: Story, now: datetime) -> bool:
    """Whoever talked in a call that we made may not have said yet what came of it."""
    return story.ended is None or story.ended > now - OUTCOME_OWED


def was_brief(story: Story) -> bool:
    """Gone about when "you are connected" was spoken: met or not, by the server's own seconds."""
    if story.told_room is None or story.ended is None:
        return False
    return story.ended - story.told_room < BRIEF


def _wait(story: Story, now: datetime) -> float:
    until = story.told_room or story.told_promise or story.ended or now
    assert story.told_queue is not None
    return (until - story.told_queue).total_seconds()


def _count(stories: Iterable[Story], limit: float, now: datetime) -> Between:
    waits = [_wait(one, now) for one in stories]
    sure = sum(wait <= limit - ON_THE_WIRE for wait in waits)
    return Between(sure, sum(wait <= limit + ON_THE_WIRE for wait in waits))


def _about(figure: float, slack: float) -> Between:
    return Between(figure - slack, figure + slack)
