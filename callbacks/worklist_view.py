"""The worklist as people are shown it: the read door's rows as the API's bodies, numbers masked."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from callbacks import bodies, worklist
from callbacks.deciding import NOTE_CONTEXT, note_context
from callbacks.models import Promise, Series
from callbacks.records import promise_of_call
from callbacks.series import GOAL_CONTEXT
from callbacks.series_bodies import SeriesBody
from callbacks.states import OPEN_STATES, PromiseState
from callbacks.worklist import SeriesRow, Viewer, WorkRow
from citizens.models import NUMBER_CONTEXT
from citizens.records import consents_of
from core.phone_numbers import mask
from core.policy import Policy
from core.sealing import Sealer, Unsealable
from routing.desk import DeskSession, desk, handing
from routing.models import Call
from routing.states import CallState

UNREADABLE = "****"  # a lost key must not take the worklist away
LAST_TRY = timedelta(minutes=30)
SERIES_CALLS_MAX = 500


def row_of(row: WorkRow, sealer: Sealer) -> bodies.CallbackRow:
    """Return one promise as its row."""
    held, citizen = row.promise, row.citizen
    return bodies.CallbackRow(
        id=held.id,
        citizen_id=citizen.id,
        number=masked(citizen.sealed_number, NUMBER_CONTEXT, sealer),
        purpose=held.purpose,
        origin=held.origin,
        about=held.about,
        state=held.state,
        language=held.language,
        made_at=held.made_at,
        next_at=held.next_at,
        deadline=held.deadline,
        windows=citizen.windows,
        waits_for=held.waits_for,
        companion=_companion(row),
        tries=[bodies.TryRow(at=one.ended_at, outcome=one.outcome) for one in row.tries],
        series=progress_of(row.series, sealer) if row.series else None,
    )


def _companion(row: WorkRow) -> bodies.CompanionRef | None:
    if row.promise.companion_id is None:
        return None
    return bodies.CompanionRef(
        id=row.promise.companion_id, name=row.companion_name or "", talks_before=row.kept_before
    )


def progress_of(row: SeriesRow, sealer: Sealer) -> bodies.SeriesProgress:
    """Return how far a series is."""
    return bodies.SeriesProgress(
        id=row.id,
        goal=opened(row.sealed_goal, GOAL_CONTEXT, sealer) or "",
        sessions_planned=row.sessions_planned,
        sessions_held=row.sessions_held,
        steps=list(row.steps),
        every_days=row.every_days,
        ends_on=row.ends_on,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
    )


def masked(sealed: bytes, context: str, sealer: Sealer) -> str:
    """Return a sealed number as screens show it."""
    number = opened(sealed, context, sealer)
    return mask(number) if number else UNREADABLE


def opened(sealed: bytes | None, context: str, sealer: Sealer) -> str | None:
    """Return a sealed text, None where there is none or its key is gone."""
    if sealed is None:
        return None
    try:
        return sealer.unseal(sealed, context)
    except Unsealable:
        return None


def rows_of(
    session: Session, promises: Sequence[Promise], sealer: Sealer
) -> list[bodies.CallbackRow]:
    """Return these promises as rows, in their order."""
    return [row_of(row, sealer) for row in worklist.filled(session, promises)]


def detail_of(session: Session, promise: Promise, sealer: Sealer) -> bodies.CallbackDetail:
    """Return one promise with the person's page."""
    before = [
        one for one in worklist.promises_of(session, promise.citizen_id) if one.id != promise.id
    ]
    shown, *history = rows_of(session, [promise, *before], sealer)
    row = worklist.filled(session, [promise])[0]
    return bodies.CallbackDetail(
        callback=shown,
        note=opened(promise.sealed_note, NOTE_CONTEXT, sealer),
        decisions=_decisions(session, promise, sealer),
        consents=consent_rows(session, promise),
        do_not_call=row.citizen.do_not_call_at is not None,
        history=history,
    )


def _decisions(session: Session, promise: Promise, sealer: Sealer) -> list[bodies.DecisionRow]:
    found = worklist.decisions(session, promise.id)
    names = worklist.companion_names(session, {one.account_id for one in found})
    return [
        bodies.DecisionRow(
            at=one.at,
            by=names.get(one.account_id, ""),
            decision=one.decision,
            note=opened(one.sealed_note, note_context(promise.id), sealer) or "",
        )
        for one in found
    ]


