"""Orders against a carrier that is slow, fails, or fails after having done it."""

import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.policy import load_policy
from core.services import Services
from core.statements import ask
from ivr.carrier import TwilioCarrier
from ivr.carry_out import _done, carry_out
from ivr.spoken import page
from routing import line, orders, records
from routing.models import Call, Order
from routing.orders import OrderKind
from tests.ivr.failing_carrier import FailingCarrier, Says, call, calls, error, failing_carrier
from tests.locks import beside
from tests.routing.line_stage import Stage

SECONDS_MAX = 0.4
TEL = "tel:+82212345678"


class Line:
    """A stage whose orders go to a failing carrier."""

    def __init__(self, stage: Stage, services: Services, exchange: FailingCarrier) -> None:
        policy = load_policy(carrier_seconds_max=SECONDS_MAX)
        carrier = replace(services.config.carrier, api_base_url=exchange.url)
        config = replace(services.config, carrier=carrier)
        self.stage, self.exchange = stage, exchange
        self.services = replace(services, config=config, policy=policy)
        self.carrier = TwilioCarrier(carrier, config.helpline_number, SECONDS_MAX)

    def carry(self, order_id: uuid.UUID) -> str:
        """Carry out one order, and check what must always hold."""
        word = carry_out(self.services, self.carrier, page(self.services), order_id)
        self.stage.check()
        return word

    def only(self, kind: str) -> Order:
        """Return the one order of a kind that is not over."""
        (order,) = [
            order
            for order in self.stage.orders()
            if order.kind == kind and order.state in ("due", "sending")
        ]
        return order

    def until_settled(self, kind: str) -> list[str]:
        """Try an order again whenever it is due, until nothing of it is left."""
        words = []
        for _ in range(20):
            due = [held for held in self.stage.orders("due") if held.kind == kind]
            if not due:
                return words
            wait = (due[0].due_at - self.stage.now).total_seconds()
            self.stage.later(max(wait, 0))
            words.append(self.carry(due[0].id))
        raise AssertionError(f"never settled: {words}")


@pytest.fixture
def exchange() -> Iterator[FailingCarrier]:
    """A carrier that fails as told."""
    with failing_carrier() as running:
        yield running


@pytest.fixture
def held(stage: Stage, services: Services, exchange: FailingCarrier) -> Line:
    """A line on that carrier."""
    return Line(stage, services, exchange)


def ring(held: Line) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    counselor, caller = held.stage.counselor(endpoint=TEL), held.stage.call(waited=60)
    offer = held.stage.dispatch()[0]
    return counselor, caller, offer.offer_id


def test_a_ring_asks_for_a_whisper_and_one_event_at_the_end(held: Line) -> None:
    _, _, offer_id = ring(held)
    held.exchange.says = [call("CAleg", "queued", 201)]
    assert held.carry(held.only("ring").id) == "done"
    (asked,) = held.exchange.rings
    assert asked.form["To"] == ["+82212345678"]
    assert asked.form["From"] == [held.services.config.helpline_number]
    assert asked.form["StatusCallbackEvent"] == ["completed"]
    assert asked.form["Url"] == [
        f"{held.services.config.public_base_url}/ivr/whisper?offer={offer_id}"
    ]
    assert asked.form["StatusCallback"][0].split("#")[0].endswith(f"/ivr/leg?offer={offer_id}")
    assert int(asked.form["Timeout"][0]) == held.services.policy.ring_seconds_max
    assert [order.carrier_sid for order in held.stage.orders("done")] == ["CAleg"]


@pytest.mark.parametrize(
    "failure",
    [
        Says(200, "{}", after=5),
        Says(500, "<html>oops</html>"),
        Says(503, ""),
        Says(0, ""),
        error(500, 20500),
    ],
    ids=["slow", "500", "503", "hung up", "20500"],
)
def test_after_an_unknown_outcome_the_carrier_is_looked_at_before_it_rings_again(
    held: Line, failure: Says
) -> None:
    """The first request may have rung: the leg is found, and nobody is rung twice."""
    ring(held)
    held.exchange.says = [failure]
    began = time.monotonic()
    assert held.carry(held.only("ring").id) == "retried"
    assert time.monotonic() - began < 3 * SECONDS_MAX + 1
    held.exchange.says = [calls("CAfound")]
    assert held.until_settled("ring") == ["done"]
    assert len(held.exchange.rings) == 1
    assert [order.carrier_sid for order in held.stage.orders("done")] == ["CAfound"]


