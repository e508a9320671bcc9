"""Random minutes of a talk into which counselors are brought: at rest nobody is alone."""

import random
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select

from counselors import presence
from counselors.models import CounselingSession
from routing import actions
from routing.models import Call, Offer
from simulator.conference_events import Ending
from tests.callbacks.test_bringing_in import Risk, sound
from tests.callbacks.town import Person, Town

STEPS = 25


class Minutes:
    """One companion's talk, two counselors, and everything that may happen, drawn from a seed."""

    def __init__(self, town: Town, seed: int) -> None:
        self.draw = random.Random(seed)
        self.town, self.risk = town, Risk(town)
        self.people: dict[uuid.UUID, Person] = {}
        self.story: list[str] = []
        for _ in range(2):
            self.risk.seat()
            self.people[self.risk.counselor_id] = self.risk.counselor
        if seed % 2:
            self.risk.bring_in()

    def live(self) -> None:
        """Let something happen, and a little time pass."""
        what: Callable[[], object] = self.draw.choices(
            [
                self.risk.bring_in,
                self.accept,
                self.decline,
                self.counselor_drops,
                self.counselor_ends,
                lambda: self.risk.press("hand_over"),
                lambda: self.risk.press("end_session"),
                self.companion_drops,
                self.citizen_hangs_up,
                self.room_ends,
            ],
            [6, 8, 2, 2, 1, 2, 1, 1, 1, 1],
        )[0]
        name = getattr(what, "__name__", "press")
        self.story.append(f"{name} -> {what()}")
        self.town.run(self.draw.choice([0.1, 0.5, 2, 5, 17]))
        self.keep_counselors_there()
        sound(self.town)

    def keep_counselors_there(self) -> None:
        """Pages give signs of life, are ready again, and owe no outcome for long."""
        for counselor_id in self.people:
            with self.town.look() as session:
                presence.heard(session, counselor_id, self.town.now)
                status = presence.locked(session, counselor_id).status
            if status != "ready":
                self.town.say(counselor_id, "ready")
            self.write_up(counselor_id)

    def write_up(self, counselor_id: uuid.UUID) -> None:
        """Write the outcome that is owed."""
        policy = self.town.services.policy
        with self.town.look() as session:
            owed = session.scalar(
                select(CounselingSession).where(
                    CounselingSession.counselor_id == counselor_id,
                    CounselingSession.state == "wrapping",
                )
            )
            if owed is not None:
                written = {"contact_kind": "silent"}
                actions.write_outcome(
                    session, owed.id, counselor_id, written, None, self.town.now, policy
                )

    def _offer(self) -> Offer | None:
        with self.town.look() as session:
            return session.scalars(select(Offer).where(Offer.state == "open")).first()

    def accept(self) -> str:
        """A counselor accepts; mostly the leg comes too."""
        offer = self._offer()
        if offer is None:
            return "nothing offered"
        with self.town.look() as session:
            taken = actions.accept_offer(
                session, offer.id, offer.counselor_id, self.town.now, self.town.services.policy
            )
        self.town.services.live.ring("line")
        if isinstance(taken, actions.Accepted) and self.draw.random() < 0.85:
            person = self.people[offer.counselor_id]
            person.legs.append(self.town.exchange.dial(person, "", {"join": taken.join_token}))
            return "comes"
        return "never comes"

    def decline(self) -> None:
        """A counselor declines."""
        offer = self._offer()
        if offer is not None:
            with self.town.look() as session:
                actions.decline_offer(
                    session,
                    offer.id,
                    offer.counselor_id,
                    "rest",
                    self.town.now,
                    self.town.services.policy,
                )

    def counselor_drops(self) -> None:
        """A counselor's browser is gone."""
        for person in self.people.values():
            if person.legs and person.leg.live:
                person.leg.hang_up()
                return

    def counselor_ends(self) -> None:
        """A counselor presses end."""
        with self.town.look() as session:
            talk = session.scalars(
                select(CounselingSession).where(
                    CounselingSession.counselor_id.in_(self.people),
                    CounselingSession.state.in_(["joining", "talking"]),
                )
            ).first()
            if talk is not None:
                policy = self.town.services.policy
                actions.end_session(session, talk.id, talk.counselor_id, self.town.now, policy)
        self.town.services.live.ring("line")

    def companion_drops(self) -> None:
        """The companion's browser is gone."""
        if self.risk.companion.leg.live:
            self.risk.companion.leg.hang_up()

    def citizen_hangs_up(self) -> None:
        """The citizen hangs up."""
        if self.risk.citizen.leg.live:
            self.risk.citizen.leg.hang_up()

    def room_ends(self) -> None:
        """The carrier ends the room under all of them."""
        for room in list(self.town.exchange.conferences.by_sid.values()):
            if room.participants:
                room.end(Ending("conference-ended-via-api"))

    def is_alone(self) -> bool:
        """Tell whether the citizen is in a room without anybody."""
        leg = self.risk.citizen.leg
        rooms = self.town.exchange.conferences.by_sid.values()
        return any(leg.sid in room.participants and len(room.connected) < 2 for room in rooms)


@pytest.mark.parametrize("seed", range(4))
def test_nobody_is_left_alone(town: Town, seed: int) -> None:
    minutes = Minutes(town, seed)
    for _ in range(STEPS):
        minutes.live()
    town.run(20)  # whoever was to come came, or was missed by now
    minutes.keep_counselors_there()
    assert not minutes.is_alone(), minutes.story
    minutes.citizen_hangs_up()
    for _ in range(4):
        town.run(120)
        minutes.keep_counselors_there()
        minutes.citizen_hangs_up()
    town.run(400)
    minutes.keep_counselors_there()
    sound(town)
    with town.look() as session:
        going = session.scalars(select(Call).where(Call.state != "closed")).all()
        assert [call.state for call in going if call.direction != "outward"] == [], minutes.story
    assert town.complaints() == []
