"""Counselor first, then the citizen: what comes of a call we make, through the exchange."""

import uuid
from dataclasses import replace
from datetime import timedelta
from itertools import repeat
from typing import Any

import pytest
from sqlalchemy import select

from callbacks import actions, records
from callbacks.states import PromiseEvent
from citizens import actions as citizens
from citizens.models import Citizen
from core.sealing import Sealer
from core.services import Services
from ivr.faults import CarrierFault, FaultKind
from routing.actions import Accepted, accept_offer
from routing.models import Offer
from simulator.journal import RestRequested
from simulator.kernel import VirtualKernel
from simulator.transport import Done, Failure, Request
from supervision.records import unrecorded
from tests.callbacks.town import CITIZEN, Person, Town
from tests.conftest import START
from tests.databases import DATA_KEY

HOUR = 3600.0
NEW_KEY = bytes(range(32))


def counselor_sid(town: Town) -> str:
    return next(
        leg.sid for leg in town.exchange.legs.values() if leg.live and leg.to.startswith("+8210777")
    )


@pytest.mark.parametrize(
    ("habits", "outcome", "gap_minutes"),
    [
        ({"answer_after": None}, "no_answer", 30),
        ({"refuses": "busy"}, "busy", 30),
        ({"refuses": "rejected"}, "busy", 30),
        ({"answered_by": "machine_start"}, "voicemail", 30),
    ],
)
def test_not_reached_is_tried_once_more_later_then_a_person_decides(
    town: Town, habits: dict[str, object], outcome: str, gap_minutes: int
) -> None:
    citizen = town.person(**habits)
    promise_id = town.promise()
    counselor_id, counselor = town.counselor()
    town.run(120)
    assert town.outcomes(promise_id) == [outcome]
    assert town.get(promise_id).state == "planned"
    assert town.presence(counselor_id).state == "free"
    assert not counselor.leg.live
    town.days(1)
    assert town.outcomes(promise_id) == [outcome, outcome]
    first, second = town.dials()
    assert second - first >= timedelta(minutes=gap_minutes)
    assert first.hour != second.hour
    decided = town.get(promise_id)
    assert decided.state == "for_decision"
    assert decided.waits_for
    town.days(1)
    assert len(town.dials()) == 2
    assert citizen.rooms == []
    assert town.complaints() == []


def accepted(town: Town) -> tuple[uuid.UUID, Person]:
    """A counselor at a browser, who has taken the offer and joins."""
    counselor_id = town.stage.counselor()
    counselor = town.person(f"client:counselor_{counselor_id.hex}")
    town.run(2)
    with town.look() as session:
        offer = session.scalars(select(Offer)).one()
        taken = accept_offer(session, offer.id, counselor_id, town.now, town.services.policy)
    assert isinstance(taken, Accepted)
    counselor.legs.append(town.exchange.dial(counselor, "", {"join": taken.join_token}))
    return counselor_id, counselor


def test_who_was_called_and_loses_the_counselor_waits_for_the_next(town: Town) -> None:
    """They were met by then; the call was taken for one that nobody needs any more."""
    citizen = town.person(talk_seconds=3000.0)
    promise_id, (_, first) = town.promise(), accepted(town)
    town.run(20)
    assert town.get(promise_id).state == "calling"
    first.leg.hang_up()
    town.run(5)
    assert citizen.heard("연결이 잠시 끊어졌")
    _, following = town.counselor()
    town.run(30)
    assert following.rooms[-1] == citizen.rooms[-1]
    assert len(town.dials()) == 1


def test_a_machine_is_hung_up_on_and_never_hears_the_counselor(town: Town) -> None:
    citizen = town.person(answered_by="machine_start")
    town.promise()
    town.counselor()
    town.run(60)
    assert citizen.rooms == []
    assert not citizen.leg.live
    assert all("상담" not in words and "외로" not in words for words in citizen.words)
    asked = town.exchange.journal.of(RestRequested)
    assert [request.code for request in asked if request.code] == []


