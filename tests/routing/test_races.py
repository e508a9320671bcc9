"""Several processes on one PostgreSQL at the same instant: the database is the referee."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text

from routing.dispatch import Offered
from tests.routing import race_workers
from tests.routing.line_stage import Stage

SPAWN = multiprocessing.get_context("spawn")
ROUNDS = 25
JOIN_SECONDS_MAX = 90


def race(*works: tuple[Callable[..., None], tuple[Any, ...]], stage: Stage) -> None:
    """Run each work in a fresh process of its own, all behind one barrier."""
    barrier = SPAWN.Barrier(len(works))
    url = stage.database.engine.url.render_as_string(hide_password=False)
    processes = [
        SPAWN.Process(target=work, args=(url, stage.now, barrier, *arguments))
        for work, arguments in works
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(JOIN_SECONDS_MAX)
    assert [process.exitcode for process in processes] == [0] * len(processes)
    stage.check()


def offers(stage: Stage, count: int) -> tuple[Offered, ...]:
    for _ in range(count):
        stage.counselor()
        stage.call(waited=5)
    made = stage.dispatch()
    assert len(made) == count
    return made


def pairs_of(made: tuple[Offered, ...]) -> list[tuple[str, str]]:
    return [(str(offer.offer_id), str(offer.counselor_id)) for offer in made]


def counted(stage: Stage, table: str) -> dict[str, int]:
    with stage.open() as session:
        rows = session.execute(text(f"SELECT state, count(*) FROM {table} GROUP BY state"))
        return {key: count for key, count in rows}  # noqa: C416 - rows are not pairs to mypy


def test_callers_and_counselors_at_the_same_instant_give_distinct_pairs(stage: Stage) -> None:
    """Peers' bug 1 (yap issue 540), from four processes."""
    count = 30
    for n in range(count):
        stage.counselor(idle_seconds=n)
        stage.call(waited=n)
    race(*[(race_workers.dispatch_in_turn, (4,))] * 4, stage=stage)
    with stage.open() as session:
        pairs = session.execute(text("SELECT call_id, counselor_id FROM offers")).all()
    assert len({call for call, _ in pairs}) == count
    assert len({who for _, who in pairs}) == count
    assert len(pairs) == count


def test_two_processes_accept_one_offer_and_one_session_is_open(
    stage: Stage, tmp_path: Path
) -> None:
    """Peers' bug 2 (Asterisk issue 176): the same press twice gives one session, once each."""
    made = offers(stage, ROUNDS)
    race(
        (race_workers.accept_all, (pairs_of(made), str(tmp_path / "a"))),
        (race_workers.accept_all, (pairs_of(made), str(tmp_path / "b"))),
        stage=stage,
    )
    assert counted(stage, "offers") == {"accepted": ROUNDS}
    assert counted(stage, "sessions") == {"joining": ROUNDS}
    assert all((tmp_path / name).read_text() == str(ROUNDS) for name in "ab")


def test_an_acceptance_races_with_the_caller_hanging_up(stage: Stage, tmp_path: Path) -> None:
    made = offers(stage, ROUNDS)
    race(
        (race_workers.accept_all, (pairs_of(made), str(tmp_path / "won"))),
        (race_workers.leave_all, ([str(offer.call_id) for offer in made],)),
        stage=stage,
    )
    won = int((tmp_path / "won").read_text())
    ended = counted(stage, "offers")
    assert (ended.get("accepted", 0), ended.get("withdrawn", 0)) == (won, ROUNDS - won)
    assert counted(stage, "calls") == {
        state: n for state, n in (("wrapping", won), ("closed", ROUNDS - won)) if n
    }


def test_an_acceptance_races_with_the_lapse(stage: Stage, tmp_path: Path) -> None:
    made = offers(stage, ROUNDS)
    race(
        (race_workers.accept_all, (pairs_of(made), str(tmp_path / "won"))),
        (race_workers.lapse_all, (pairs_of(made),)),
        stage=stage,
    )
    won = int((tmp_path / "won").read_text())
    ended = counted(stage, "offers")
    assert (ended.get("accepted", 0), ended.get("lapsed", 0)) == (won, ROUNDS - won)
    assert counted(stage, "calls") == {
        state: n for state, n in (("connected", won), ("waiting", ROUNDS - won)) if n
    }