def consent_rows(session: Session, promise: Promise) -> list[bodies.ConsentRow]:
    """Return the person's ledger."""
    return [
        bodies.ConsentRow(
            purpose=one.purpose,
            wording=one.wording,
            given_at=one.given_at,
            how=one.how,
            withdrawn_at=one.withdrawn_at,
            withdrawn_how=one.withdrawn_how,
        )
        for one in consents_of(session, promise.citizen_id)
    ]


def series_of(session: Session, series: Series, sealer: Sealer) -> SeriesBody:
    """Return a series as the person's page draws it."""
    row = worklist.series_rows(session, {series.id})[series.id]
    names = worklist.companion_names(session, {series.companion_id})
    everything = worklist.promises_of(session, series.citizen_id, SERIES_CALLS_MAX)
    calls = [one for one in everything if one.series_id == series.id]
    standing = [one for one in calls if one.state in OPEN_STATES]
    held = sorted(one.kept_at for one in calls if one.kept_at is not None)
    mine = [
        one
        for one in calls
        if one.state == PromiseState.KEPT and one.companion_id == series.companion_id
    ]
    return SeriesBody(
        progress=progress_of(row, sealer),
        citizen_id=series.citizen_id,
        companion=bodies.CompanionRef(
            id=series.companion_id,
            name=names.get(series.companion_id, ""),
            talks_before=len(mine),
        ),
        first_at=series.first_at,
        dates=[datetime.fromisoformat(at) for at in series.planned_at],
        next=next(iter(rows_of(session, standing, sealer)), None),
        held_at=held,
    )


def look_at_worklist(
    session: Session, viewer: Viewer, sealer: Sealer, now: datetime, policy: Policy
) -> bodies.WorklistBody:
    """Return the companion's own: the call going on, the outcome owed, what waits."""
    lies = desk(session, viewer.account_id)
    tried = worklist.last_try_of(session, viewer.account_id, now - LAST_TRY)
    return bodies.WorklistBody(
        session=_running(session, lies.session, sealer, policy) if lies.session else None,
        wrapping=_wrapping(session, lies.wrapping, sealer) if lies.wrapping else None,
        last_try=bodies.LastTry(
            callback_id=tried.promise_id, outcome=tried.outcome, at=tried.ended_at
        )
        if tried
        else None,
        counts=bodies.Counts(**worklist.counts(session, viewer, now)),
    )


def _running(
    session: Session, talk: DeskSession, sealer: Sealer, policy: Policy
) -> bodies.RunningCall:
    call = session.get_one(Call, talk.call_id, populate_existing=True)
    promise = promise_of_call(session, talk.call_id)
    state = talk.state
    if state != "joining":
        state = "ringing" if call.state == CallState.REACHING else "talking"
    return bodies.RunningCall(
        id=talk.id,
        call_id=talk.call_id,
        callback_id=promise.id if promise else None,
        state=state,
        started_at=talk.joined_at or talk.accepted_at,
        joined_at=talk.joined_at,
        number=masked(talk.sealed_number or b"", NUMBER_CONTEXT, sealer),
        cues=list(policy.session_cue_seconds),
        handing=_handing(session, talk.call_id, policy),
    )


def _handing(session: Session, call_id: uuid.UUID, policy: Policy) -> bodies.Handing | None:
    called = handing(session, call_id)
    if called is None:
        return None
    return bodies.Handing(
        state=called.state, called_at=called.called_at, tell_seconds=policy.announce_seconds
    )


def _wrapping(session: Session, talk: DeskSession, sealer: Sealer) -> bodies.WrappingCall:
    promise = promise_of_call(session, talk.call_id)
    return bodies.WrappingCall(
        id=talk.id,
        call_id=talk.call_id,
        callback_id=promise.id if promise else None,
        started_at=talk.joined_at or talk.accepted_at,
        ended_at=talk.ended_at,
        deadline=talk.deadline,
        end_reason=talk.end_reason,
        number=masked(talk.sealed_number or b"", NUMBER_CONTEXT, sealer),
    )
