"""Looks, whenever the server granted something by its API or its form, whether it is stored.

The row that the answer names is read at once, and what was written last once more at the end: a
stored answer may outlive the change that it was given for, and whoever was thanked may be owed
nothing. What was said on the telephone is held by `promise_holds.Spoken`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.database import Database
from core.sealing import Sealer
from simulator.people import Wish
from tests.simulation.meetings import Request
from tests.simulation.promise_holds import CLOCK_WRONG_MAX

OPEN = ("planned", "calling", "for_decision")
APART = frozenset({"next_call", "notes"})
"""Of an outcome: stored elsewhere, or sealed."""
_PROMISE = text(
    """
    SELECT p.purpose, p.state, p.ended_at, p.end_reason, c.number_index, c.do_not_call_at
    FROM promises p JOIN citizens c ON c.id = p.citizen_id WHERE p.id = :id
    """
)
_THANKED = text(
    """
    SELECT c.windows, c.do_not_call_at, p.id, p.made_at FROM citizens c
    LEFT JOIN promises p ON p.citizen_id = c.id AND p.purpose = 'companion'
      AND (p.ended_at IS NULL OR p.ended_at >= :asked_at)
    WHERE c.number_index = :number_index ORDER BY p.made_at DESC LIMIT 1
    """
)
_SESSION = text(
    """
    SELECT s.outcome, s.state, s.ended_at, a.login, k.direction FROM sessions s
    JOIN accounts a ON a.id = s.counselor_id JOIN calls k ON k.id = s.call_id WHERE s.id = :id
    """
)
_TRY = text(
    """
    SELECT t.id, t.outcome, s.id AS session_id FROM promise_tries t
    JOIN accounts a ON a.id = t.counselor_id
    LEFT JOIN sessions s ON s.call_id = t.call_id AND s.counselor_id = t.counselor_id
    WHERE t.promise_id = :id AND a.login = :login
    ORDER BY t.ended_at DESC, s.accepted_at DESC LIMIT 1
    """
)
_DECISIONS = text(
    "SELECT count(*) FROM promise_decisions WHERE promise_id = :id AND decision = :decision"
)
_OFFER = text("SELECT state FROM offers WHERE id = :id")
_CALL = text("SELECT state FROM calls WHERE id = :id")


class Granted:
    """Hears what was granted, and looks whether it stands. looked: how often, by what it was."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self.wrongs: list[str] = []
        self.looked: Counter[str] = Counter()
        self._database = database
        self._sealer = sealer
        self._outcomes: dict[str, Mapping[str, Any]] = {}
        self._tries: dict[str, str] = {}
        self._ends: dict[str, str] = {}
        self._decided: Counter[tuple[str, str]] = Counter()

    def hear(self, one: Request) -> None:
        """Somebody was granted a change of the API."""
        for what, look in _LOOKS.items():
            found = re.fullmatch(what, f"{one.method} {one.path}")
            if found is not None:
                self.looked[look.__name__.strip("_")] += 1
                with self._database.reading() as session:
                    wrongs = list(look(self, session, one, *found.groups()))
                self._blame(wrongs, f"{one.method} {one.path} by {one.login} {one.at}")

    def thank(self, asked: Wish) -> None:
        """Somebody was thanked for what they filled in: a call stands, unless they want none."""
        self.looked["thanked"] += 1
        values = {
            "number_index": self._sealer.index(asked.number),
            "asked_at": asked.at - CLOCK_WRONG_MAX,
        }
        with self._database.reading() as session:
            row = session.execute(_THANKED, values).first()
        if row is None or (row.id is None and row.do_not_call_at is None):
            self._blame(["no call stands"], f"the form thanked {asked.number} {asked.at}")
        elif row.id is not None and row.made_at >= values["asked_at"]:
            wrong = list(row.windows or ()) != list(asked.windows or ())
            self._blame(["other hours are stored"] * wrong, f"the form thanked {asked.number}")

    def wrongs_at_end(self, session: Session) -> list[str]:
        """Return what was written last, or ended, and is no longer so."""
        found = []
        for session_id, outcome in self._outcomes.items():
            row = session.execute(_SESSION, {"id": session_id}).one()
            if row.outcome != outcome:
                found.append(f"session {session_id} says {row.outcome}, and {outcome} was written")
        for try_id, said in self._tries.items():
            query = text("SELECT outcome FROM promise_tries WHERE id = :id")
            stored = session.scalar(query, {"id": try_id})
            if stored != said:
                found.append(f"try {try_id} says {stored}, and {said} was written last")
        for promise_id, state in self._ends.items():
            row = session.execute(_PROMISE, {"id": promise_id}).one()
            if row.state != state:
                found.append(f"promise {promise_id} is {row.state}, and was {state}")
        return found

    def _blame(self, wrongs: list[str], where: str) -> None:
        self.wrongs += [f"it was granted and not stored: {where}: {wrong}" for wrong in wrongs]

    # -- what was granted ----------------------------------------------------------------------

    def _promised(self, session: Session, one: Request) -> Iterator[str]:
        number = self._sealer.index(str(one.body["number"]))
        yield from _stands(session, one.answer["id"], one.at, one.body["purpose"], number)

    def _written(self, session: Session, one: Request, session_id: str) -> Iterator[str]:
        outcome = one.answer["outcome"]
        self._outcomes[session_id] = outcome
        yield from _says(session, session_id, one, one.body, outcome)
        promised = one.answer["promised"]
        if promised is not None:
            yield from _stands(session, promised["id"], one.at)
        elif one.body.get("next_call"):
            yield "nothing was promised of the call that was agreed"

    def _reported(self, session: Session, one: Request, promise_id: str) -> Iterator[str]:
        values = {"id": promise_id, "login": one.login}
        tried = session.execute(_TRY, values).first()
        recorded, following = one.answer["recorded"], one.answer["next"]
        if tried is None or tried.outcome != recorded:
            yield f"recorded {recorded}, and the last try says {tried}"
            return
        self._tries[str(tried.id)] = recorded
        said = one.body.get("session_outcome")
        if said is not None and recorded == "reached":
            yield from self._kept(session, one, str(tried.session_id), said)
        if following is not None:
            yield from _stands(session, following["id"], one.at, "companion")
        elif one.body.get("next") and recorded == "reached":
            yield "nothing was promised of what was agreed"

    def _kept(
        self, session: Session, one: Request, session_id: str, said: Mapping[str, Any]
    ) -> Iterator[str]:
        row = session.execute(_SESSION, {"id": session_id}).first()
        if row is not None and row.outcome is not None:
            self._outcomes[session_id] = row.outcome
        yield from _says(session, session_id, one, said)

    def _decides(self, session: Session, one: Request, promise_id: str) -> Iterator[str]:
        decision = str(one.body["decision"])
        self._decided[promise_id, decision] += 1
        values = {"id": promise_id, "decision": decision}
        if session.execute(_DECISIONS, values).scalar_one() < self._decided[promise_id, decision]:
            yield f"the decision {decision} is not written down"
        if decision == "again":
            yield from _stands(session, promise_id, one.at)
        else:
            yield from self._is_over(session, promise_id, "decided")

    def _withdrawn(self, session: Session, one: Request, promise_id: str) -> Iterator[str]:
        yield from self._is_over(session, promise_id, "withdrawn")
        row = session.execute(_PROMISE, {"id": promise_id}).first()
        if one.body.get("do_not_call") and (row is None or row.do_not_call_at is None):
            yield "calls are not forbidden"

    def _is_over(self, session: Session, promise_id: str, state: str) -> Iterator[str]:
        self._ends[promise_id] = state
        row = session.execute(_PROMISE, {"id": promise_id}).first()
        if row is None or row.state != state:
            yield f"the promise is {row.state if row else 'not there'}, not {state}"

    def _brought_in(self, session: Session, one: Request, _session_id: str) -> Iterator[str]:
        if session.scalar(_CALL, {"id": one.answer["call_id"]}) is None:
            yield "no counselor is called"
        if one.answer["callback_id"] is not None:
            yield from _stands(session, one.answer["callback_id"], one.at, "talk")

    def _accepted(self, session: Session, one: Request, offer_id: str) -> Iterator[str]:
        if session.scalar(_OFFER, {"id": offer_id}) != "accepted":
            yield "the offer is not accepted"
        yield from self._begun(session, one, offer_id)

    def _begun(self, session: Session, one: Request, _of: str) -> Iterator[str]:
        row = session.execute(_SESSION, {"id": one.answer["session_id"]}).first()
        if row is None or row.login != one.login:
            yield f"there is no such session of theirs: {row}"

    def _ended(self, session: Session, one: Request, session_id: str) -> Iterator[str]:
        row = session.execute(_SESSION, {"id": session_id}).first()
        if row is None or row.ended_at is None:
            yield f"it goes on: {row}"


