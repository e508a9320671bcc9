"""The board's read door: reasons, reachability, missing outcomes; and a heavy day stays quick."""

import time
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import SteppedClock
from core.database import Database
from core.policy import Policy
from counselors import presence
from counselors.states import PresenceEvent, Status
from routing import actions, calls, line
from routing.dispatch import dispatch
from routing.models import Call
from routing.states import PROMISED, CallEvent, CallState
from routing.sweep import sweep
from supervision import records
from supervision.board import Board, LatestFigures, board
from supervision.hours import Span
from tests.supervision.people import add_counselor


class Line:
    """One database, one clock, and short words for what happens."""

    def __init__(self, database: Database, clock: SteppedClock, policy: Policy) -> None:
        self.database, self.clock, self.policy = database, clock, policy

    def call(self, need: str = "talk", language: str = "ko") -> uuid.UUID:
        """Let a caller join the queue."""
        now = self.clock.step(1)
        with self.database.transaction() as session:
            made = calls.begin(
                session,
                carrier_sid=f"CA{uuid.uuid4().hex}",
                caller_kind="withheld",
                sealed_number=None,
                number_index=None,
                state=CallState.IN_MENU,
                now=now,
                policy=self.policy,
            )
            line.join_queue(
                session,
                made,
                need=need,
                language=language,
                priority=0,
                now=now,
                policy=self.policy,
            )
            return made.id

    def ready(self, counselor_id: uuid.UUID) -> None:
        """Let a counselor say ready."""
        with self.database.transaction() as session:
            actions.change_status(session, counselor_id, "ready", self.clock.now(), self.policy)

    def offer(self) -> uuid.UUID:
        """Dispatch, and return the one offer made."""
        with self.database.transaction() as session:
            (made,) = dispatch(session, self.clock.now(), self.policy)
            return made.offer_id

    def talk(self, counselor_id: uuid.UUID, seconds: float) -> uuid.UUID:
        """Offer, accept, join, talk and end; return the session, in wrap-up."""
        offer_id = self.offer()
        with self.database.transaction() as session:
            now, policy = self.clock.now(), self.policy
            taken = actions.accept_offer(session, offer_id, counselor_id, now, policy)
            assert isinstance(taken, actions.Accepted)
            line.counselor_joined(session, taken.session_id, "CAleg", now, policy)
            sid = session.get_one(Call, taken.call_id).carrier_sid
            line.caller_joined(session, taken.session_id, sid, now)
            now = self.clock.step(seconds)
            actions.end_session(session, taken.session_id, counselor_id, now, policy)
            return taken.session_id

    def look(self) -> Board:
        """Read the board now."""
        with self.database.transaction() as session:
            return board(session, self.clock.now(), self.policy, LatestFigures())


@pytest.fixture
def here(database: Database, clock: SteppedClock, policy: Policy) -> Line:
    return Line(database, clock, policy)


def reasons(seen: Board) -> list[str]:
    return [one.why.reason for one in seen.waiting]


def test_why_each_caller_waits(here: Line) -> None:
    first, second = here.call(), here.call(language="vi")
    assert [one.row.call_id for one in here.look().waiting] == [first, second]
    assert reasons(here.look()) == ["nobody free", "nobody free"]
    kim = add_counselor(here.database, here.clock, "kim")
    here.ready(kim)
    assert reasons(here.look()) == ["about to be offered in turn", "no one free speaks vi"]
    offer_id = here.offer()
    assert reasons(here.look()) == ["ringing kim의 이름", "nobody free"]
    with here.database.transaction() as session:
        now = here.clock.now()
        actions.decline_offer(session, offer_id, kim, "rest", now, here.policy)
    assert reasons(here.look())[0] == "every free counselor just declined or missed this call"


def test_a_browser_unheard_is_not_reachable(here: Line) -> None:
    at_browser = add_counselor(here.database, here.clock, "browser", endpoint="browser")
    add_counselor(here.database, here.clock, "desk_phone")

    def reachable() -> list[bool]:
        return [one.reachable for one in here.look().counselors]

    assert reachable() == [False, True]
    here.clock.step(presence.LOST_SECONDS)
    with here.database.transaction() as session:
        presence.heard(session, at_browser, here.clock.now())
    assert reachable() == [True, True]
    here.clock.step(here.policy.heartbeat_seconds_max + 1)
    assert reachable() == [False, True]


