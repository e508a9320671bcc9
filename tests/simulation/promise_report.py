"""What a day's promises came to, counted again from telephones, presses and diaries, and compared.

Nothing of the application's is used but its answer. Of a promise that was asked for twice, or stood
when its citizen wanted no more calls, only bounds are known. Not counted again: continuity, since
nobody outside knows which call of a series came before; overdue and for decision, which people know
from the server alone.
"""

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.simulation.board_recount import (
    SEOUL,
    Between,
    Diaries,
    is_lately,
    is_owed,
    promises,
    was_brief,
)
from tests.simulation.meetings import Request
from tests.simulation.recount import Story
from tests.simulation.report_recount import DAY, ROUNDED, Seen

IN_TIME = timedelta(hours=24)
LONG_AGO = datetime(1990, 1, 1, tzinfo=SEOUL)

Span = tuple[datetime, datetime]
ALWAYS: Span = (LONG_AGO, datetime(2100, 1, 1, tzinfo=SEOUL))


@dataclass(frozen=True)
class PromiseReport:
    """What the server says of the promises of one day. table: the spreadsheet's text."""

    day: date
    answer: Mapping[str, Any]
    table: str


@dataclass(frozen=True)
class Known:
    """What people know of promises. companions: login by address; done: what they did."""

    seen: Seen
    diaries: Diaries
    done: Sequence[Request]
    companions: Mapping[str, str]


def differences(told: PromiseReport, known: Known, now: datetime) -> list[str]:
    """Return where the report of a day's promises says something else than what happened."""
    begin = datetime.combine(told.day, time(), SEOUL)
    span = (begin, begin + DAY)
    expected = promises(known.seen.stories, known.diaries, span, now)
    expected |= _ends(known, span, now)
    expected["open"] = _open(known, now)
    figures = told.answer["figures"]
    found = [
        f"the report of promises of {told.day} counts {name} {figures[name]}, and it was {between}"
        for name, between in expected.items()
        if not between.holds(figures[name])
    ]
    found += _shares(figures) + list(_loads(told, known, span))
    return found + list(_table_differs(told))


def least(told: Sequence[PromiseReport], known: Known) -> list[str]:
    """Return what is missing although the server granted it: no lost word makes that uncertain.

    told: of each day of the stretch; a clock may have been wrong about which day it was.
    """
    reached = len(_reached_by_companions(known, ALWAYS))
    granted = {
        "reached": reached,
        "tries": reached,
        "kept": reached,
        "decided": len(_decided(known, ALWAYS)),
        "withdrawn": len(_withdrawn(known, ALWAYS)),
    }
    found = []
    for name, count in granted.items():
        counted = sum(one.answer["figures"][name] for one in told)
        if counted < count:
            found.append(
                f"the reports of promises count {name} {counted}, and {count} were granted"
            )
    for one in told:
        found += _contradictions(one)
    return found


def _contradictions(told: PromiseReport) -> list[str]:
    figures, found = told.answer["figures"], []
    if figures["silent_ends"] or figures["reached"] > figures["tries"]:
        found.append(f"the report of promises of {told.day} is of two minds: {figures}")
    return found + _shares(figures) + list(_table_differs(told))


def _ends(known: Known, span: Span, now: datetime) -> dict[str, Between]:
    rings = list(known.seen.stories.rings.values())
    lately = sum(is_lately(one, now) for one in rings)
    unsettled = lately + sum(_is_talked(one, now) or was_brief(one) for one in rings)
    by_companions = _reached_by_companions(known, span)
    beside = sum(span[0] <= at < span[1] for at in known.diaries.met_beside)
    kept = len(by_companions) + len(_kept_by_counselors(known, span)) + beside
    against = [one for one in known.diaries.wishes if not one.wants]
    declined = sum(one.how == "key" and span[0] <= one.at < span[1] for one in against)
    withdrawn = len(_withdrawn(known, span))
    others = sum(one.at < span[1] for one in against)
    return {
        "kept": Between(kept - unsettled, kept + lately),
        "kept_in_time": Between(max(0, kept - unsettled - _late(known, span)), kept + lately),
        "declined": Between(declined - lately, declined + lately),
        "withdrawn": Between(withdrawn, withdrawn + others),
        "decided": _just(len(_decided(known, span))),
    }


def _is_talked(ring: Story, now: datetime) -> bool:
    """They met, and whoever was with them may not have written yet what came of it."""
    return ring.told_room is not None and is_owed(ring, now)