def _stands(
    session: Session, promise_id: str, at: datetime, purpose: str = "", number_index: str = ""
) -> Iterator[str]:
    """The promise is open, or ended after it was granted, and somebody says why."""
    row = session.execute(_PROMISE, {"id": promise_id}).first()
    if row is None:
        yield f"there is no promise {promise_id}"
        return
    if (purpose and row.purpose != purpose) or (number_index and row.number_index != number_index):
        yield f"the promise {promise_id} is another one, a {row.purpose}"
    is_over = row.end_reason is not None and row.ended_at >= at - CLOCK_WRONG_MAX
    if row.state not in OPEN and not is_over:
        yield f"the promise {promise_id} is {row.state}"


def _says(
    session: Session,
    session_id: str,
    one: Request,
    said: Mapping[str, Any],
    answered: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """The session of whoever wrote it says what they wrote, and what they were answered."""
    row = session.execute(_SESSION, {"id": session_id}).first()
    if row is None or row.login != one.login or row.outcome is None:
        yield f"no outcome is stored: {row}"
    elif answered is not None and row.outcome != answered:
        yield f"{row.outcome} is stored, and {answered} was answered"
    elif any(row.outcome.get(name) != said[name] for name in said.keys() - APART):
        yield f"{row.outcome} is stored, and {said} was written"


_ID = "([0-9a-f-]{36})"
_LOOKS: Mapping[str, Callable[..., Iterator[str]]] = {
    "POST /callbacks": Granted._promised,
    f"PUT /sessions/{_ID}/outcome": Granted._written,
    f"PUT /callbacks/{_ID}/outcome": Granted._reported,
    f"POST /callbacks/{_ID}/decision": Granted._decides,
    f"POST /callbacks/{_ID}/withdraw": Granted._withdrawn,
    f"POST /sessions/{_ID}/bring-in": Granted._brought_in,
    f"POST /offers/{_ID}/accept": Granted._accepted,
    f"POST /callbacks/{_ID}/call": Granted._begun,
    f"POST /sessions/{_ID}/(?:end|hand-over)": Granted._ended,
}
