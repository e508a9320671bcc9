"""Companions, a supervisor and people to be called, at the real API, without a telephone."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from callbacks.models import Promise
from callbacks.sweep import Tended, tend
from core.models import AccessEntry
from core.services import Services
from routing import line, outward
from routing.models import Call
from tests.counselors.desk_stage import Desk, House

TUESDAY = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)  # ten in the morning in Seoul, no holiday
NUMBER = "010-5550-1234"
CONSENT = {"wording": "contact-2026-11/ko", "heard": True}
TALKED = {
    "contact_kind": "follow_up",
    "outcome": "eased_closed",
    "reasons": ["loneliness"],
    "risk": "none",
    "notes": "장에 다녀오셨다",
}


class Worklist:
    """The app on a workday, with a companion and a supervisor."""

    def __init__(self, services: Services) -> None:
        services.clock.set(TUESDAY)  # type: ignore[attr-defined]
        self.services = services
        self.house = House(services)
        self.people: list[Desk] = []
        self._of_role: dict[str, Desk] = {}
        self.maru = self.companion()
        self.boss = self.person("supervisor")

    @property
    def now(self) -> datetime:
        """The clock's time."""
        return self.services.clock.now()

    def later(self, **length: float) -> None:
        """Let time pass; who was signed in for long signs in again."""
        self.services.clock.set(self.now + timedelta(**length))  # type: ignore[attr-defined]
        if timedelta(**length) >= timedelta(hours=8):
            for person in self.people:
                person.client = self.house.client(person.counselor_id)

    def companion(self, **given: Any) -> Desk:
        """Seat another companion."""
        self.people.append(self.house.desk(role="companion", **given))
        return self.people[-1]

    def person(self, role: str) -> Desk:
        """Add somebody without a seat."""
        self.people.append(self.house.person(role))
        self._of_role[role] = self.people[-1]
        return self.people[-1]

    def person_of(self, role: str) -> Desk:
        """Return who was added with this role."""
        return self._of_role[role]

    def wish(self, by: Desk | None = None, **body: Any) -> Any:
        """Promise a call; returns the response."""
        sent = {"number": NUMBER, "consent": CONSENT, **body}
        return (by or self.maru).send("POST", "/callbacks", sent)

    def promised(self, by: Desk | None = None, **body: Any) -> str:
        """Promise a call; returns its id."""
        answer = self.wish(by, **body)
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])

    def listed(self, view: str = "today", by: Desk | None = None) -> list[str]:
        """Return the ids of a view."""
        answer = (by or self.maru).get(f"/callbacks?view={view}").json
        assert answer is not None
        return [row["id"] for row in answer["callbacks"]]

    def promise(self, promise_id: str) -> Promise:
        """Read a promise."""
        with self.services.database.transaction() as session:
            return session.get_one(Promise, uuid.UUID(promise_id))

    def call_of(self, promise_id: str) -> Call:
        """Read the call by which a promise is being kept."""
        with self.services.database.transaction() as session:
            entry = session.get_one(Promise, uuid.UUID(promise_id)).entry_call_id
            return session.get_one(Call, entry)

    def begin(self, promise_id: str, by: Desk | None = None) -> Any:
        """Press call."""
        return (by or self.maru).send("POST", f"/callbacks/{promise_id}/call")

    def ringing(self, promise_id: str, by: Desk | None = None) -> uuid.UUID:
        """Press call and join the companion's own leg: the person is being rung."""
        begun = self.begin(promise_id, by)
        assert begun.status_code == 200, begun.json
        session_id = uuid.UUID(begun.json["session_id"])
        with self.services.database.transaction() as session:
            line.counselor_joined(session, session_id, "CAown", self.now, self.services.policy)
        return session_id

    def talking(self, promise_id: str, by: Desk | None = None) -> uuid.UUID:
        """The person answers too."""
        session_id = self.ringing(promise_id, by)
        with self.services.database.transaction() as session:
            outward.citizen_answered(
                session, session_id, f"CA{session_id.hex}", self.now, self.services.policy
            )
        return session_id

    def hung_up(self, promise_id: str, by: Desk | None = None) -> uuid.UUID:
        """The two have talked; the outcome is owed."""
        session_id = self.talking(promise_id, by)
        self.later(minutes=10)
        ended = (by or self.maru).send("POST", f"/sessions/{session_id}/end")
        assert ended.status_code == 200, ended.json
        return session_id

    def kept(self, promise_id: str, by: Desk | None = None, **body: Any) -> Any:
        """Call, talk and write; returns the answer to the outcome."""
        self.hung_up(promise_id, by)
        sent = {"outcome": "reached", "session_outcome": TALKED, **body}
        return (by or self.maru).send("PUT", f"/callbacks/{promise_id}/outcome", sent)

    def not_reached(self, promise_id: str, outcome: str = "no_answer") -> None:
        """Press call; the carrier says that nobody is to be had."""
        self.ringing(promise_id)
        with self.services.database.transaction() as session:
            entry = session.get_one(Promise, uuid.UUID(promise_id)).entry_call_id
            call = session.get_one(Call, entry, with_for_update=True)
            outward.not_reached(session, call, outcome, self.now, self.services.policy)
        self.tend()

    def undecided(self, promise_id: str) -> None:
        """Bring a promise to where a person decides: a wrong number, in the companion's words."""
        self.hung_up(promise_id)
        answer = self.maru.send(
            "PUT", f"/callbacks/{promise_id}/outcome", {"outcome": "wrong_person"}
        )
        assert answer.json["callback"]["state"] == "for_decision", answer.json

    def tend(self) -> Tended:
        """One look of the sweep."""
        with self.services.database.transaction() as session:
            return tend(session, self.now, self.services.policy)

    def accesses(self) -> list[tuple[str, str]]:
        """Return what the access log says: action and whose."""
        with self.services.database.transaction() as session:
            rows = session.execute(
                select(AccessEntry.action, AccessEntry.subject).order_by(AccessEntry.id)
            )
            return [(row.action, row.subject) for row in rows]
