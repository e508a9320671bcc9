"""The edge of supervision: the live board, the figures of a day, the missing outcomes."""

import re
from dataclasses import asdict, astuple, fields
from datetime import date

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from core import sign_ins
from core.access import secret_of_request
from core.clock import SEOUL
from core.fields import Fault
from core.operations import Api
from core.problems import Problem
from core.services import Services, services
from core.streams import stream
from supervision import bodies, records, spreadsheet
from supervision.board import Board, LatestFigures, board, figures_of
from supervision.figures import DayFigures, Figures

SUPERVISORS = frozenset({"supervisor", "admin"})
UNRECORDED_MAX = 500
SHARE_DIGITS = 3
LATEST = "supervision_latest_figures"
DAY = {
    "day": {
        "type": "string",
        "format": "date",
        "description": "The Seoul calendar day, such as 2026-03-02; without it, today.",
    }
}
BAD_DAY = {422: "The day is not a date of this century."}
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")

api = Api("supervision_api", __name__)
blueprint = api.blueprint


@api.read("/board", summary="The line as it is now", roles=SUPERVISORS, answer=bodies.BoardBody)
def get_board() -> bodies.BoardBody:
    """Answer who waits and why, who answers, and today's figures."""
    held, latest = services(), _latest()
    return held.database.run(lambda session: _look(session, held, latest))


@api.read(
    "/board/stream",
    summary="The line as it is now, again on every change (event: board)",
    roles=SUPERVISORS,
    answer=None,
    media_type="text/event-stream",
)
def get_board_stream() -> Response:
    """Stream the board until the sign-in ends or its role is no supervisor's any more."""
    held, latest, secret = services(), _latest(), secret_of_request() or ""
    still = _Still()

    def picture(session: Session) -> str | None:
        found = sign_ins.find(session, secret, held.clock.now(), held.policy)
        if found is None or found.role not in SUPERVISORS:
            return None
        return still.text(_look(session, held, latest))

    return stream(held.live, "board", "board", lambda: held.database.run(picture))


@api.read(
    "/figures",
    summary="The figures of a day and of its half hours",
    roles=SUPERVISORS,
    answer=bodies.DayBody,
    refusals=BAD_DAY,
    query=DAY,
)
def get_figures() -> bodies.DayBody:
    """Answer the figures of a day as they stand now."""
    held = services()
    now = held.clock.now()
    counted = _counted()
    return bodies.DayBody(
        day=counted.day,
        now=now,
        service_level_seconds=held.policy.service_level_seconds,
        short_abandon_seconds=held.policy.short_abandon_seconds,
        whole=_figures(counted.whole),
        half_hours=[
            bodies.HalfHourFigures(start=one.start, **asdict(one.figures))
            for one in counted.half_hours
        ],
    )


@api.read(
    "/figures.csv",
    summary="The figures of a day for a spreadsheet: a row for each half hour, then the day's",
    roles=SUPERVISORS,
    answer=None,
    refusals=BAD_DAY,
    media_type="text/csv",
    query=DAY,
)
def get_figures_csv() -> Response:
    """Answer the same figures as CSV; half hours are Seoul's."""
    counted = _counted()
    header = ["from", *(one.name for one in fields(Figures))]
    rows = [
        [f"{half_hour.start.astimezone(SEOUL):%Y-%m-%d %H:%M}", *_cells(half_hour.figures)]
        for half_hour in counted.half_hours
    ]
    rows.append([f"{counted.day}", *_cells(counted.whole)])
    response = Response(spreadsheet.written(header, rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="figures-{counted.day}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


@api.read(
    "/unrecorded",
    summary="Sessions closed without an outcome",
    roles=SUPERVISORS,
    answer=bodies.UnrecordedBody,
)
def get_unrecorded() -> bodies.UnrecordedBody:
    """Answer whose outcomes are missing, newest first."""
    found = services().database.run(lambda session: records.unrecorded(session, UNRECORDED_MAX + 1))
    return bodies.UnrecordedBody(
        sessions=[bodies.UnrecordedSession(**asdict(one)) for one in found[:UNRECORDED_MAX]],
        is_all=len(found) <= UNRECORDED_MAX,
    )


class _Still:
    """Keeps a stream from repeating a board that differs only in the time it was looked at."""

    def __init__(self) -> None:
        self._shown = ""
        self._text = ""

    def text(self, fresh: bodies.BoardBody) -> str:
        """Return `fresh` as JSON, or the text from before where nothing else changed."""
        shown = fresh.model_dump_json(exclude={"now"})
        if shown != self._shown:
            self._shown, self._text = shown, fresh.model_dump_json()
        return self._text


def _look(session: Session, held: Services, latest: LatestFigures) -> bodies.BoardBody:
    return _board(board(session, held.clock.now(), held.policy, latest))


def _latest() -> LatestFigures:
    """Return this process's own, since figures are kept in its memory for a second."""
    kept: LatestFigures = current_app.extensions.setdefault(LATEST, LatestFigures())
    return kept


def _counted() -> DayFigures:
    held = services()
    now = held.clock.now()
    asked = request.args.get("day")
    day = now.astimezone(SEOUL).date() if asked is None else _day(asked)
    return held.database.run(lambda session: figures_of(session, day, now, held.policy))


def _day(asked: str) -> date:
    try:
        if _DAY.fullmatch(asked):
            return date.fromisoformat(asked)
    except ValueError:
        pass
    raise Problem(
        422,
        "invalid",
        "Some fields are wrong; each is named in errors.",
        (Fault("day", "a day of this century, such as 2026-03-02"),),
    )


def _board(seen: Board) -> bodies.BoardBody:
    return bodies.BoardBody(
        now=seen.now,
        waiting=[
            bodies.WaitingCall(
                call_id=one.row.call_id,
                waiting_since=one.row.queued_at,
                need=one.row.need,
                language=one.row.language,
                priority=one.row.priority,
                cause=one.why.cause,
                reason=one.why.reason,
            )
            for one in seen.waiting
        ],
        counselors=[
            bodies.PresentCounselor(
                login=one.row.login,
                name=one.row.name,
                status=one.row.status,
                state=one.row.state,
                since=one.row.since,
                not_answering_since=one.row.not_answering_since,
                reachable=one.reachable,
            )
            for one in seen.counselors
        ],
        callbacks=bodies.PromiseFiguresBody(**asdict(seen.promises)),
        today=_figures(seen.today.whole),
        by_half_hour=[
            bodies.HalfHourCounts(
                start=one.start,
                offered=one.figures.offered,
                answered=one.figures.answered,
                abandoned=one.figures.abandoned,
            )
            for one in seen.today.half_hours
        ],
    )


def _figures(counted: Figures) -> bodies.FiguresBody:
    return bodies.FiguresBody(**asdict(counted))


def _cells(counted: Figures) -> list[spreadsheet.Cell]:
    return [
        round(cell, SHARE_DIGITS) if isinstance(cell, float) else cell for cell in astuple(counted)
    ]