def test_who_owes_an_outcome(here: Line) -> None:
    kim = add_counselor(here.database, here.clock, "kim")
    here.ready(kim)
    here.call()
    session_id = here.talk(kim, 600)
    assert here.look().today.whole.unrecorded == 0
    here.clock.step(here.policy.wrap_seconds_max + 1)
    with here.database.transaction() as session:
        sweep(session, here.clock.now(), here.policy)
        (owed,) = records.unrecorded(session, 10)
    assert (owed.session_id, owed.login) == (session_id, "kim")
    figures = here.look().today.whole
    assert (figures.unrecorded, figures.aht_seconds, figures.acw_seconds) == (1, 901, 301)
    with here.database.transaction() as session:
        now = here.clock.now()
        actions.write_outcome(session, session_id, kim, {"kind": "x"}, None, now, here.policy)
    with here.database.transaction() as session:
        assert records.unrecorded(session, 10) == []
    assert here.look().today.whole.unrecorded == 0


def test_a_talk_cut_off_is_owed_until_somebody_writes_of_the_call(here: Line) -> None:
    kim = add_counselor(here.database, here.clock, "kim")
    here.ready(kim)
    call_id = here.call()
    with here.database.transaction() as session:
        (made,) = dispatch(session, here.clock.now(), here.policy)
    with here.database.transaction() as session:
        now, policy = here.clock.now(), here.policy
        taken = actions.accept_offer(session, made.offer_id, kim, now, policy)
        assert isinstance(taken, actions.Accepted)
        line.counselor_joined(session, taken.session_id, "CAleg", now, policy)
        sid = session.get_one(Call, call_id).carrier_sid
        line.caller_joined(session, taken.session_id, sid, now)
        line.lose_counselor(session, taken.session_id, "browser gone", here.clock.step(60), policy)
        assert records.unrecorded(session, 10) == []  # the caller waits to go on
        line.caller_left(
            session, session.get_one(Call, call_id), "hung up", here.clock.step(9), policy
        )
    with here.database.transaction() as session:
        assert [one.session_id for one in records.unrecorded(session, 10)] == [taken.session_id]
    figures = here.look().today.whole
    assert (figures.answered, figures.abandoned, figures.unrecorded) == (1, 0, 1)


def test_who_leaves_with_a_promise_to_be_called_was_not_lost(here: Line) -> None:
    promised, lost = here.call(), here.call()
    with here.database.transaction() as session:
        now = here.clock.step(30)
        line.caller_left(session, session.get_one(Call, lost), "hung up", now, here.policy)
        call = session.get_one(Call, promised)
        call.left_at = now
        event, reason = CallEvent.PROMISED_CALLBACK, PROMISED
        calls.move(session, call, event, now, here.policy, reason=reason)
    here.clock.step(600)
    figures = here.look().today.whole
    assert (figures.offered, figures.answered, figures.abandoned) == (2, 0, 1)
    assert figures.longest_wait_seconds is not None
    assert figures.longest_wait_seconds < 60  # the promise ended the wait


def test_who_said_break_while_talking_works_until_the_wrap_up_ends(here: Line) -> None:
    kim = add_counselor(here.database, here.clock, "kim")
    here.clock.step(1800)
    here.ready(kim)
    begun = here.clock.now()
    with here.database.transaction() as session:
        held = presence.locked(session, kim)
        presence.move(held, PresenceEvent.RESERVED, here.clock.step(10))
        presence.move(held, PresenceEvent.OFFER_ACCEPTED, here.clock.step(10))
        presence.say(held, Status.BREAK, here.clock.step(10))
        presence.move(held, PresenceEvent.TALK_ENDED, here.clock.step(10))
        ended = here.clock.step(10)
        presence.move(held, PresenceEvent.WRAP_ENDED, ended)
        presence.say(held, Status.READY, here.clock.step(10))
        resumed = here.clock.now()
        presence.say(held, Status.OFF, here.clock.step(10))
        gone = here.clock.now()
    now = here.clock.step(3600)
    with here.database.transaction() as session:
        found = records.work(session, date(2026, 3, 2), now)
    assert found.at_work == [Span(begun, ended), Span(resumed, gone)]
    with here.database.transaction() as session:
        assert records.work(session, date(2026, 3, 3), now + timedelta(days=1)).at_work == []


