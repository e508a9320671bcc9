"""The edge of series and of companions: agreed, changed, ended; absences and handovers."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import agreed, assigning, series, series_bodies
from callbacks.assignment import Away
from callbacks.at_hand import may_not, ring, viewer
from callbacks.board import absences_to_come, loads
from callbacks.models import Absence, Series
from callbacks.worklist_view import series_of
from citizens.models import Citizen
from core.access import current_account
from core.access_log import note_access
from core.clock import SEOUL, seoul_day_start
from core.fields import Fault, Nothing
from core.operations import Api
from core.problems import Problem
from core.services import services

WORKERS = frozenset({"companion", "supervisor"})
SUPERVISOR = frozenset({"supervisor"})

api = Api("series_api", __name__)
blueprint = api.blueprint


def _may_touch(session: Session, citizen_id: uuid.UUID) -> Citizen:
    """Return a person whom this account looks after. Raises Problem 404."""
    mine = viewer()
    citizen = session.get(Citizen, citizen_id)
    if citizen is None or not (
        mine.sees_all or assigning.is_companion_of(session, mine.account_id, citizen_id)
    ):
        raise Problem(404, "not-found", "There is no such person on your list.")
    return citizen


def _series(session: Session, series_id: uuid.UUID) -> Series:
    found = session.get(Series, series_id)
    if found is None:
        raise Problem(404, "not-found", "There is no such series on your list.")
    _may_touch(session, found.citizen_id)
    return found


@api.change(
    "POST",
    "/series",
    summary="Agree on a series of companion calls",
    roles=WORKERS,
    body=series_bodies.SeriesAsked,
    answer=series_bodies.SeriesBody,
    status=201,
    refusals={409: "A series goes on already, or the person may not be called."},
)
def create_series(session: Session, body: series_bodies.SeriesAsked) -> series_bodies.SeriesBody:
    """Begin a series with its first call; a companion begins their own."""
    account, held = current_account(), services()
    now = held.clock.now()
    citizen = _may_touch(session, body.citizen_id)
    own = account.account_id if account.role == "companion" else body.companion_id
    if body.companion_id is not None and body.companion_id != own:
        raise agreed.invalid(Fault("companion_id", "only a supervisor gives calls to others"))
    if own is not None and not assigning.is_certified(session, own, now):
        raise agreed.invalid(Fault("companion_id", "is no certified companion today"))
    begun = series.begin(
        session,
        citizen,
        agreed.plan(body, now),
        sealed_goal=held.sealer.seal(body.goal, series.GOAL_CONTEXT),
        companion_id=own,
        now=now,
        policy=held.policy,
    )
    if isinstance(begun, series.NotBegun):
        raise may_not(begun.reason)
    made = session.get_one(Series, begun.series_id)
    ring(session, made.companion_id)
    answer = series_of(session, made, held.sealer)
    note_access(session, "begin series", f"citizens:{citizen.id}", "series")
    return answer


@api.read(
    "/series/<uuid:series_id>",
    summary="A series: goal, planned, held, next, agreed end",
    roles=WORKERS,
    answer=series_bodies.SeriesBody,
)
def get_series(series_id: uuid.UUID) -> series_bodies.SeriesBody:
    """Answer how far the series is; logged."""
    held = services()
    with held.database.transaction() as session:
        found = _series(session, series_id)
        answer = series_of(session, found, held.sealer)
        note_access(session, "read series", f"citizens:{found.citizen_id}", "series")
    return answer


@api.change(
    "PUT",
    "/series/<uuid:series_id>",
    summary="Agree anew on goal, rhythm, number or end; or end the series",
    roles=WORKERS,
    body=series_bodies.SeriesChange,
    answer=series_bodies.SeriesBody,
    refusals={409: "The series is over."},
)
def put_series(
    session: Session, body: series_bodies.SeriesChange, series_id: uuid.UUID
) -> series_bodies.SeriesBody:
    """Change what is given; the call planned already stays, unless the series is ended."""
    held = services()
    now = held.clock.now()
    found = _series(session, series_id)
    if body.end is not None:
        if not series.close(session, found, body.end, now, held.policy):
            raise may_not("the series is over")
    else:
        _change(session, found, body, now)
    session.flush()
    ring(session, found.companion_id)
    answer = series_of(session, found, held.sealer)
    note_access(session, "change series", f"citizens:{found.citizen_id}", "series")
    return answer


def _change(
    session: Session, found: Series, body: series_bodies.SeriesChange, now: datetime
) -> None:
    session.refresh(found, with_for_update=True)
    if found.ended_at is not None:
        raise may_not("the series is over")
    if found.planned_at and (body.every_days or body.sessions):
        raise agreed.invalid(Fault("sessions", "a series by dates has its own"))
    series.change(
        found,
        every_days=body.every_days,
        sessions_planned=body.sessions,
        ends_on=agreed.day(body.ends_on, now, "ends_on") if body.ends_on else None,
        sealed_goal=services().sealer.seal(body.goal, series.GOAL_CONTEXT) if body.goal else None,
    )


@api.read(
    "/companions",
    summary="The companions, and what is in their hands",
    roles=WORKERS,
    answer=series_bodies.CompanionList,
)
def get_companions() -> series_bodies.CompanionList:
    """Answer who is there today; for choosing a substitute or a successor."""
    now = services().clock.now()
    today = now.astimezone(SEOUL).date()
    with services().database.transaction() as session:
        found = loads(session, seoul_day_start(now), now, now)
        planned = absences_to_come(session, today)
    names = {one.companion_id: one.name for one in found}
    return series_bodies.CompanionList(
        companions=[
            series_bodies.CompanionRow(
                id=one.companion_id,
                login=one.login,
                name=one.name,
                is_certified=one.is_certified,
                open=one.open,
                is_away=any(row.from_day <= today for row in _of(one.companion_id, planned)),
                absences=[
                    series_bodies.AbsenceRow(
                        id=row.id,
                        from_day=row.from_day,
                        until_day=row.until_day,
                        substitute=names.get(row.substitute_id, ""),
                    )
                    for row in _of(one.companion_id, planned)
                ],
            )
            for one in found
        ]
    )


def _of(companion_id: uuid.UUID, planned: Sequence[Absence]) -> list[Absence]:
    return [row for row in planned if row.companion_id == companion_id]


@api.change(
    "POST",
    "/companions/<uuid:companion_id>/handover",
    summary="Hand a companion's people on to another, now or from a day on",
    roles=SUPERVISOR,
    body=series_bodies.Handover,
    answer=series_bodies.HandedOverBody,
    refusals={409: "The successor is no certified companion."},
)
def hand_over(
    session: Session, body: series_bodies.Handover, companion_id: uuid.UUID
) -> series_bodies.HandedOverBody:
    """Move promises and series; what is being called at this moment stays with who calls it."""
    now = services().clock.now()
    from_day = agreed.day(body.from_day, now, "from_day") if body.from_day else None
    account_id = current_account().account_id
    done = assigning.hand_over(session, companion_id, body.to, from_day, account_id, now)
    if isinstance(done, assigning.Refused):
        raise may_not(done.reason)
    ring(session, companion_id)
    ring(session, body.to)
    return series_bodies.HandedOverBody(promises=done.promises, series=done.series)


@api.change(
    "POST",
    "/companions/<uuid:companion_id>/absences",
    summary="A companion is away; who stands in",
    roles=SUPERVISOR,
    body=series_bodies.AbsenceSent,
    answer=series_bodies.AbsenceBody,
    status=201,
    refusals={409: "The substitute is no certified companion."},
)
def create_absence(
    session: Session, body: series_bodies.AbsenceSent, companion_id: uuid.UUID
) -> series_bodies.AbsenceBody:
    """Write the absence; from its first day the substitute sees and makes the calls."""
    now = services().clock.now()
    first = agreed.day(body.from_day, now, "from_day")
    last = agreed.day(body.until_day, now, "until_day") if body.until_day else None
    if last is not None and last < first:
        raise agreed.invalid(Fault("until_day", "must not come before from_day"))
    if body.substitute == companion_id:
        raise agreed.invalid(Fault("substitute", "must be somebody else"))
    absence = Away(companion_id, first, last, body.substitute)
    made = assigning.write_absence(session, absence, current_account().account_id, now)
    if isinstance(made, assigning.Refused):
        raise may_not(made.reason)
    ring(session, companion_id)
    ring(session, body.substitute)
    return series_bodies.AbsenceBody(id=made)


@api.change(
    "DELETE",
    "/companions/<uuid:companion_id>/absences/<uuid:absence_id>",
    summary="The companion is back, or does not go: the absence ends with yesterday",
    roles=SUPERVISOR,
    answer=series_bodies.AbsenceBody,
)
def end_absence(
    session: Session, _body: Nothing, companion_id: uuid.UUID, absence_id: uuid.UUID
) -> series_bodies.AbsenceBody:
    """End the absence; the companion sees and makes their own calls again from today on."""
    now = services().clock.now()
    substitute = assigning.end_absence(session, companion_id, absence_id, now)
    if substitute is None:
        raise Problem(404, "not-found", "There is no such absence, or it is over.")
    ring(session, companion_id)
    ring(session, substitute)
    return series_bodies.AbsenceBody(id=absence_id)
