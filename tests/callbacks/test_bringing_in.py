"""A counselor is brought into a companion's talk; whoever is lost when, nobody is left alone."""

import uuid
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select, text

from callbacks import bringing_in, calling, deciding
from callbacks.bringing_in import BroughtIn, NotBroughtIn
from callbacks.models import Promise
from callbacks.withdrawing import stop_calls
from citizens.models import Citizen
from counselors import presence
from routing import actions, handing_on
from routing.actions import Accepted
from routing.models import Call, Offer
from simulator.conference_events import Ending
from tests.callbacks.town import CITIZEN, Person, Town
from tests.invariants import broken

NOTE = "죽고 싶다는 말씀을 하심"


@dataclass
class Risk:
    """A companion talks with a citizen; risk rises."""

    town: Town
    e164: str = CITIZEN
    counselor: Person = field(init=False)
    counselor_id: uuid.UUID = field(init=False)

    def __post_init__(self) -> None:
        self.companion_id, self.companion = self.town.companion()
        self.citizen = self.town.person(self.e164, talk_seconds=3000.0)
        self.companion.talk_seconds = 3000.0
        self.promise_id = self.town.promise("companion", self.e164)
        policy, sealer = self.town.services.policy, self.town.services.sealer
        with self.town.look() as session:
            begun = calling.call_now(
                session, self.promise_id, self.companion_id, sealer, self.town.now, policy
            )
        assert isinstance(begun, Accepted)
        self.session_id, self.call_id = begun.session_id, begun.call_id
        self.connect(self.companion, begun)

    def connect(self, person: Person, taken: Accepted) -> None:
        person.legs.append(self.town.exchange.dial(person, "", {"join": taken.join_token}))
        self.town.run(20 if person is self.companion else 2)

    def bring_in(self) -> BroughtIn | NotBroughtIn:
        """The companion presses the button."""
        sealed = self.town.services.sealer.seal(NOTE, deciding.NOTE_CONTEXT)
        with self.town.look() as session:
            brought = bringing_in.bring_in(
                session,
                self.session_id,
                self.companion_id,
                sealed,
                self.town.now,
                self.town.services.policy,
            )
        self.town.services.live.ring("line")
        self.town.run(2)
        return brought

    def seat(self) -> None:
        """A counselor at a browser is ready, and so is offered the call."""
        self.counselor_id = self.town.stage.counselor()
        self.counselor = self.town.person(f"client:counselor_{self.counselor_id.hex}")
        self.counselor.talk_seconds = 3000.0
        self.town.services.live.ring("line")
        self.town.run(2)

    def accept(self) -> Accepted:
        """The counselor accepts; the leg is still to come."""
        self.wait_for_offer()
        with self.town.look() as session:
            offer = session.scalars(select(Offer).where(Offer.state == "open")).one()
            taken = actions.accept_offer(
                session, offer.id, offer.counselor_id, self.town.now, self.town.services.policy
            )
        assert isinstance(taken, Accepted)
        self.town.services.live.ring("line")
        return taken

    def wait_for_offer(self) -> None:
        """The counselor's page gives signs of life until a call is offered there."""
        for _ in range(30):
            with self.town.look() as session:
                if session.scalars(select(Offer).where(Offer.state == "open")).first():
                    return
                presence.heard(session, self.counselor_id, self.town.now)
            self.town.services.live.ring("line")
            self.town.run(1)

    def come_to(self, moment: str) -> None:
        """Let it come to a moment: asked, offered, coming or there."""
        self.bring_in()
        if moment != "asked":
            self.seat()
        if moment in ("coming", "there"):
            self.taken = self.accept()
        if moment == "there":
            self.connect(self.counselor, self.taken)

    def press(self, what: str) -> object:
        """The companion presses end, or hand_over."""
        with self.town.look() as session:
            pressed = getattr(actions, what)(
                session,
                self.session_id,
                self.companion_id,
                self.town.now,
                self.town.services.policy,
            )
        self.town.services.live.ring("line")
        self.town.run(3)
        return pressed

    def state(self) -> tuple[str, str]:
        """Return the states of the companion's call and of the one beside it."""
        with self.town.look() as session:
            first = session.get_one(Call, self.call_id)
            second = session.scalars(select(Call).where(Call.handed_from_id == self.call_id)).one()
            return first.state, second.state

    def talk(self) -> Promise:
        """Return the promise that a counselor talks with them."""
        (found,) = [one for one in self.town.promises() if one.purpose == "talk"]
        return found

    def together(self, *people: Person) -> bool:
        """Tell whether these, and only these, are in one room now."""
        rooms = self.town.exchange.conferences.by_sid.values()
        held = [set(room.participants) for room in rooms if room.participants]
        return held == [{person.leg.sid for person in people}]