@pytest.mark.parametrize(("status", "rings"), [("completed", 1), ("busy", 1), ("failed", 2)])
def test_a_leg_that_is_over_rang_but_one_that_failed_did_not(
    held: Line, status: str, rings: int
) -> None:
    ring(held)
    held.exchange.says = [Says(500, "")]
    held.carry(held.only("ring").id)
    held.exchange.says = [calls("CAover", status=status), call("CAleg", "queued", 201)]
    assert held.until_settled("ring") == ["done"]
    assert len(held.exchange.rings) == rings


def test_found_nowhere_it_is_rung_once_more(held: Line) -> None:
    ring(held)
    held.exchange.says = [Says(500, "")]
    held.carry(held.only("ring").id)
    held.exchange.says = [calls(), call("CAleg", "queued", 201)]
    assert held.until_settled("ring") == ["done"]
    assert len(held.exchange.rings) == 2


class Outlasting(TwilioCarrier):
    """Looks for so long that the lease runs out and another hand takes the order."""

    def __init__(self, held: Line, order_id: uuid.UUID) -> None:
        super().__init__(held.services.config.carrier, "+8225550120", SECONDS_MAX)
        self._held, self._order_id = held, order_id

    def find_rings(self, to: str, since: datetime) -> Sequence[str]:
        found = super().find_rings(to, since)
        self._held.stage.later(21)
        with self._held.stage.open() as session:
            assert orders.take(session, self._order_id, self._held.stage.now, 20) is not None
        return found


def test_who_looked_for_too_long_does_not_ring_beside_who_took_over(held: Line) -> None:
    """Seed 9 of the short days, once somebody stood still there: a citizen was called twice."""
    ring(held)
    held.exchange.says = [Says(500, "")]
    order_id = held.only("ring").id
    held.carry(order_id)
    held.exchange.says = [calls(), call("CAleg", "queued", 201)]
    held.stage.later(5)
    held.carrier = Outlasting(held, order_id)
    assert held.carry(order_id) == "superseded"
    assert len(held.exchange.rings) == 1
    assert held.only("ring").tries == 3


def test_a_clock_of_ours_that_is_ahead_does_not_hide_the_leg_that_rings(held: Line) -> None:
    """Seed 44 of the short days: set forward by minutes, it let a citizen be called twice."""
    ring(held)
    held.exchange.says = [Says(500, "")]
    held.carry(held.only("ring").id)
    created_at = held.only("ring").created_at
    held.exchange.says = [calls("CAfound")]
    assert held.until_settled("ring") == ["done"]
    (asked,) = [each for each in held.exchange.asked if "StartTime>" in each.form]
    since = datetime.fromisoformat(asked.form["StartTime>"][0])
    assert created_at - since >= timedelta(minutes=5)


def test_a_leg_that_another_order_rang_is_not_the_lost_one(held: Line) -> None:
    ring(held)
    held.exchange.says = [call("CAfirst", "queued", 201)]
    assert held.carry(held.only("ring").id) == "done"
    held.stage.later(2)
    ring(held)
    held.exchange.says = [Says(500, "")]
    assert held.carry(held.only("ring").id) == "retried"
    held.exchange.says = [calls("CAfirst"), call("CAsecond", "queued", 201)]
    assert held.until_settled("ring") == ["done"]
    assert {order.carrier_sid for order in held.stage.orders("done")} == {"CAfirst", "CAsecond"}


def test_too_many_requests_were_not_processed_and_are_asked_again(held: Line) -> None:
    ring(held)
    held.exchange.says = [error(429, 20429)]
    assert held.carry(held.only("ring").id) == "retried"
    order = held.only("ring")
    assert order.due_at > held.stage.now
    assert held.carry(order.id) == "elsewhere"