def test_the_citizen_sees_our_number(town: Town) -> None:
    citizen = town.person()
    town.promise()
    town.counselor()
    town.run(30)
    assert citizen.leg.from_ == town.services.config.helpline_number


def test_key_9_withdraws_at_once(town: Town) -> None:
    citizen = town.person(presses=[("구 번", "9")])
    promise_id = town.promise()
    counselor_id, _ = town.counselor()
    town.run(60)
    assert citizen.heard("앞으로 전화드리지 않겠습니다")
    assert citizen.rooms == []
    assert town.get(promise_id).state == "declined"
    assert town.presence(counselor_id).state == "free"
    town.days(2)
    assert len(town.dials()) == 1


def test_key_9_holds_for_the_number_whatever_key_it_was_known_under(services: Services) -> None:
    before = services.sealer
    town = Town(replace(services, sealer=Sealer((NEW_KEY, DATA_KEY))), START + timedelta(days=1))
    citizen = town.person(presses=[("구 번", "9")], answer_after=10.0)
    with town.look() as session:
        known = citizens.know(session, CITIZEN, before, "ko", town.now)
    promise_id = town.promise()
    with town.look() as session:  # as calls were before the change
        session.get_one(Citizen, known.id).number_index = before.index(CITIZEN)
    town.counselor()
    town.run(15)
    with town.look() as session:
        citizens.know(session, CITIZEN, town.services.sealer, "ko", town.now)
    town.run(45)
    assert citizen.heard("앞으로 전화드리지 않겠습니다")
    with town.look() as session:
        assert session.get_one(Citizen, known.id).do_not_call_at is not None
    assert town.get(promise_id).state == "declined"


def test_a_citizen_who_answers_at_the_last_ring_is_not_cut_off_in_the_greeting(
    town: Town,
) -> None:
    citizen = town.person(answer_after=33.0)
    promise_id = town.promise()
    town.counselor()
    town.run(100)
    assert citizen.rooms != []
    town.talk_over()
    assert town.get(promise_id).state == "kept"


def test_the_carriers_pace_does_not_eat_the_time_to_ring(town: Town) -> None:
    """Many promises at once: one new call a second, and each citizen is rung for as long."""
    people = [town.person(f"+8210444{n:05}", answer_after=25.0) for n in range(25)]
    for person in people:
        town.promise(e164=person.address)
        town.counselor()
    town.run(240)
    town.talk_over()
    assert {promise.state for promise in town.promises()} == {"kept"}
    assert all(len(town.dials(person.address)) == 1 for person in people)


@pytest.mark.parametrize("when", [1.0, 8.0, 14.0, 20.0])
def test_a_counselor_lost_while_ringing_never_makes_the_telephone_ring_again_and_again(
    town: Town, when: float
) -> None:
    citizen = town.person(answer_after=None)
    promise_id = town.promise()
    counselor_id, counselor = town.counselor()
    for _ in range(20):
        town.run(1)
        if town.dials():
            break
    town.run(when)
    counselor.leg.hang_up()
    town.run(10)
    assert not citizen.leg.live
    town.say(counselor_id, "ready")
    town.days(25 / 1440)
    assert len(town.dials()) == 1
    assert town.get(promise_id).state == "planned"
    town.days(2)
    assert len(town.dials()) == 2
    assert town.get(promise_id).state == "for_decision"


def test_a_counselor_lost_before_anybody_was_rung_costs_no_try(town: Town) -> None:
    town.person()
    promise_id = town.promise()
    _, counselor = town.counselor(presses=[("일 번을 눌러", "1")])
    for _ in range(100):
        town.run(0.2)
        if counselor.rooms:
            counselor.leg.hang_up()
            break
    if not town.dials():
        town.counselor()
        town.run(60)
        assert town.outcomes(promise_id) == ["reached"]