@pytest.fixture
def risk(town: Town) -> Risk:
    return Risk(town)


def sound(town: Town) -> None:
    with town.look() as session:
        assert broken(session) == {}


def test_three_talk_together_and_the_companion_leaves(risk: Risk) -> None:
    town = risk.town
    risk.come_to("there")
    assert risk.together(risk.citizen, risk.companion, risk.counselor)
    sound(town)
    town.run(5)
    assert risk.press("hand_over") == actions.Ended(risk.session_id)
    assert risk.press("hand_over") == actions.Ended(risk.session_id)
    assert risk.together(risk.citizen, risk.counselor)
    assert not risk.companion.leg.live
    assert risk.state() == ("wrapping", "connected")
    assert town.presence(risk.companion_id).state == "wrapping"
    sound(town)
    town.finish(risk.counselor_id)
    town.run(20)
    assert risk.citizen.heard("이야기 나눠 주셔서")
    assert not risk.citizen.leg.live
    town.run(400)
    assert risk.state() == ("closed", "closed")
    assert risk.talk().state == "kept"
    assert town.presence(risk.counselor_id).state == "free"
    assert len(town.dials()) == 1
    sound(town)
    assert town.complaints() == []


def test_the_counselor_at_a_telephone_hears_why_and_takes_it_by_a_key(risk: Risk) -> None:
    _, counselor = risk.town.counselor(talk_seconds=3000.0)
    risk.bring_in()
    risk.town.run(20)
    assert counselor.heard("위험을 느껴")
    assert risk.together(risk.citizen, risk.companion, counselor)
    counselor.leg.hang_up()
    risk.town.run(5)
    assert risk.together(risk.citizen, risk.companion), "a telephone hung up ends its own part"
    assert risk.state() == ("connected", "wrapping")
    sound(risk.town)
    risk.citizen.leg.hang_up()
    risk.town.run(400)
    assert risk.state() == ("closed", "closed")
    assert risk.talk().state == "kept"
    assert len(risk.town.dials()) == 1


def test_who_is_brought_in_comes_before_all_who_wait(risk: Risk) -> None:
    town = risk.town
    waiting = town.person("+821055509999")
    waiting.presses = [("오 번", "5"), ("구 번", "9")]
    waiting.dial()
    town.run(30)
    with town.look() as session:
        session.execute(text("UPDATE calls SET queued_at = queued_at - interval '2 hours'"))
    risk.come_to("offered")
    with town.look() as session:
        offered = session.scalars(select(Offer).where(Offer.state == "open")).one()
        call = session.get_one(Call, offered.call_id)
    assert call.handed_from_id == risk.call_id


def test_a_counselor_who_declines_leaves_the_two_and_the_next_is_asked(risk: Risk) -> None:
    risk.come_to("offered")
    town, policy = risk.town, risk.town.services.policy
    with town.look() as session:
        offer = session.scalars(select(Offer).where(Offer.state == "open")).one()
        actions.decline_offer(session, offer.id, offer.counselor_id, "rest", town.now, policy)
    town.run(5)
    assert risk.state() == ("connected", "waiting")
    assert risk.together(risk.citizen, risk.companion)
    risk.seat()
    risk.connect(risk.counselor, risk.accept())
    assert risk.together(risk.citizen, risk.companion, risk.counselor)
    sound(town)