def test_pauses_double_and_tries_are_counted(held: Line) -> None:
    ring(held)
    held.exchange.says = [error(429, 20429)]
    pauses, began = [], held.stage.now
    for _ in range(held.services.policy.order_tries_max - 1):
        order = held.only("ring")
        if held.carry(order.id) == "retried":
            pauses.append((held.only("ring").due_at - held.stage.now).total_seconds())
        held.stage.clock.set(max(held.only("ring").due_at, held.stage.now))
    assert pauses == sorted(pauses)
    assert pauses[1] == 2 * pauses[0]
    assert (held.stage.now - began).total_seconds() < 60


def test_a_ring_whose_last_answer_was_lost_is_looked_for_once_more(held: Line) -> None:
    """Given up unseen, it rang on, and whoever picked it up heard nothing."""
    counselor, _, _ = ring(held)
    unknown = error(500, 20500)
    held.exchange.says = [unknown, *[calls(), unknown] * 4, calls("CAlate")]
    assert held.until_settled("ring")[-1] == "done"
    assert held.stage.orders("done")[0].carrier_sid == "CAlate"
    assert held.stage.get_presence(counselor).state == "offered"
    assert [each.method for each in held.exchange.asked[-2:]] == ["POST", "GET"]


def test_a_last_try_that_never_rang_is_not_rung_again(held: Line) -> None:
    counselor, caller, _ = ring(held)
    unknown = error(500, 20500)
    held.exchange.says = [unknown, *[calls(), unknown] * 4, calls()]
    assert held.until_settled("ring")[-1] == "failed"
    assert held.exchange.asked[-1].method == "GET"
    assert held.stage.get_call(caller).state == "waiting"
    assert held.stage.get_presence(counselor).state == "free"


def test_a_carrier_that_stays_away_frees_the_counselor_and_keeps_the_callers_place(
    held: Line,
) -> None:
    counselor, caller, offer_id = ring(held)
    arrived = held.stage.get_call(caller).queued_at
    held.exchange.says = [error(429, 20429)]
    words = held.until_settled("ring")
    assert words[-1] == "failed"
    assert len(words) <= 2 * held.services.policy.order_tries_max
    waiting = held.stage.get_call(caller)
    assert (waiting.state, waiting.queued_at) == ("waiting", arrived)
    freed = held.stage.get_presence(counselor)
    assert (freed.status, freed.state) == ("ready", "free")
    assert held.stage.get_offer(offer_id).decline_reason == "carrier failed"


def test_a_number_the_carrier_refuses_needs_a_person(held: Line) -> None:
    counselor, caller, _ = ring(held)
    held.exchange.says = [error(400, 21211)]
    assert held.carry(held.only("ring").id) == "failed"
    assert held.stage.get_call(caller).state == "waiting"
    assert held.stage.get_presence(counselor).status == "break"


@pytest.mark.parametrize("shut_out", [error(401, 20003), Says(403, "")], ids=["401", "403"])
def test_an_account_that_is_refused_puts_nobody_on_break(held: Line, shut_out: Says) -> None:
    """A token that was changed once put each counselor at a telephone on break in turn."""
    counselor, caller, offer_id = ring(held)
    held.exchange.says = [shut_out]
    assert held.carry(held.only("ring").id) == "failed"
    freed = held.stage.get_presence(counselor)
    assert (freed.status, freed.state, freed.not_answering_since) == ("ready", "free", None)
    assert held.stage.get_call(caller).state == "waiting"
    assert held.stage.get_offer(offer_id).decline_reason == "not rung"
    assert "helpline_carrier_shut_out_total 1.0" in held.services.metrics.page().decode()


def test_a_caller_is_moved_once_the_account_is_let_in_again(held: Line) -> None:
    caller, _ = move(held)
    held.exchange.says = [error(401, 20003)]
    assert held.carry(held.only("move").id) == "retried"
    held.exchange.says = [call("CAx")]
    assert held.until_settled("move") == ["done"]
    assert held.stage.get_call(caller).state == "connected"


