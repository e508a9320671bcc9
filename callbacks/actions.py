"""What happens to promises: made, called, kept, tried again, decided by a person, withdrawn.

A promise is committed before it is spoken; each action is harmless when it comes twice.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callbacks import guard, records
from callbacks.models import OPEN, Promise, Try
from callbacks.retry import NOBODY_THERE, RULES_FOR, PersonDecides, TryOutcome, after_try
from callbacks.schedule import next_moment
from callbacks.states import OPEN_STATES, PROMISE_LIFE, PromiseEvent, PromiseState
from citizens.models import Citizen
from core.policy import Policy
from routing import calls, outward
from routing.line import Effect
from routing.models import Call
from routing.states import PROMISED, CallState

IN_HAND = (PromiseState.PLANNED, PromiseState.CALLING)
AWAITED = (CallState.WAITING, CallState.OFFERED, CallState.CONNECTED)
"""Where a call whose citizen was not met yet may still come to be a talk."""
TALKED = (CallState.WRAPPING, CallState.CLOSED)
TALK_MIN = timedelta(seconds=5)
"""In which "you are connected" is still being spoken."""
LET_GO = timedelta(seconds=30)
"""Until the caller has heard the promise and put the receiver back: before, it would be busy."""
NOT_RUNG_PAUSE = timedelta(minutes=2)
"""Before another try where the carrier takes no request of ours: a token is soon changed."""
NO_TIME = "no time at which this person may be called"


@dataclass(frozen=True)
class Made:
    """A promise that stands: newly made, or the open one that this person had already."""

    promise_id: uuid.UUID
    is_new: bool
    next_at: datetime


@dataclass(frozen=True)
class NotMade:
    """No promise can be made; reason as in `guard.Never`."""

    reason: str


@dataclass(frozen=True)
class Wish:
    """What is asked for. at: the agreed moment, None for as soon as possible."""

    purpose: str
    origin: str
    at: datetime | None = None
    queued_at: datetime | None = None
    need: str = "talk"
    language: str = "ko"
    about: str = "self"
    companion_id: uuid.UUID | None = None
    series_id: uuid.UUID | None = None
    origin_call_id: uuid.UUID | None = None
    sealed_note: bytes | None = None
    priority: int = 0


def make(
    session: Session, citizen: Citizen, wish: Wish, now: datetime, policy: Policy
) -> Made | NotMade:
    """Promise a call to a citizen who consented; one open promise for each person and purpose."""
    rules = guard.rules_of(session, citizen, now, wish.purpose)
    if isinstance(rules, guard.Never):
        return NotMade(rules.reason)
    next_at = next_moment(max(wish.at or now, now), rules)
    state = PromiseState.PLANNED if next_at is not None else PromiseState.FOR_DECISION
    at = next_at or now
    made = session.execute(
        insert(Promise)
        .values(
            id=uuid.uuid4(),
            citizen_id=citizen.id,
            purpose=wish.purpose,
            origin=wish.origin,
            about=wish.about,
            state=state,
            state_since=now,
            made_at=now,
            queued_at=wish.queued_at or now,
            next_at=at,
            deadline=at + timedelta(seconds=policy.promise_seconds_max),
            need=wish.need,
            language=wish.language,
            origin_call_id=wish.origin_call_id,
            companion_id=wish.companion_id,
            series_id=wish.series_id,
            waits_for=None if next_at is not None else NO_TIME,
            sealed_note=wish.sealed_note,
            priority=wish.priority,
        )
        .on_conflict_do_nothing(
            index_elements=[Promise.citizen_id, Promise.purpose], index_where=text(OPEN)
        )
        .returning(Promise.id)
    ).scalar()
    if made is not None:
        return Made(made, True, at)
    standing = _standing(session, citizen, wish.purpose, now)
    if standing is None:  # it ended meanwhile; ask once more
        return make(session, citizen, wish, now, policy)
    if next_at is not None:
        _ask_anew(session, standing, wish, next_at, now, policy)
    return Made(standing.id, False, standing.next_at)


def _standing(session: Session, citizen: Citizen, purpose: str, now: datetime) -> Promise | None:
    """Return the promise that stands in the way of a new one, under its lock; None if none does."""
    standing = records.open_promise(session, citizen.id, purpose)
    if standing is None:
        return None
    talked = _talked_already(session, standing, now)
    if talked is not None:
        _talked(session, standing, talked, now)
        return None
    return standing if standing.state in OPEN_STATES else None


def _talked_already(session: Session, standing: Promise, now: datetime) -> Call | None:
    """Where the talk was had, or goes on, and its outcome is not written yet: another is asked for,
    and this one kept."""
    session.refresh(standing, with_for_update=True)
    if standing.purpose != "talk" or standing.state != PromiseState.CALLING:
        return None
    call = session.get_one(Call, standing.entry_call_id, populate_existing=True)
    if call.answered_at is None:
        return None
    if call.state in TALKED:
        return call
    # Who talked and waits again since the counselor's line broke has had this talk.
    was_had = records.talk_seconds(session, call.id, now) >= TALK_MIN.total_seconds()
    return call if was_had else None


def _ask_anew(
    session: Session, standing: Promise, wish: Wish, at: datetime, now: datetime, policy: Policy
) -> None:
    """Who asks again while a person was to decide is called: what is spoken is what is stored."""
    session.refresh(standing, with_for_update=True)
    if standing.state != PromiseState.FOR_DECISION:
        return
    move(standing, PromiseEvent.PLANNED_AGAIN, now)
    standing.next_at = at
    standing.queued_at = wish.queued_at or now
    standing.deadline = at + timedelta(seconds=policy.promise_seconds_max)
    session.flush()


def ring_not_before(
    session: Session, promise_id: uuid.UUID, moment: datetime, now: datetime, policy: Policy
) -> datetime | None:
    """Let a talk that stands be rung at `moment` at the earliest; its place in the queue is kept.

    For who asks anew for what was promised already: until the receiver is back, it is busy. Returns
    when it is to be rung now, within the hours in which it may be; None where it goes on as it is.
    """
    standing = records.locked(session, promise_id)
    if standing is None or standing.state != PromiseState.PLANNED:
        return None
    citizen = session.get_one(Citizen, standing.citizen_id)
    rules = guard.rules_of(session, citizen, now, standing.purpose)
    next_at = max(standing.next_at, moment)
    if not isinstance(rules, guard.Never):
        next_at = next_moment(next_at, rules) or next_at
    standing.next_at = next_at
    if standing.entry_call_id is None:
        return next_at
    call = session.get_one(
        Call, standing.entry_call_id, with_for_update=True, populate_existing=True
    )
    if outward.withdraw(session, call, "asked anew", now, policy) is Effect.CHANGED:
        standing.entry_call_id = None
    return next_at


def move(promise: Promise, event: PromiseEvent, now: datetime, reason: str | None = None) -> None:
    """Move a promise by `event`. Raises IllegalEvent, and then changes nothing."""
    promise.state = PROMISE_LIFE.after(PromiseState(promise.state), event)
    promise.state_since = now
    promise.waits_for = reason if promise.state == PromiseState.FOR_DECISION else None
    if not PROMISE_LIFE.table[PromiseState(promise.state)]:
        promise.ended_at = now
        promise.end_reason = reason or event.value
    if promise.state == PromiseState.KEPT:
        promise.kept_at = now


def settle(session: Session, promise: Promise, now: datetime, policy: Policy) -> None:
    """Bring a promise up to where its call is; the call's own life is the truth."""
    if promise.entry_call_id is None or promise.state not in IN_HAND:
        return  # it went on before this lock
    call = session.get_one(Call, promise.entry_call_id, populate_existing=True)
    if call.answered_at is None and call.state in AWAITED:
        return
    if promise.state == PromiseState.PLANNED:
        if call.state == CallState.CLOSED and not _was_made(session, call):
            promise.entry_call_id = None  # taken out of the queue before it was made
            return
        move(promise, PromiseEvent.CALL_BEGUN, now)
    if call.state == CallState.REACHING:
        return
    if call.state == CallState.CLOSED and call.close_reason == PROMISED:
        _lose_call(promise, now, LET_GO)  # they asked in the wait to be called again
        return
    if call.answered_at is not None and promise.purpose == "talk":
        if call.state == CallState.CLOSED:
            _talked(session, promise, call, now)
        return
    if call.answered_at is not None:
        _reached(session, promise, call, now)
        return
    _not_reached(session, promise, call, now)


