"""Deliberate faults put into the application one at a time: does the simulated world find each?

`python -m tests.simulation.mutations` tries the seeds of short days one after another until one of
them fails, and writes the table of docs/mutations.md. A mutation that no seed finds is a hole in
what the simulation looks at.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
from sqlalchemy import text

from citizens.models import Citizen
from tests.databases import fresh
from tests.simulation.faults import ALL, NONE, Faults
from tests.simulation.faults_seeds import TEMPLATE, server
from tests.simulation.faults_short import lived, short_plan
from tests.simulation.plan import Plan
from tests.simulation.plans import night_plan
from tests.simulation.world import World

TABLE = Path(__file__).resolve().parents[2] / "docs" / "mutations.md"
SEEDS_MAX = 200
UNSTEPPED = ALL.without("clock_stepped")
LOSSY = replace(ALL, event_never_sent=0.6, webhook_lost=0.1)
DOUBTFUL = replace(ALL, rest_failing_after=0.3, rest_slow=0.3)
UNHEARD = replace(DOUBTFUL, event_never_sent=0.9)
"""A leg may be over, and nobody told of it, by when its order is taken again."""
DEADLY = replace(ALL, killed_after_commit=0.03, second_process=0.3, rest_failing_after=0.2)
STORED_AFTER = timedelta(seconds=5)
EVENING = timedelta(hours=10, minutes=50)  # after the short days' own start: 20:50 in Seoul
RATES = {ALL: "usual", UNSTEPPED: "unstepped", NONE: "none"}
Undo = Callable[[ExitStack], None]


@dataclass(frozen=True)
class Mutation:
    """One fault. put_in: patches the application for as long as the stack is open.

    sql: done to the database beforehand. evening: the short day runs into quiet hours. night: it
    runs past a midnight.
    """

    name: str
    put_in: Undo = lambda stack: None
    sql: str = ""
    faults: Faults = ALL
    evening: bool = False
    night: bool = False


def _swap(target: str, made: Any) -> Undo:
    """Put `made` in the place of the dotted name `target`."""
    return lambda stack: stack.enter_context(patch(target, made))  # type: ignore[func-returns-value]


def _reword(target: str, old: str, new: str) -> Undo:
    """Change a statement of the application, which must hold `old`."""

    def put_in(stack: ExitStack) -> None:
        module, _, name = target.rpartition(".")
        words = getattr(sys.modules[module], name)
        assert old in words, f"{target} no longer says {old!r}"
        stack.enter_context(patch(target, words.replace(old, new)))

    return put_in


def _both(*halves: Undo) -> Undo:
    """Take away each of the guards that stand for one another."""

    def put_in(stack: ExitStack) -> None:
        for half in halves:
            half(stack)

    return put_in


def _nothing(*_: Any, **__: Any) -> None:
    """Done instead of what should be done."""


def _real(target: str) -> Any:
    module, _, name = target.rpartition(".")
    return getattr(sys.modules[module], name)


def _deadline_forgotten(stack: ExitStack) -> None:
    real = _real("routing.calls.deadline")

    def deadline(state: str, now: datetime, policy: Any) -> datetime | None:
        return None if state in ("waiting", "connected") else real(state, now, policy)

    stack.enter_context(patch("routing.calls.deadline", deadline))


def _late_end_swallowed(stack: ExitStack) -> None:
    from routing.line import Effect

    real = _real("routing.line.caller_left")

    def caller_left(session: Any, call: Any, *rest: Any) -> Any:
        return Effect.NOTHING if call.state == "offered" else real(session, call, *rest)

    stack.enter_context(patch("routing.line.caller_left", caller_left))


SPOKEN = ("menu", "wait")
"""Where a promise that is made on the telephone comes from."""


def _promise_unstored(stack: ExitStack) -> None:
    real = _real("callbacks.actions.make")

    def make(session: Any, citizen: Any, wish: Any, *rest: Any) -> Any:
        if wish.origin not in SPOKEN:
            return real(session, citizen, wish, *rest)
        with session.begin_nested() as nested:
            made = real(session, citizen, wish, *rest)
            nested.rollback()
        return made

    stack.enter_context(patch("callbacks.actions.make", make))


def _promise_stored_late(stack: ExitStack) -> None:
    """What was spoken is stored by a tick some seconds after it."""
    make, tend = _real("callbacks.actions.make"), _real("ivr.dispatcher.tend")
    owed: list[tuple[datetime, Any, Any]] = []

    def owe(session: Any, citizen: Any, wish: Any, now: datetime, policy: Any) -> Any:
        if wish.origin not in SPOKEN:
            return make(session, citizen, wish, now, policy)
        with session.begin_nested() as nested:
            made = make(session, citizen, wish, now, policy)
            nested.rollback()
        owed.append((now + STORED_AFTER, citizen.id, wish))
        return made

    def store(session: Any, now: datetime, policy: Any) -> Any:
        for one in [one for one in owed if one[0] <= now]:
            owed.remove(one)
            citizen = session.get(Citizen, one[1])
            if citizen is not None:
                make(session, citizen, one[2], now, policy)
        return tend(session, now, policy)

    stack.enter_context(patch("callbacks.actions.make", owe))
    stack.enter_context(patch("ivr.dispatcher.tend", store))


def _rows_doubled(stack: ExitStack) -> None:
    """Whoever opens a call neither looks for its row nor names the index that would."""
    insert, opened = _real("routing.calls.insert"), _real("ivr.caller_turns._open")

    def insert_any(session: Any, model: Any, clause: str, **row: Any) -> Any:
        assert "(carrier_sid)" in clause
        return insert(session, model, "ON CONFLICT DO NOTHING", **row)

    def open_blindly(*asked: Any) -> Any:
        with patch("routing.records.call_by_sid", _nothing):
            return opened(*asked)

    stack.enter_context(patch("routing.calls.insert", insert_any))
    stack.enter_context(patch("ivr.caller_turns._open", open_blindly))


def _word_forgotten(stack: ExitStack) -> None:
    stack.enter_context(patch("callbacks.api.withdraw", lambda *_: True))
    stack.enter_context(patch("callbacks.api.forbid_calls", _nothing))


def _queue_reversed(stack: ExitStack) -> None:
    real = _real("routing.choose.queue_key")

    def queue_key(call: Any, step: float) -> Any:
        place, number = real(call, step)
        return -place, number

    stack.enter_context(patch("routing.choose.queue_key", queue_key))


def _everything_fresh(stack: ExitStack) -> None:
    """No request is remembered: a repeat is worked out anew."""

    def answer_once(session: Any, turn: Any, sealer: Any, now: Any, answer: Any) -> Any:
        return answer()

    stack.enter_context(patch("ivr.hooks.answer_once", answer_once))


def _never_looks(stack: ExitStack) -> None:
    stack.enter_context(patch("ivr.carrier.TwilioCarrier.find_rings", lambda *_: []))


def _overlooks(kind: str) -> Callable[[ExitStack], None]:
    """The sweep finds nothing overdue of one kind."""

    def put_in(stack: ExitStack) -> None:
        real = _real("routing.sweep._overdue")

        def overdue(*asked: Any) -> Any:
            return real(*asked)._replace(**{kind: ()})

        stack.enter_context(patch("routing.sweep._overdue", overdue))

    return put_in


def _restated(target: str, old: str, new: str) -> Undo:
    """As `_reword`, for a statement that is prepared."""

    def put_in(stack: ExitStack) -> None:
        words = str(_real(target))
        assert old in words, f"{target} no longer says {old!r}"
        stack.enter_context(patch(target, text(words.replace(old, new))))

    return put_in


_RAN_OUT = "lease_until <= %(now)s"
_OFFERED = "state IN ('waiting', 'offered')"
_TAKEN = "state IN ('free', 'offered')"
MUTATIONS = (
    Mutation(
        "a deadline of waiting and talking calls is forgotten", _deadline_forgotten, faults=LOSSY
    ),
    Mutation(
        "the sweep mends no offer that nobody took",
        _overlooks("offers"),
    ),
    Mutation(
        "the sweep ends no wrap-up that nobody finished",
        _overlooks("wraps"),
    ),
    Mutation(
        "the sweep looks no silent call up",
        _overlooks("calls"),
        faults=LOSSY,
    ),
    Mutation("a caller who hangs up during an offer is not noticed", _late_end_swallowed),
    Mutation("a promise that is spoken is never stored", _promise_unstored),
    Mutation("a promise is spoken before it is stored", _promise_stored_late),
    Mutation("who wants no more calls is told so, and nothing is called off", _word_forgotten),
    Mutation(
        "quiet hours are ignored",
        _swap("callbacks.schedule.is_quiet", lambda moment: False),
        evening=True,
    ),
    Mutation(
        "a lost try is repeated without looking for its leg: a double dial",
        _never_looks,
        faults=DOUBTFUL,
    ),
    Mutation("who came last is asked first", _queue_reversed, faults=UNSTEPPED),
    Mutation("the inbox remembers nothing: a repeat takes effect again", _everything_fresh),
    Mutation(
        "the fencing token is ignored: an order is settled by whoever comes last",
        _reword("routing.orders._SETTLE", "AND state = 'sending' AND tries = %s", "AND %s > 0"),
        faults=DEADLY,
    ),
    Mutation(
        "a lease that ran out is not taken again",
        _reword("routing.orders._TAKE", "OR (state = 'sending' AND", "OR (state = 'never' AND"),
        faults=DEADLY,
    ),
    Mutation(
        "a lease that holds is taken by another",
        _both(
            _reword("routing.orders._TAKE", _RAN_OUT, "true"),
            _reword("routing.records._DUE_ORDERS", _RAN_OUT, "true"),
            _reword("routing.records._GLANCE", _RAN_OUT, "true"),
        ),
        faults=DEADLY,
    ),
    Mutation(
        "an offer is made to who is on a break or off",
        _both(
            _reword("counselors.records._READY", "p.status = 'ready' AND", ""),
            _reword("routing.dispatch._HOLD_SEATS", "status = 'ready' AND", ""),
            _reword("routing.records._GLANCE", "status = 'ready' AND", ""),
        ),
        faults=UNSTEPPED,
    ),
    Mutation(
        "an offer is made to whose certificate has ended",
        _reword("counselors.records._READY", "AND c.certified_until >= %(today)s", ""),
        night=True,
    ),
    Mutation(
        "an offer is made to who is no counselor any more",
        _reword("counselors.records._READY", "AND a.role = 'counselor'", ""),
    ),
    Mutation(
        "an offer is made at a desk of which nothing is heard",
        _reword("counselors.records._READY", "OR p.heard_at >= %(heard_after)s", "OR true"),
        faults=UNSTEPPED,
    ),
    Mutation(
        "a call that is offered is offered to another too: no index, and nobody looks",
        _both(
            _reword("routing.records._HEADS", "c WHERE state = 'waiting'", f"c WHERE {_OFFERED}"),
            _reword("routing.dispatch._HOLD_CALLS", "state = 'waiting'", _OFFERED),
        ),
        sql="DROP INDEX uq_offers_open_call",
    ),
    Mutation(
        "who is offered a call is offered another: no index, and nobody looks",
        _both(
            _reword("counselors.records._READY", "p.state = 'free'", f"p.{_TAKEN}"),
            _reword("routing.dispatch._HOLD_SEATS", "state = 'free'", _TAKEN),
            _reword("routing.records._GLANCE", "state = 'free'", _TAKEN),
        ),
        sql="DROP INDEX uq_offers_open_counselor",
    ),
    Mutation(
        "a leg that rang out is not looked for",
        _swap("ivr.carrier.RANG_OUT", frozenset()),
        faults=UNHEARD,
    ),
    Mutation(
        "the safety key has no effect", _swap("routing.line.raise_priority", lambda *_: "nothing")
    ),
    Mutation(
        "the counselor's leg is not let go after a talk",
        _swap("routing.talks.orders.hang_up", _nothing),
    ),
    Mutation(
        "a ringing that is not wanted any more is not taken back",
        _swap("routing.actions.stop_ringing", _nothing),
        faults=NONE,
    ),
    Mutation(
        "who is called back is not written as tried",
        _swap("callbacks.actions.note_try", _nothing),
    ),
    Mutation(
        "what became of a promise's call is never settled",
        _swap("callbacks.sweep.actions.settle", _nothing),
    ),
    Mutation(
        "a counselor's lost leg is not noticed",
        _swap("ivr.leg_turns._leg_ended", lambda *_, **__: "nothing"),
        faults=LOSSY,
    ),
    Mutation(
        "a call has two rows: no index, and nobody looks",
        _rows_doubled,
        sql="ALTER TABLE calls DROP CONSTRAINT uq_calls_carrier_sid",
    ),
    Mutation(
        "the board counts who left with a promise as lost",
        _restated(
            "supervision.records._CALLS", "c.close_reason IS DISTINCT FROM :promised", "true"
        ),
        faults=NONE,
    ),
    Mutation(
        "the report counts companions' work as counselors'",
        _restated("supervision.records._BUSY", "AND a.role = 'counselor'", ""),
        faults=NONE,
    ),
    Mutation(
        "the report counts a call's talk a hundredth longer",
        _restated(
            "supervision.records._CALLS",
            "sum(s.talk_seconds), 0)",
            "sum(s.talk_seconds), 0) * 1.01",
        ),
        faults=NONE,
    ),
)


@dataclass(frozen=True)
class Found:
    """By which seed a mutation was found, as what; seed 0: not in so many."""

    name: str
    rates: str
    seed: int
    tried: int
    wrong: str


def find(url: str, mutation: Mutation, seeds_max: int) -> Found:
    """Live through short days until one is wrong."""
    rates = RATES.get(mutation.faults, "more")
    for seed in range(1, seeds_max + 1):
        wrongs = _wrongs(url, mutation, seed)
        if wrongs:
            return Found(mutation.name, rates, seed, seed, wrongs[0])
    return Found(mutation.name, rates, 0, seeds_max, "")


def _wrongs(url: str, mutation: Mutation, seed: int) -> list[str]:
    with fresh(url, TEMPLATE) as database, mutated(mutation, database):
        try:
            world = World(database, _plan(mutation, seed))
        except Exception as fault:  # an application that does not start is found as well
            return [f"{type(fault).__name__}: {fault}"]
        try:
            return list(lived(world).wrongs)
        except Exception as fault:
            return [f"{type(fault).__name__}: {fault}"]
        finally:
            world.close()


def _plan(mutation: Mutation, seed: int) -> Plan:
    if mutation.night:
        return night_plan(seed, mutation.faults)
    plan = short_plan(seed, mutation.faults)
    if not mutation.evening:
        return plan
    arrivals = [moment + EVENING for moment in plan.arrivals]
    return replace(plan, start=plan.start + EVENING, arrivals=arrivals)


@contextmanager
def mutated(mutation: Mutation, database: str) -> Iterator[None]:
    """Have the fault in the application."""
    if mutation.sql:
        plain = database.replace("+psycopg", "")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(mutation.sql.encode())
    with ExitStack() as stack:
        mutation.put_in(stack)
        yield


NOTE = """\
Where two guards stand for one another, both are taken away; the database's unique indexes stand
behind locks and looks that let nobody come so far in one process at a time.
"""


def table(found: list[Found]) -> str:
    """Return the page that tells what was found."""
    rows = [
        f"| {each.name} | {each.rates} | {_seed(each)} | {_short(each.wrong)} |" for each in found
    ]
    head = [
        "# Does the simulated world find what is put in?",
        "",
        "Each fault was put into the application alone, and short days with all faults of the",
        "world were lived through from seed 1 on until one was wrong.",
        "Written by `python -m tests.simulation.mutations`.",
        "",
        'Where the usual rates would take long to come to it, they were raised: "more".',
        'Who came first is not judged by a clock that is set wrong, so it is not: "unstepped".',
        'Figures are held to a hair only where nothing else goes wrong: "none".',
        "",
        NOTE,
        "| fault | rates | found by seed | as |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def _seed(found: Found) -> str:
    return str(found.seed) if found.seed else f"not in {found.tried}"


def _short(wrong: str) -> str:
    return wrong.partition(": (UUID")[0].replace("|", "/").replace("\n", " ")[:90]


def main() -> int:
    """Find each mutation and write the table; 1 where one was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutations")
    parser.add_argument("--seeds", type=int, default=SEEDS_MAX, help="at most, for each")
    parser.add_argument("--only", default="", help="those whose name holds this")
    asked = parser.parse_args()
    chosen = [each for each in MUTATIONS if asked.only in each.name]
    found = []
    with server() as url:
        for mutation in chosen:
            found.append(find(url, mutation, asked.seeds))
            sys.stdout.write(f"{found[-1].name}: {found[-1].seed} {found[-1].wrong[:120]}\n")
            sys.stdout.flush()
    if not asked.only:
        TABLE.write_text(table(found), encoding="utf-8")
    return 0 if all(each.seed for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