@pytest.mark.parametrize("body", ["", "not json", "[]", "null", '{"sid": null}'])
def test_malformed_answers_are_bounded_too(held: Line, body: str) -> None:
    counselor, _, _ = ring(held)
    held.exchange.says = [Says(200, body)]
    words = held.until_settled("ring")
    assert set(words) <= {"retried", "paced", "failed", "done"}
    assert held.stage.get_presence(counselor).state in ("free", "offered")


def test_an_offer_that_ended_is_not_rung(held: Line) -> None:
    _, caller, _ = ring(held)
    order = held.only("ring")
    held.stage.leave(caller)
    held.exchange.says = [call("CAleg")]
    assert held.carry(order.id) in ("elsewhere", "dropped")
    assert held.exchange.asked == []


def test_an_offer_that_ends_while_the_carrier_is_asked_is_rung_off(held: Line) -> None:
    _, caller, _ = ring(held)
    order = held.only("ring")
    with held.stage.open() as session:
        taken = orders.take(session, order.id, held.stage.now, 20)
    assert taken is not None
    held.stage.leave(caller)

    with held.stage.open() as session:
        assert _done(held.services, session, taken, "CAleg") == "done"
    assert held.only("hang_up").details["leg_sid"] == "CAleg"


def test_an_offer_that_ends_while_its_leg_is_written_down_is_rung_off(held: Line) -> None:
    """Each of the two looked before the other had written, and the telephone rang on."""
    _, caller, _ = ring(held)
    order, services = held.only("ring"), held.services
    with held.stage.open() as session:
        taken = orders.take(session, order.id, held.stage.now, 20)
    assert taken is not None

    def write() -> str:
        return services.database.run(lambda session: _done(services, session, taken, "CAleg"))

    with held.stage.open() as session:
        leaving = session.get_one(Call, caller, with_for_update=True)
        line.caller_left(session, leaving, "hung up", held.stage.now, services.policy)
        session.flush()
        writing = beside(services.database, write)
    assert writing.result() == "done"
    assert held.only("hang_up").details["leg_sid"] == "CAleg"


def test_the_second_of_two_hands_finds_the_order_taken(held: Line) -> None:
    ring(held)
    order = held.only("ring")
    with held.stage.open() as session:
        first = orders.take(session, order.id, held.stage.now, 20)
    assert first is not None
    assert held.carry(order.id) == "elsewhere"
    held.stage.later(20)
    held.exchange.says = [calls("CAfound")]
    assert held.carry(order.id) == "done"
    with held.stage.open() as session:
        assert not orders.settle(session, first, "failed", held.stage.now)
    assert [order.state for order in held.stage.orders()] == ["done"]


def move(held: Line) -> tuple[uuid.UUID, uuid.UUID]:
    held.stage.counselor()
    caller = held.stage.call()
    _, session_id = held.stage.accepted()
    held.stage.join_counselor(session_id)
    return caller, session_id


@pytest.mark.parametrize("gone", [error(404, 20404), error(400, 21220)], ids=["404", "21220"])
def test_a_caller_found_gone_has_left(held: Line, gone: Says) -> None:
    caller, session_id = move(held)
    held.exchange.says = [gone]
    assert held.carry(held.only("move").id) == "failed"
    assert held.stage.get_call(caller).state == "wrapping"
    assert held.stage.get_talk(session_id).end_reason == "found gone"


def test_a_caller_who_cant_be_moved_keeps_the_place(held: Line) -> None:
    caller, _ = move(held)
    held.exchange.says = [error(400, 99999)]
    assert held.carry(held.only("move").id) == "failed"
    assert held.stage.get_call(caller).state == "waiting"


def test_a_move_whose_answer_was_lost_is_not_repeated_once_the_caller_is_there(
    held: Line,
) -> None:
    """Moved again, the caller would be torn out of the room and the room would end."""

    caller, session_id = move(held)
    held.exchange.says = [Says(500, "")]
    held.carry(held.only("move").id)
    sid = held.stage.get_call(caller).carrier_sid
    with held.stage.open() as session:
        line.caller_joined(session, session_id, sid, held.stage.now)
    held.exchange.says = [call(sid)]
    assert held.until_settled("move") == ["dropped"]
    assert len(held.exchange.asked) == 1