@pytest.mark.parametrize("moment", ["asked", "offered", "coming", "there"])
@pytest.mark.parametrize("how", ["drops", "ends"])
def test_a_companion_who_is_gone_leaves_the_citizen_to_the_counselor(
    risk: Risk, moment: str, how: str
) -> None:
    """Where none is there yet, the citizen is told, and waits with music before all others."""
    town = risk.town
    risk.come_to(moment)
    heard = len(risk.citizen.words)
    if how == "drops":
        risk.companion.leg.hang_up()
        town.run(5)
    else:
        assert risk.press("end_session") == actions.Ended(risk.session_id)
    sound(town)
    assert risk.state()[0] == "wrapping"
    assert risk.citizen.leg.live
    told = any("연결이 잠시 끊어졌" in words for words in risk.citizen.words[heard:])
    assert told == (moment != "there")
    if moment == "asked":
        town.run(20)
        assert risk.citizen.heard("다음 순서이십니다")
        risk.seat()
    if moment in ("asked", "offered"):
        risk.taken = risk.accept()
    if moment != "there":
        risk.connect(risk.counselor, risk.taken)
        town.run(3)
    assert risk.together(risk.citizen, risk.counselor)
    town.finish(risk.counselor_id)
    town.run(400)
    assert risk.state() == ("closed", "closed")
    assert risk.talk().state == "kept"
    assert len(town.dials()) == 1
    sound(town)


@pytest.mark.parametrize("moment", ["asked", "offered", "coming", "there"])
def test_a_citizen_who_hangs_up_is_called_by_a_counselor_unless_they_met(
    risk: Risk, moment: str
) -> None:
    town = risk.town
    risk.come_to(moment)
    if moment == "there":
        town.run(10)
    risk.citizen.leg.hang_up()
    town.run(3)
    sound(town)
    assert risk.state()[0] == "wrapping"
    assert not risk.companion.leg.live
    assert risk.talk().state == ("calling" if moment == "there" else "planned")
    if moment == "coming":
        town.finish(risk.counselor_id)
    if moment == "asked":
        risk.seat()
    town.run(3)
    if moment != "there":
        risk.connect(risk.counselor, risk.accept())
        town.run(30)
        assert risk.together(risk.citizen, risk.counselor)
        assert len(town.dials()) == 2
        risk.citizen.leg.hang_up()
        town.run(3)
    town.talk_over()
    assert risk.talk().state == "kept"
    sound(town)


def test_a_counselor_who_drops_leaves_the_two_together_and_is_asked_again(risk: Risk) -> None:
    risk.come_to("there")
    risk.counselor.leg.hang_up()
    risk.town.run(3)
    assert risk.together(risk.citizen, risk.companion)
    assert risk.state()[0] == "connected"
    assert not risk.citizen.heard("연결이 잠시 끊어졌")
    sound(risk.town)
    risk.seat()
    risk.town.run(4)
    risk.connect(risk.counselor, risk.accept())
    assert risk.together(risk.citizen, risk.companion, risk.counselor)


def test_pressed_again_while_a_counselor_is_there_nothing_more_is_promised(risk: Risk) -> None:
    risk.come_to("there")
    again = risk.bring_in()
    assert isinstance(again, BroughtIn)
    assert again.callback_id == risk.talk().id
    assert risk.talk().state == "calling"
    risk.counselor.leg.hang_up()
    risk.town.run(2)
    once_more = risk.bring_in()
    assert isinstance(once_more, BroughtIn)
    assert once_more.call_id == again.call_id
    assert once_more.callback_id == again.callback_id
    risk.citizen.leg.hang_up()
    risk.town.run(3)
    assert risk.talk().state == "planned", "who was lost again is called again"


def test_a_counselor_whose_leg_never_comes_is_missed_by_nobody(risk: Risk) -> None:
    risk.come_to("coming")
    risk.town.run(20)
    assert risk.state() == ("connected", "waiting")
    assert risk.together(risk.citizen, risk.companion)
    assert risk.press("hand_over") == actions.Gone("no counselor is there yet")
    sound(risk.town)


def test_a_room_that_the_carrier_ends_is_left_by_both_and_the_citizen_waits(risk: Risk) -> None:
    risk.come_to("there")
    (room,) = [one for one in risk.town.exchange.conferences.by_sid.values() if one.participants]
    risk.town.exchange.kernel.at(0.0, lambda: room.end(Ending("conference-ended-via-api")))
    risk.town.run(5)
    assert risk.citizen.heard("연결이 잠시 끊어졌")
    assert risk.state()[0] == "wrapping"
    sound(risk.town)
    risk.seat()
    risk.town.run(5)
    risk.connect(risk.counselor, risk.accept())
    risk.town.run(5)
    assert risk.together(risk.citizen, risk.counselor)