def test_a_counselor_lost_during_the_greeting_does_not_leave_the_citizen_in_silence(
    town: Town,
) -> None:
    citizen = town.person(answer_after=2.0)
    promise_id = town.promise()
    _, counselor = town.counselor()
    for _ in range(60):
        town.run(1)
        if citizen.words:
            break
    town.run(2)
    counselor.leg.hang_up()
    town.run(60)
    assert not citizen.leg.live
    assert town.get(promise_id).state in ("planned", "kept")
    assert town.complaints() == []


def test_a_carrier_that_refuses_the_number_counts_as_a_try(town: Town) -> None:
    promise_id = town.promise(e164="+821099990000")  # nobody is registered: the carrier fails it
    town.counselor()
    town.days(2)
    assert len(town.outcomes(promise_id)) == 2
    assert town.get(promise_id).state == "for_decision"


def test_a_carrier_that_shuts_us_out_costs_the_citizen_no_try(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a token was changed, a place kept in the queue lost both its tries in an hour."""
    citizen, promise_id = town.person(), town.promise()
    counselor_id, _ = town.counselor()
    ring = town.carrier.ring

    def shut_out(to: str, **wanted: Any) -> str:
        if to == CITIZEN:
            raise CarrierFault(FaultKind.SHUT_OUT, "401 20003")
        return ring(to, **wanted)

    monkeypatch.setattr(town.carrier, "ring", shut_out)
    town.run(30)
    assert (town.outcomes(promise_id), town.get(promise_id).state) == ([], "planned")
    assert town.presence(counselor_id).state == "free"
    assert town.get(promise_id).next_at > town.now + timedelta(minutes=1)
    town.run(HOUR)
    monkeypatch.setattr(town.carrier, "ring", ring)
    town.run(1200)
    assert town.outcomes(promise_id) == ["reached"]
    assert len(citizen.rooms) == 1


def test_who_may_have_been_rung_before_we_were_shut_out_had_a_try(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise_id = town.promise()
    town.counselor()
    ring, faults = town.carrier.ring, iter((FaultKind.UNKNOWN, *repeat(FaultKind.SHUT_OUT, 9)))

    def fail(to: str, **wanted: Any) -> str:
        if to == CITIZEN:
            raise CarrierFault(next(faults), "fault")
        return ring(to, **wanted)

    monkeypatch.setattr(town.carrier, "ring", fail)
    town.run(90)
    assert town.outcomes(promise_id) == ["failed"]


def test_consent_withdrawn_while_queued_is_not_dialled(town: Town) -> None:
    citizen = town.person()
    promise_id = town.promise()
    town.run(60)
    assert [call.state for call in town.calls("outward")] == ["waiting"]
    town.forbid()
    town.counselor()
    town.run(120)
    assert citizen.legs == []
    assert town.get(promise_id).state == "withdrawn"
    assert [call.state for call in town.calls("outward")] == ["closed"]


def test_consent_withdrawn_while_it_rings_stops_within_a_second(town: Town) -> None:
    citizen = town.person(answer_after=None)
    promise_id = town.promise()
    counselor_id, _ = town.counselor()
    for _ in range(40):
        town.run(1)
        if citizen.legs:
            break
    town.forbid()
    town.run(1.5)
    assert not citizen.leg.live
    town.run(3)
    assert town.get(promise_id).state == "withdrawn"
    assert town.presence(counselor_id).state == "free"
    town.days(2)
    assert len(town.dials()) == 1


@pytest.mark.parametrize("moment", ["queued", "ringing"])
def test_a_promise_withdrawn_by_a_person_is_not_dialled_any_more(town: Town, moment: str) -> None:
    citizen = town.person(answer_after=None)
    promise_id = town.promise()
    if moment == "ringing":
        town.counselor()
        while not citizen.legs:
            town.run(1)
    else:
        town.run(5)
    with town.look() as session:
        held = records.locked(session, promise_id)
        assert held is not None
        actions.move(held, PromiseEvent.WITHDREW, town.now, "asked by telephone")
    town.run(1.5)
    assert not citizen.legs or not citizen.leg.live
    dials = len(town.dials())
    town.counselor()
    town.days(1)
    assert len(town.dials()) == dials
    assert town.get(promise_id).state == "withdrawn"
    assert [call.state for call in town.calls("outward")] == ["closed"]


def test_quiet_hours_reached_while_queued_the_place_is_kept_until_morning(town: Town) -> None:
    citizen = town.person()
    town.days(10.9 / 24)  # 20:54 in Seoul
    promise_id = town.promise()
    queued_at = town.get(promise_id).queued_at
    town.run(HOUR)
    assert [call.state for call in town.calls("outward")] == ["closed"]
    town.counselor()
    town.days(9 / 24)
    assert citizen.legs == []
    town.days(2 / 24)
    assert town.calls("outward")[-1].queued_at == queued_at
    assert town.get(promise_id).state == "kept"
    assert len(town.dials()) == 1


class NobodyThere:
    """A transport to a line of which no web process is up."""

    def __init__(self, kernel: VirtualKernel) -> None:
        self._kernel = kernel

    def request(self, request: Request, done: Done) -> None:
        self._kernel.post(lambda: done(Failure("connect")))


def test_one_wish_never_rings_twice_though_the_first_leg_ended_while_nobody_listened(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies with the carrier's answer on its way, then every web; found by
    `make torture SEED=7 TIMES=40`, where only live legs were looked for."""
    town.person()
    promise_id = town.promise()
    counselor_id, _ = town.counselor()
    ring, there = town.carrier.ring, town.exchange.webhooks.transport

    def ring_and_die(to: str, **asked: object) -> str:
        sid = ring(to, **asked)  # type: ignore[arg-type]
        if to != CITIZEN:
            return sid
        webhooks = town.exchange.webhooks
        webhooks.transport = NobodyThere(town.kernel)
        town.kernel.at(15.0, lambda: setattr(webhooks, "transport", there))
        monkeypatch.setattr(town.carrier, "ring", ring)
        raise ConnectionError

    monkeypatch.setattr(town.carrier, "ring", ring_and_die)
    town.run(60)
    assert len(town.dials()) == 1
    assert town.outcomes(promise_id) == ["failed"]
    assert town.get(promise_id).state == "planned"
    assert town.presence(counselor_id).state == "free"


def joined(town: Town, answered_by: str = "human", heard_after: float = 3.0) -> uuid.UUID:
    """A promised talk whose citizen, or what picked up, was just joined; return the counselor.

    heard_after: seconds from picking up until the carrier says who answered.
    """
    town.exchange.oddities = replace(town.exchange.oddities, amd_seconds=heard_after)
    town.person(talk_seconds=600.0, answered_by=answered_by)
    town.promise()
    counselor_id, _ = town.counselor()
    while not town.calls("outward") or town.calls("outward")[0].answered_at is None:
        town.run(1)
    return counselor_id


def test_a_talk_of_which_it_is_heard_late_that_a_machine_answered_was_none(town: Town) -> None:
    counselor_id = joined(town, "machine_start", heard_after=20.0)
    town.run(20)
    promise = town.only()
    assert town.outcomes(promise.id) == ["voicemail"]
    assert (promise.state, promise.entry_call_id) == ("planned", None)
    assert promise.next_at >= town.now + timedelta(minutes=150)
    assert town.presence(counselor_id).state == "free"
    assert not any(leg.live for leg in town.exchange.legs.values())
    assert town.calls("outward")[0].close_reason == "not_reached: voicemail"
    assert town.complaints() == []
    with town.look() as session:
        assert unrecorded(session, 10) == []


@pytest.mark.parametrize(
    ("answered_by", "heard_after"), [("human", 20.0), ("unknown", 20.0), ("machine_start", 60.0)]
)
def test_a_talk_goes_on_whatever_else_is_heard(
    town: Town, answered_by: str, heard_after: float
) -> None:
    counselor_id = joined(town, answered_by, heard_after)
    town.run(heard_after + 5)
    assert town.presence(counselor_id).state == "on_call"
    town.run(600)
    town.talk_over()
    assert town.only().state == "kept"


def test_who_pressed_a_key_is_nobodys_machine(town: Town) -> None:
    town.exchange.oddities = replace(town.exchange.oddities, amd_seconds=6.0)
    citizen = town.person(
        talk_seconds=600.0, answered_by="machine_start", presses=[("부탁하신 전화", "1")]
    )
    town.promise()
    counselor_id, _ = town.counselor()
    town.run(60)
    assert len(citizen.rooms) == 1
    assert citizen.leg.live
    assert town.presence(counselor_id).state == "on_call"


def test_what_is_asked_for_while_a_talk_goes_on_is_another_promise(town: Town) -> None:
    joined(town)
    promise_id = town.only().id
    town.run(60)
    tomorrow = town.now + timedelta(days=1)
    again = town.promise(at=tomorrow)
    assert again != promise_id
    assert town.get(promise_id).state == "kept"
    assert town.get(again).next_at == tomorrow
    assert town.outcomes(promise_id) == ["reached"]


@pytest.mark.parametrize(
    ("contact_kind", "outcome", "state"),
    [
        ("silent", "no_answer", "planned"),
        ("hung_up_early", "failed", "planned"),
        ("misdial_wrong_menu", "wrong_person", "for_decision"),
        ("loneliness_talk", "reached", "kept"),
    ],
)
def test_the_counselor_says_whether_anybody_was_there(
    town: Town, contact_kind: str, outcome: str, state: str
) -> None:
    counselor_id = joined(town)
    promise_id = town.only().id
    assert town.get(promise_id).state == "calling"
    town.finish(counselor_id, {"contact_kind": contact_kind})
    town.run(2)
    assert (town.outcomes(promise_id), town.get(promise_id).state) == ([outcome], state)
    kept_at = town.calls("outward")[0].answered_at if state == "kept" else None
    assert town.get(promise_id).kept_at == kept_at


def test_who_asks_again_before_the_outcome_is_written_is_called_again(town: Town) -> None:
    joined(town)
    promise_id = town.only().id
    town.run(600)
    assert town.get(promise_id).state == "calling"
    again = town.promise()
    assert again != promise_id
    assert (town.get(promise_id).state, town.get(again).state) == ("kept", "planned")


def test_who_was_cut_off_and_asks_to_be_called_is_called_again(town: Town) -> None:
    """The talk that was cut off kept the new promise as well, and nobody called."""
    citizen = town.person(talk_seconds=600.0, presses=[("맞으면 일 번", "1")])
    promise_id, (_, lost) = town.promise(), accepted(town)
    town.run(60)
    lost.leg.hang_up()
    town.run(30)
    assert citizen.heard("기다리지 않고 전화를 받으시려면")
    citizen.leg.press("2")
    town.run(60)
    assert citizen.heard("약속드립니다")
    assert not citizen.leg.live
    again = town.promises()[-1]
    assert (town.get(promise_id).state, again.state) == ("kept", "planned")
    town.counselor()
    town.run(1200)
    assert town.outcomes(again.id) == ["reached"]
    assert len(town.dials()) == 2


def test_who_lost_the_counselor_at_once_and_asks_to_be_called_is_not_rung_into_the_goodbye(
    town: Town,
) -> None:
    """They had no talk: the promise stands, no try is spent, and the receiver must be back."""
    citizen = town.person(talk_seconds=600.0, presses=[("맞으면 일 번", "1")])
    promise_id, (_, lost) = town.promise(), accepted(town)
    while not citizen.rooms:
        town.run(0.5)
    lost.leg.hang_up()
    town.run(30)
    citizen.leg.press("2")
    town.run(5)
    town.counselor()
    while citizen.leg.live:
        town.run(1)
        assert len(town.dials()) == 1
    assert citizen.heard("약속드립니다")
    assert (town.get(promise_id).state, town.outcomes(promise_id)) == ("planned", [])
    town.run(1200)
    assert town.outcomes(promise_id) == ["reached"]
    assert len(town.dials()) == 2
