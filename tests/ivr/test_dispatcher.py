"""The tick: decides, mends, rings; one fault in it does not still the line."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.pulse import processes
from core.services import Services
from core.work import InlineWork
from ivr import dispatcher as dispatcher_module
from ivr.dispatcher import ClocksApart, Dispatcher, decide, tick
from tests.routing.line_stage import Stage
from tests.wrong_clock import WrongClock


def test_a_tick_offers_and_tells_the_board_and_the_desk(services: Services, stage: Stage) -> None:
    counselor = stage.counselor()
    stage.call()
    before = services.live.seen("board")
    _, offered = tick(services)
    assert [offer.counselor_id for offer in offered] == [counselor]
    assert services.live.seen("board") > before
    assert services.live.seen(f"desk:{counselor}") > 0


def test_a_tick_rings_for_orders_by_their_id_alone(services: Services, stage: Stage) -> None:
    stage.counselor(endpoint="tel:+82212345678")
    stage.call()
    tick(services)
    assert isinstance(services.work, InlineWork)
    assert [ring.subject_id for ring in services.work.rings] == [stage.orders()[0].id]


def test_a_tick_mends_first_and_then_decides(services: Services, stage: Stage) -> None:
    first = stage.counselor()
    stage.call()
    tick(services)
    second = stage.counselor()
    stage.later(services.policy.ring_seconds_max)
    stage.heard(second)
    swept, offered = tick(services)
    assert swept.offers_lapsed == 1
    assert [offer.counselor_id for offer in offered] == [second]
    assert stage.get_presence(first).status == "break"


@pytest.mark.parametrize("step", ["sweep", "tend"])
def test_a_fault_in_mending_does_not_stop_the_offers(
    services: Services,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    step: str,
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("something nobody thought of")

    monkeypatch.setattr(dispatcher_module, step, fail)
    monkeypatch.setattr(dispatcher_module, "anything_to_tend", lambda *_: True)
    late = stage.call()
    stage.later(services.policy.wait_unheard_seconds_max)
    stage.counselor()
    with caplog.at_level("ERROR"):
        _, offered = tick(services)
    assert "mending_failed" in caplog.messages
    assert [offer.call_id for offer in offered] == [late]


def seated(stage: Stage) -> tuple[uuid.UUID, uuid.UUID]:
    """By the database's clock: a browser that was just heard, offered a call or to be."""
    stage.clock.set(datetime.now(UTC))
    return stage.counselor(), stage.call()


@pytest.mark.parametrize("off_by", [20.0, 6.0, -6.0])
def test_a_process_whose_clock_is_wrong_neither_sweeps_nor_decides(
    services: Services, stage: Stage, off_by: float
) -> None:
    """Fifteen seconds ahead, it put each counselor on break within a second of an offer."""
    counselor, call = seated(stage)
    wrong = replace(services, clock=WrongClock(off_by))
    for act in (tick, decide):
        with pytest.raises(ClocksApart):
            act(wrong)
    assert stage.get_call(call).state == "waiting"
    stage.dispatch()
    for act in (tick, decide):
        with pytest.raises(ClocksApart):
            act(wrong)
    seat = stage.get_presence(counselor)
    assert (seat.status, seat.state) == ("ready", "offered")
    told = wrong.metrics.registry.get_sample_value("helpline_clock_ahead_seconds")
    assert told == pytest.approx(off_by, abs=0.5)


def test_by_a_wrong_clock_what_was_decided_before_is_carried_out(
    services: Services, stage: Stage
) -> None:
    """Whoever was accepted is joined, and nobody is left in a silent room, where all are apart."""
    stage.clock.set(datetime.now(UTC))
    stage.counselor(endpoint="tel:+82212345678")
    stage.call()
    stage.dispatch()
    with pytest.raises(ClocksApart):
        decide(replace(services, clock=WrongClock(20.0)))
    assert isinstance(services.work, InlineWork)
    assert [ring.subject_id for ring in services.work.rings] == [stage.orders()[0].id]


def test_a_process_whose_clock_is_a_little_wrong_decides(services: Services, stage: Stage) -> None:
    _, call = seated(stage)
    _, offered = tick(replace(services, clock=WrongClock(1.0)))
    assert [offer.call_id for offer in offered] == [call]


def test_a_wrong_clock_is_logged_once_in_a_while_and_shows_no_pulse(
    services: Services, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    seated(stage)
    made = Dispatcher(replace(services, clock=WrongClock(20.0)))
    with caplog.at_level("ERROR"):
        made.start()
        until = time.monotonic() + 10
        while time.monotonic() < until and "clocks_apart" not in caplog.messages:
            time.sleep(0.05)
        services.live.ring("line")
        time.sleep(1.5)
        made.stop()
    assert caplog.messages.count("clocks_apart") == 1
    with services.database.transaction() as session:
        assert processes(session, datetime.now(UTC)) == []


@pytest.fixture
def running(services: Services) -> Iterator[Dispatcher]:
    """A dispatcher's thread."""
    made = Dispatcher(services)
    yield made
    made.stop()


def test_an_unforeseen_fault_does_not_end_the_thread(
    services: Services,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    running: Dispatcher,
) -> None:
    real, failed = dispatcher_module.dispatch, []

    def fail_once(*arguments: object) -> object:
        if not failed:
            failed.append(True)
            raise LookupError("something nobody thought of")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(dispatcher_module, "dispatch", fail_once)
    stage.counselor()
    call = stage.call()
    running.start()
    until = time.monotonic() + 10
    while time.monotonic() < until and stage.get_call(call).state == "waiting":
        time.sleep(0.05)
    assert failed
    assert stage.get_call(call).state == "offered"


def test_an_order_that_no_worker_took_is_carried_out_here(
    services: Services, stage: Stage, monkeypatch: pytest.MonkeyPatch, running: Dispatcher
) -> None:
    """Redis gone, workers dead: no order waits for them."""
    carried = []
    monkeypatch.setattr(
        dispatcher_module, "carry_out", lambda _s, _c, _p, order_id: carried.append(order_id)
    )
    stage.counselor(endpoint="tel:+82212345678")
    stage.call()
    stage.dispatch()
    order = stage.orders()[0]
    stage.clock.set(stage.now + timedelta(seconds=1))
    running.start()
    until = time.monotonic() + 10
    while time.monotonic() < until and not carried:
        time.sleep(0.05)
    assert order.id in carried