def test_a_leg_is_found_while_it_goes_over_to_the_counselors_call(risk: Risk) -> None:
    """Who waits for the row of the first call finds, after the wait, that it fits no more."""
    risk.come_to("there")
    (second,) = risk.town.calls("handed_on")

    def looked_for() -> uuid.UUID | None:
        with risk.town.look() as session:
            owner = handing_on.owner_of_leg(session, risk.citizen.leg.sid)
            return owner.id if owner is not None else None

    now, policy = risk.town.now, risk.town.services.policy
    with ThreadPoolExecutor(1) as elsewhere:
        with risk.town.look() as session:
            actions.hand_over(session, risk.session_id, risk.companion_id, now, policy)
            found = elsewhere.submit(looked_for)
            wait([found], timeout=0.5)
            assert not found.done()
        assert found.result(timeout=5) == second.id


def test_two_at_once_and_one_counselor(town: Town) -> None:
    first, second = Risk(town), Risk(town, "+821055507777")
    first.bring_in()
    second.bring_in()
    first.seat()
    first.connect(first.counselor, first.accept())
    assert first.state() == ("connected", "connected")
    assert second.state() == ("connected", "waiting")
    assert second.citizen.leg.live
    first.press("hand_over")
    town.finish(first.counselor_id)
    town.run(1)
    second.counselor, second.counselor_id = first.counselor, first.counselor_id
    second.connect(second.counselor, second.accept())
    assert second.together(second.citizen, second.companion, second.counselor)
    sound(town)


def test_pressed_twice_one_counselor_is_called_and_the_latest_note_is_read(risk: Risk) -> None:
    assert risk.bring_in() == risk.bring_in()
    assert len(risk.town.calls("handed_on")) == 1
    assert risk.talk().entry_call_id == risk.town.calls("handed_on")[0].id


def test_a_talk_promised_before_becomes_this_one(town: Town) -> None:
    """Nobody rings a citizen who is on the line; the counselor who was to ring them comes in."""
    town.promise("talk")
    town.run(2)
    assert [one.state for one in town.calls("outward")] == ["waiting"]
    risk = Risk(town)
    risk.bring_in()
    risk.town.run(3)
    assert [one.state for one in town.calls("outward") if one.id != risk.call_id] == ["closed"]
    risk.seat()
    risk.connect(risk.counselor, risk.accept())
    town.run(3)
    assert risk.talk().state == "calling"
    assert len(town.dials()) == 1
    sound(town)


def test_only_who_talks_brings_in(risk: Risk) -> None:
    other, _ = risk.town.companion()
    risk.companion_id, mine = other, risk.companion_id
    assert risk.bring_in() == NotBroughtIn("no such session of yours")
    risk.companion_id = mine
    risk.citizen.leg.hang_up()
    risk.town.run(3)
    late = risk.bring_in()
    assert isinstance(late, BroughtIn)
    assert late.call_id is None, "too late for the talk, not for the promise"
    assert risk.talk().origin == "escalation"


def test_who_waits_to_be_put_through_is_not_hung_up_on_by_a_withdrawal(risk: Risk) -> None:
    """The companion left, music plays: a wish or a word against calls is none against this talk."""
    risk.come_to("asked")
    risk.press("hand_over")
    risk.companion.leg.hang_up()
    risk.town.run(20)
    second = risk.town.calls("handed_on")[0]
    assert (second.state, risk.citizen.leg.live) == ("waiting", True)
    with risk.town.look() as session:
        citizen = session.scalars(select(Citizen)).one()
        stop_calls(session, citizen.id, "do_not_call", risk.town.now, risk.town.services.policy)
    risk.town.run(60)
    assert risk.citizen.leg.live
    assert risk.town.calls("handed_on")[0].state == "waiting"
    risk.seat()
    risk.connect(risk.counselor, risk.accept())
    risk.town.run(10)
    assert len(risk.citizen.rooms) == 2