HEAVY_DAY = """
INSERT INTO accounts (id, login, name, role, password_hash, created_at)
SELECT gen_random_uuid(), 'c' || n, 'c', 'counselor', '-', :start FROM generate_series(1, 40) n;
INSERT INTO counselors
SELECT id, 'x', '1', '2030-01-01', 60, '{}', '["ko"]', 'sip:a@example.net' FROM accounts;
INSERT INTO calls (id, carrier_sid, state, state_since, caller_kind, arrived_at, queued_at,
    answered_at, left_at, closed_at, heard_at)
SELECT gen_random_uuid(), 'CA' || n, 'closed', :start, 'mobile', at, at,
    CASE WHEN n % 5 > 0 THEN at + interval '40 seconds' END,
    CASE WHEN n % 5 = 0 THEN at + interval '90 seconds' END,
    at + interval '30 minutes', at
FROM (SELECT n, CAST(:start AS timestamptz) + n * interval '8 seconds' AS at
      FROM generate_series(1, 5000) n) made;
INSERT INTO sessions (id, call_id, counselor_id, state, accepted_at, joined_at, ended_at,
    closed_at, outcome, outcome_at)
SELECT gen_random_uuid(), c.id, a.id, 'closed', c.answered_at, c.answered_at,
    c.answered_at + interval '10 minutes', c.closed_at, '{}', c.closed_at
FROM (SELECT *, 1 + row_number() OVER (ORDER BY queued_at) % 40 AS seat FROM calls) c
JOIN accounts a ON a.login = 'c' || c.seat
WHERE c.answered_at IS NOT NULL;
INSERT INTO presence_events (counselor_id, at, status, state)
SELECT id, CAST(:start AS timestamptz) + n * interval '5 minutes', 'ready',
    CASE WHEN n % 2 = 0 THEN 'free' ELSE 'on_call' END
FROM accounts, generate_series(0, 200) n;
ANALYZE;
"""


def load_heavy_day(session: Session, start: str) -> None:
    for statement in HEAVY_DAY.strip().split(";\n"):
        session.execute(text(statement.replace(":start", f"'{start}'").rstrip(";")))


def test_five_thousand_calls_are_counted_in_a_blink(here: Line) -> None:
    here.clock.step(3600 * 12)
    with here.database.transaction() as session:
        load_heavy_day(session, "2026-03-01 15:00:00+00")
    latest = LatestFigures()
    spent = []
    for _ in range(5):
        here.clock.step(1)
        with here.database.transaction() as session:
            begun = time.perf_counter()
            figures = latest.today(session, here.clock.now(), here.policy).whole
            spent.append(time.perf_counter() - begun)
    assert (figures.offered, figures.answered, figures.abandoned) == (5000, 4000, 1000)
    assert figures.asa_seconds == 40
    assert min(spent) < 0.5, spent


def test_a_heavy_day_is_read_once_a_second(here: Line) -> None:
    here.clock.step(3600 * 12)
    with here.database.transaction() as session:
        load_heavy_day(session, "2026-03-01 15:00:00+00")
    latest = LatestFigures()

    def today() -> object:
        with here.database.transaction() as session:
            return latest.today(session, here.clock.now(), here.policy)

    first = today()
    here.clock.step(0.9)
    assert today() is first
    here.clock.step(0.2)
    assert today() is not first
    here.clock.step(-60)
    assert today() is not first


def test_a_small_day_is_never_old(here: Line) -> None:
    latest = LatestFigures()
    for expected in (0, 1, 2):
        with here.database.transaction() as session:
            figures = latest.today(session, here.clock.now() + timedelta(hours=1), here.policy)
        assert figures.whole.offered == expected
        here.call()