def _open(known: Known, now: datetime) -> Between:
    """Of all that was ever promised, what has not ended."""
    always = (LONG_AGO, now + DAY)
    made = promises(known.seen.stories, known.diaries, always, now)["promised"]
    ends = _ends(known, always, now)
    over = [ends[name] for name in ("kept", "declined", "withdrawn", "decided")]
    low = made.low - sum(one.high for one in over)
    return Between(low, made.high - sum(one.low for one in over))


def _reached_by_companions(known: Known, span: Span) -> dict[str, str]:
    """Return who kept which promise: they wrote so, before it was decided of or taken back."""
    ended: set[str] = set()
    again: set[str] = set()  # called no more since it was decided that they shall be
    kept: dict[str, str] = {}
    for one in known.done:
        callback_id = _of(one, "outcome")
        again.discard(_of(one, "call"))
        if _of(one, "decision") and one.body["decision"] == "again":
            again.add(_of(one, "decision"))
        elif _of(one, "withdraw") or _of(one, "decision"):
            ended.add(_of(one, "withdraw") or _of(one, "decision"))
        elif callback_id in again:
            continue
        elif callback_id and one.answer.get("recorded") == "reached" and callback_id not in ended:
            ended.add(callback_id)
            if span[0] <= one.at < span[1]:
                kept[callback_id] = one.login
    return kept


def _kept_by_counselors(known: Known, span: Span) -> list[str]:
    """Return the rung legs in which a counselor and a citizen first met in this span."""
    found = []
    for sid in known.seen.stories.rings:
        met = known.seen.meetings.of(sid)
        joined = [one for one in met if one.joined is not None]
        if joined and met[0].staff not in known.companions:
            assert joined[0].joined is not None
            found += [sid] if span[0] <= joined[0].joined < span[1] else []
    return found


def _late(known: Known, span: Span) -> int:
    """Count whom we met, and perhaps not within a day of the asking."""
    met = [
        one
        for one in known.seen.stories.rings.values()
        if one.told_room is not None and span[0] <= one.told_room < span[1]
    ]
    return sum(not _is_soon(one, known) for one in met)


def _is_soon(ring: Story, known: Known) -> bool:
    asked = [
        one.at for one in known.diaries.wishes if one.number == ring.number and one.at < ring.began
    ]
    assert ring.told_room is not None
    return bool(asked) and ring.told_room < max(asked) + IN_TIME


def _decided(known: Known, span: Span) -> list[str]:
    return [
        _of(one, "decision")
        for one in known.done
        if _of(one, "decision") and one.body["decision"] != "again" and span[0] <= one.at < span[1]
    ]


def _withdrawn(known: Known, span: Span) -> Collection[str]:
    said = {_of(one, "withdraw") for one in known.done if span[0] <= one.at < span[1]}
    return said - {""}


def _of(request: Request, what: str) -> str:
    """Return of which promise somebody did this, "" where it was something else."""
    parts = request.path.split("/")
    is_it = len(parts) == 4 and parts[1] == "callbacks" and parts[3] == what
    return parts[2] if is_it else ""


def _shares(figures: Mapping[str, Any]) -> list[str]:
    found = []
    for name, part, whole in (
        ("kept_in_time_share", "kept_in_time", "kept"),
        ("tries_per_reach", "tries", "reached"),
    ):
        ours = figures[part] / figures[whole] if figures[whole] else None
        said = figures[name]
        if (said is None) != (ours is None) or (ours is not None and abs(said - ours) > ROUNDED):
            found.append(f"the report of promises says {name} {said}, and it is {ours}")
    return found


def _loads(told: PromiseReport, known: Known, span: Span) -> Iterator[str]:
    kept = list(_reached_by_companions(known, span).values())
    for one in told.answer["companions"]:
        login, said = one["login"], one["kept"]
        if said != kept.count(login):
            yield f"{login} kept {kept.count(login)} promises on {told.day}, and {said} are told"
    if {one["login"] for one in told.answer["companions"]} != set(known.companions.values()):
        yield f"the report of promises of {told.day} names other companions"


def _table_differs(told: PromiseReport) -> Iterator[str]:
    """The spreadsheet says what the page says: the period, then each companion."""
    rows = list(csv.DictReader(io.StringIO(told.table.removeprefix("\ufeff"))))
    pages = [told.answer["figures"], *told.answer["companions"]]
    if len(rows) != len(pages):
        yield f"the table of promises has {len(rows)} rows, not {len(pages)}"
    for row, page in zip(rows, pages, strict=False):
        for name, cell in row.items():
            said = page.get(name) if name != "of" else None
            if said is not None and (not cell or abs(float(cell) - float(said)) > ROUNDED):
                yield f"the table of promises says {name} {cell!r}, and the page {said}"


def _just(count: int) -> Between:
    return Between(count, count)