def _lose_call(promise: Promise, now: datetime, pause: timedelta) -> None:
    """Plan it again after `pause`: there was no talk, and no try is spent."""
    promise.entry_call_id = None
    move(promise, PromiseEvent.CALL_LOST, now)
    promise.next_at = now + pause


def _was_made(session: Session, call: Call) -> bool:
    reason = call.close_reason or ""
    if call.answered_at is not None or reason.startswith(calls.NOT_REACHED):
        return True
    return records.rung_at(session, call.id) is not None


def _reached(session: Session, promise: Promise, call: Call, now: datetime) -> None:
    """Of a companion's call the companion says what came of it; where nothing was written in time,
    a person decides."""
    move(promise, PromiseEvent.TRIES_SPENT, now, "outcome not written")
    note_try(session, promise, call, TryOutcome.REACHED, now)


def _talked(session: Session, promise: Promise, call: Call, now: datetime) -> None:
    """A talk is kept by talking, unless its counselor wrote that nobody was there.

    Where they wrote nothing, who was gone before "you are connected" was spoken has not talked.
    """
    kind = records.contact_kind(session, call.id)
    said = NOBODY_THERE.get(kind or "")
    if kind is None and records.talk_seconds(session, call.id, now) < TALK_MIN.total_seconds():
        said = TryOutcome.FAILED
    if said is None:
        _keep_by_talk(session, promise, call, now)
        return
    promise.entry_call_id = None
    note_try(session, promise, call, said, now)
    try_again(session, promise, said, now)


