"""The tick: decides, mends, rings; one fault in it does not still the line."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.services import Services
from core.work import InlineWork
from ivr import dispatcher as dispatcher_module
from ivr.dispatcher import Dispatcher, tick
from tests.routing.line_stage import Stage


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