def test_a_late_reconnect_does_not_tear_the_caller_from_the_next_counselor(held: Line) -> None:

    caller, session_id = move(held)
    with held.stage.open() as session:
        line.lose_counselor(session, session_id, "dropped", held.stage.now, held.services.policy)
    late = held.only("move")
    assert late.details["to"] == "reconnect"
    held.stage.counselor(idle_seconds=999)
    held.stage.later(5)  # the lost one has had the time to come back
    held.stage.talking("CAother")
    assert held.carry(late.id) == "dropped"
    assert held.stage.get_call(caller).state == "connected"


def alone(held: Line, to: str) -> uuid.UUID:
    """Leave a caller in the room by themselves, to be moved `to` where something is heard."""
    counselor, caller = held.stage.counselor(), held.stage.call()
    _, session_id = held.stage.talking()
    if to == "goodbye":
        held.stage.end(session_id, counselor)
    else:
        held.stage.lose_leg(session_id)
    assert held.only("move").details["to"] == to
    return caller


@pytest.mark.parametrize("to", ["reconnect", "goodbye"])
@pytest.mark.parametrize(
    "failure", [Says(503, ""), error(401, 20003), error(400, 99999)], ids=["503", "401", "400"]
)
def test_a_caller_in_a_silent_room_is_fetched_out_however_long_the_carrier_fails(
    held: Line, to: str, failure: Says
) -> None:
    """Sixteen seconds of it once left the caller in silence until somebody was free."""
    alone(held, to)
    held.exchange.says = [failure]
    began, pauses = held.stage.now, []
    while held.stage.now - began < timedelta(minutes=5):
        order = held.only("move")
        pauses.append((order.due_at - held.stage.now).total_seconds())
        held.stage.later(max(pauses[-1], 0))
        assert held.carry(order.id) == "retried"
    assert pauses[:5] == [0, 1, 2, 4, 8]
    assert max(pauses) == 15
    held.exchange.says = [call("CAx")]
    assert held.until_settled("move") == ["done"]


def test_a_counselor_in_a_silent_room_is_hung_up_however_long_the_carrier_fails(
    held: Line,
) -> None:
    """Seed 4 of the short days, with a carrier away often: a leg was left up for hours."""
    alone(held, "goodbye")
    held.exchange.says = [Says(503, "")]
    for _ in range(10):
        order = held.only("hang_up")
        held.stage.later(max((order.due_at - held.stage.now).total_seconds(), 0))
        assert held.carry(order.id) == "retried"
    held.exchange.says = [call("CAleg", "completed")]
    assert held.until_settled("hang_up") == ["done"]


@pytest.mark.parametrize(("to", "state"), [("reconnect", "closed"), ("goodbye", "wrapping")])
def test_a_caller_who_went_is_not_fetched_out_of_the_room(held: Line, to: str, state: str) -> None:
    caller = alone(held, to)
    held.exchange.says = [Says(503, "")]
    assert held.carry(held.only("move").id) == "retried"
    held.exchange.says = [error(404, 20404)]
    assert held.until_settled("move") == ["failed"]
    assert held.stage.get_call(caller).state == state


def test_who_waits_no_more_is_not_fetched_out_of_the_room(held: Line) -> None:
    caller = alone(held, "reconnect")
    held.exchange.says = [Says(503, "")]
    assert held.carry(held.only("move").id) == "retried"
    held.stage.leave(caller)
    assert held.until_settled("move") == ["dropped"]


def test_no_leg_is_moved_a_day_later(held: Line) -> None:
    alone(held, "goodbye")
    held.exchange.says = [Says(503, "")]
    held.stage.later(24 * 3600)
    assert held.carry(held.only("move").id) == "retried"
    assert held.until_settled("move")[-1] == "failed"