def _keep_by_talk(session: Session, promise: Promise, call: Call, now: datetime) -> None:
    """The promise was kept when they were joined."""
    move(promise, PromiseEvent.REACHED, now)
    promise.kept_at = call.answered_at
    note_try(session, promise, call, TryOutcome.REACHED, now)


def _not_reached(session: Session, promise: Promise, call: Call, now: datetime) -> None:
    said = (call.close_reason or "").removeprefix(calls.NOT_REACHED)
    if said == calls.NOT_RUNG:
        _lose_call(promise, now, NOT_RUNG_PAUSE)
        return
    if said not in set(TryOutcome) and records.rung_at(session, call.id) is None:
        _lose_call(promise, now, timedelta())
        return
    promise.entry_call_id = None
    # Given up from our side while it rang: the citizen's telephone rang all the same.
    outcome = TryOutcome(said) if said in set(TryOutcome) else TryOutcome.FAILED
    note_try(session, promise, call, outcome, now)
    if outcome is TryOutcome.REFUSED:
        move(promise, PromiseEvent.REFUSED, now)
        return
    try_again(session, promise, outcome, now)


def note_try(
    session: Session, promise: Promise, call: Call, outcome: TryOutcome, now: datetime
) -> None:
    """Write a try, once for each call."""
    session.execute(
        insert(Try)
        .values(
            id=uuid.uuid4(),
            promise_id=promise.id,
            call_id=call.id,
            counselor_id=promise.companion_id,
            rung_at=records.rung_at(session, call.id) or now,
            ended_at=now,
            outcome=outcome,
        )
        .on_conflict_do_nothing(index_elements=[Try.call_id])
    )
    session.flush()
    promise.tries = len(records.tries(session, promise.id))


def try_again(session: Session, promise: Promise, outcome: TryOutcome, now: datetime) -> None:
    """Plan the next try by the retry policy, or hand the promise to a person."""
    citizen = session.get_one(Citizen, promise.citizen_id)
    rules = guard.rules_of(session, citizen, now, promise.purpose)
    if isinstance(rules, guard.Never):
        move(promise, PromiseEvent.WITHDREW, now, rules.reason)
        return
    tried = [held.rung_at for held in records.tries(session, promise.id)]
    decided = after_try(outcome, tried, now, rules, RULES_FOR[promise.purpose])
    if isinstance(decided, PersonDecides):
        move(promise, PromiseEvent.TRIES_SPENT, now, decided.reason)
        return
    move(promise, PromiseEvent.NOT_REACHED, now)
    promise.next_at = decided.at
