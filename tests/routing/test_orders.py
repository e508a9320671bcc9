"""Orders: written with their state, taken once, settled once, paced together."""

from datetime import timedelta

from sqlalchemy import text

from routing import orders, records
from routing.models import Order
from routing.orders import OrderKind
from tests.routing.line_stage import Stage


def written(stage: Stage, kind: OrderKind = OrderKind.MOVE) -> Order:
    call = stage.call()
    with stage.open() as session:
        order_id = orders.write(
            session, kind, call_id=call, subject_id=call, now=stage.now, leg_sid="CA1"
        )
    with stage.open() as session:
        return session.get_one(Order, order_id)


def take(stage: Stage, order: Order, lease_seconds: float = 20) -> orders.TakenOrder | None:
    with stage.open() as session:
        return orders.take(session, order.id, stage.now, lease_seconds)


def test_an_order_is_taken_once_until_its_lease_runs_out(stage: Stage) -> None:
    order = written(stage)
    first = take(stage, order)
    assert first is not None
    assert take(stage, order) is None
    stage.later(20)
    second = take(stage, order)
    assert second is not None
    assert (first.tries, second.tries) == (1, 2)


def test_who_lost_the_lease_settles_nothing(stage: Stage) -> None:
    order = written(stage)
    first = take(stage, order)
    stage.later(20)
    second = take(stage, order)
    assert first is not None
    assert second is not None
    with stage.open() as session:
        assert not orders.settle(session, first, "failed", stage.now)
        orders.postpone(session, first, stage.now, "late")
        assert orders.settle(session, second, "done", stage.now, carrier_sid="CAleg")
        assert not orders.settle(session, second, "done", stage.now)
    (settled,) = stage.orders()
    assert (settled.state, settled.carrier_sid) == ("done", "CAleg")


def test_orders_of_one_moment_are_due_in_one_order_whatever_the_plan(stage: Stage) -> None:
    """Else a day of a seed is told differently now and then (found in seed 1015)."""
    ids = [written(stage).id for _ in range(8)]
    for setting in ("enable_indexscan", "enable_seqscan"):
        with stage.open() as session:
            session.execute(text(f"SET LOCAL {setting} = off"))
            assert records.due_orders(session, stage.now, 100) == sorted(ids)
            assert records.due_orders(session, stage.now, 3) == sorted(ids)[:3]


def test_what_nobody_has_taken_is_dropped_and_nothing_else(stage: Stage) -> None:
    taken, due = written(stage), written(stage)
    assert take(stage, taken) is not None
    with stage.open() as session:
        for order in (taken, due):
            orders.drop(session, OrderKind.MOVE, order.subject_id, stage.now)
            orders.drop(session, OrderKind.RING, order.subject_id, stage.now)
    assert sorted(order.state for order in stage.orders()) == ["dropped", "sending"]
    assert take(stage, due) is None


def test_slots_are_a_second_apart_for_all_processes(stage: Stage) -> None:
    with stage.open() as session:
        slots = [orders.next_slot(session, stage.now, 1.0) for _ in range(3)]
    assert [slot - stage.now for slot in slots] == [timedelta(seconds=n) for n in range(3)]
    stage.later(60)
    with stage.open() as session:
        assert orders.next_slot(session, stage.now, 1.0) == stage.now


def test_waiting_for_a_slot_is_no_try(stage: Stage) -> None:
    order = written(stage, OrderKind.RING)
    first = take(stage, order)
    assert first is not None
    with stage.open() as session:
        orders.pace(session, first, stage.now + timedelta(seconds=3))
    assert take(stage, order) is None
    stage.later(3)
    again = take(stage, order)
    assert again is not None
    assert (again.tries, again.is_paced) == (1, True)