@pytest.mark.parametrize(
    ("says", "state"),
    [
        (call("CAx", "in-progress"), "waiting"),
        (call("CAx", "completed"), "closed"),
        (error(404, 20404), "closed"),
    ],
    ids=["live", "completed", "unknown"],
)
def test_a_look_up_settles_a_silent_call(held: Line, says: Says, state: str) -> None:
    caller = held.stage.call()
    held.stage.later(held.services.policy.wait_unheard_seconds_max)
    held.stage.sweep()
    held.exchange.says = [says]
    assert held.carry(held.only("look_up").id) == "done"
    assert held.stage.get_call(caller).state == state


@pytest.mark.parametrize("kind", ["look_up", "move"])
def test_a_strangers_404_ends_no_call(held: Line, kind: str) -> None:
    """A proxy between the carrier and us answers so, or the carrier at a wrong address."""
    if kind == "move":
        caller, _ = move(held)
    else:
        caller = held.stage.call()
        held.stage.later(held.services.policy.wait_unheard_seconds_max)
        held.stage.sweep()
    held.exchange.says = [Says(404, "<html>not found</html>")]
    assert held.carry(held.only(kind).id) == "retried"
    there = held.stage.get_call(caller)
    assert (there.left_at, there.closed_at) == (None, None)


def test_a_leg_that_is_gone_is_hung_up(held: Line) -> None:
    counselor = held.stage.counselor()
    held.stage.call()
    _, session_id = held.stage.talking("CAleg")
    held.stage.end(session_id, counselor)
    held.exchange.says = [error(404, 20404)]
    assert held.carry(held.only("hang_up").id) == "failed"
    assert held.stage.orders("due")[0].kind == "move"


def test_new_calls_are_paced_and_the_deadline_waits_with_them(held: Line) -> None:
    for _ in range(3):
        held.stage.counselor(endpoint=TEL)
        held.stage.call()
    offers = held.stage.dispatch()
    held.exchange.says = [call("CAleg", "queued", 201)]
    words = [held.carry(order.id) for order in held.stage.orders("due")]
    assert sorted(words) == ["done", "paced", "paced"]
    slots = sorted((order.due_at - held.stage.now).total_seconds() for order in _due(held))
    assert slots == [1.0, 2.0]
    deadlines = {held.stage.get_offer(offer.offer_id).deadline for offer in offers}
    assert len(deadlines) == 3
    held.stage.later(2)
    assert [held.carry(order.id) for order in _due(held)] == ["done", "done"]
    assert all(order.tries == 1 for order in held.stage.orders("done"))


@pytest.mark.parametrize("kind", [OrderKind.RING, OrderKind.REACH])
def test_who_rings_waits_for_the_call_before_the_order_is_taken(
    held: Line, kind: OrderKind
) -> None:
    """Taken first, the order was what others waited for who had the offer, and it for them."""
    call_id, now = held.stage.call(), held.stage.now
    details = {"session_id": str(uuid.uuid4())}
    with held.stage.open() as session:
        order_id = orders.write(
            session, kind, call_id=call_id, subject_id=call_id, now=now, **details
        )
    database = held.stage.database
    with database.transaction() as session:
        assert records.call_locked(session, call_id) is not None
        carrying = beside(database, lambda: held.carry(order_id))
        untaken = "SELECT id FROM orders WHERE id = %s FOR UPDATE SKIP LOCKED"
        assert ask(session, untaken, (order_id,)).fetchone() is not None
    assert carrying.result() == "dropped"


def test_a_break_beside_a_ring_that_is_put_off_meets_no_deadlock(held: Line) -> None:
    """It ended a press with a fault, and nobody was offered a call for a second."""
    counselor, _, _ = ring(held)
    order_id, database = held.only("ring").id, held.stage.database
    with database.transaction() as session:
        for _ in range(3):
            orders.next_slot(session, held.stage.now, 1.0)
        carrying = beside(database, lambda: held.carry(order_id))
        leaving = beside(database, lambda: held.stage.say(counselor, "break"), waiting=2)
    leaving.result()
    assert carrying.result() == "paced"
    assert held.stage.get_presence(counselor).status == "break"
    assert [order.state for order in held.stage.orders()] == ["dropped"]


def _due(held: Line) -> list[Order]:
    return [order for order in held.stage.orders("due") if order.kind == OrderKind.RING]
