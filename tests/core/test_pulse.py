"""A process is heard while it lives, missed when silent, forgotten when it said goodbye."""

from core.clock import SteppedClock
from core.database import Database
from core.pulse import BEAT_SECONDS, SILENT_SECONDS_MAX, Pulse, processes


def heard(database: Database, clock: SteppedClock) -> list[tuple[str, bool]]:
    with database.transaction() as session:
        return [(one.kind, one.is_silent) for one in processes(session, clock.now())]


def test_a_life(database: Database, clock: SteppedClock) -> None:
    web, worker = Pulse("web"), Pulse("worker")
    with database.transaction() as session:
        web.beat(session, clock.now())
        worker.beat(session, clock.now())
    clock.step(SILENT_SECONDS_MAX + 1)
    with database.transaction() as session:
        web.beat(session, clock.now())
    assert heard(database, clock) == [("web", False), ("worker", True)]
    with database.transaction() as session:
        web.end(session)
    assert heard(database, clock) == [("worker", True)]
    clock.step(24 * 3600)
    with database.transaction() as session:
        web.beat(session, clock.now())
    assert heard(database, clock) == [("web", False)]


def test_it_beats_now_and_then_whatever_the_clock_does(
    database: Database, clock: SteppedClock
) -> None:
    pulse = Pulse("web")
    assert pulse.is_due(clock.now())
    with database.transaction() as session:
        pulse.beat(session, clock.now())
    assert not pulse.is_due(clock.now())
    clock.step(BEAT_SECONDS)
    assert pulse.is_due(clock.now())
    clock.step(-7200)
    assert pulse.is_due(clock.now())
