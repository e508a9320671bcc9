"""The worker's crew: quick to begin, at home in threads, back by itself after Redis was gone."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.embedded import EmbeddedValkey
from core.work import RqWork
from worker import Crew

done: dict[str, float] = {}
began = threading.Event()
release = threading.Event()


def note(subject_id: str) -> None:
    """Stands in for a job that is quick."""
    done[subject_id] = time.monotonic()


def fail(subject_id: str) -> None:
    """Stands in for a job that raises."""
    raise RuntimeError(subject_id)


def slow(_subject_id: str) -> None:
    """Stands in for a job that waits."""
    began.set()
    release.wait(10)


def until(true: Callable[[], bool], seconds_max: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds_max
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return true()


@pytest.fixture
def bell(valkey: str) -> Iterator[RqWork]:
    done.clear()
    began.clear()
    release.clear()
    work = RqWork(valkey)
    yield work
    work.close()


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    hands = Crew(valkey)
    hands.start()
    yield hands
    release.set()
    hands.stop()


def ring(bell: RqWork, job: Callable[[str], None], queue: str = "orders") -> str:
    subject = uuid.uuid4()
    bell.ring(queue, f"{__name__}.{job.__name__}", subject)
    return str(subject)


def rung_again(bell: RqWork) -> bool:
    """Ring as the sweep would; one ring may still fall into the circuit's rest."""
    ring(bell, note)
    time.sleep(0.2)
    return len(done) > 1


def test_a_ring_is_answered_at_once(bell: RqWork, crew: Crew) -> None:
    first = ring(bell, note)
    assert until(lambda: first in done)
    starts = []
    for _ in range(30):
        rung = time.monotonic()
        subject = ring(bell, note)
        assert until(lambda subject=subject: subject in done)
        starts.append(done[subject] - rung)
    assert sorted(starts)[len(starts) // 2] < 0.1


def test_a_failing_job_stops_nobody(bell: RqWork, crew: Crew) -> None:
    for _ in range(10):
        ring(bell, fail)
    subject = ring(bell, note)
    assert until(lambda: subject in done)


def test_ringing_people_does_not_wait_for_long_work(bell: RqWork, crew: Crew) -> None:
    for _ in range(8):
        ring(bell, slow, "reports")
    assert began.wait(10)
    subject = ring(bell, note, "orders")
    assert until(lambda: subject in done, 3.0)


def test_stopping_is_prompt(bell: RqWork, valkey: str) -> None:
    hands = Crew(valkey)
    hands.start()
    subject = ring(bell, note)
    assert until(lambda: subject in done)
    asked = time.monotonic()
    hands.stop()
    assert time.monotonic() - asked < 4.0


def test_the_crew_comes_back_after_redis_was_gone(tmp_path_factory: pytest.TempPathFactory) -> None:
    done.clear()
    where = Path(f"/tmp/helpline-test-{uuid.uuid4().hex[:8]}")
    server = EmbeddedValkey(where)
    url = server.start()
    hands, bell = Crew(url), RqWork(url)
    hands.start()
    try:
        subject = ring(bell, note)
        assert until(lambda: subject in done)
        server.stop()
        time.sleep(1.0)
        server.start()
        assert until(lambda: rung_again(bell), 15)
    finally:
        hands.stop()
        bell.close()
        server.stop()
