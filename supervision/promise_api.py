"""The edge of the promises' figures: of a period, as JSON and for a spreadsheet."""

import re
from dataclasses import asdict, astuple, fields
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from callbacks.board import CompanionLoad, figures_of, loads
from callbacks.figures import PromiseFigures
from core.clock import SEOUL
from core.fields import Fault
from core.operations import Api
from core.problems import Problem
from core.services import services
from supervision import bodies, spreadsheet

SUPERVISORS = frozenset({"supervisor", "admin"})
DAYS_MAX = 366
SHARE_DIGITS = 3
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
PERIOD: dict[str, dict[str, Any]] = {
    name: {"type": "string", "format": "date", "description": f"{what}; without it, today."}
    for name, what in (("from", "The first Seoul day"), ("until", "The last Seoul day"))
}
BAD_PERIOD = {422: f"No dates of this century, or more than {DAYS_MAX} days."}

api = Api("promise_api", __name__)
blueprint = api.blueprint


@api.read(
    "/callbacks/figures",
    summary="What the promises of a period came to, and the load of each companion",
    roles=SUPERVISORS,
    answer=bodies.PromisePeriodBody,
    refusals=BAD_PERIOD,
    query=PERIOD,
)
def get_promise_figures() -> bodies.PromisePeriodBody:
    """Answer the figures of whole Seoul days, as they stand now."""
    first, last = _period()
    figures, companions = services().database.run(lambda session: _counted(session, first, last))
    return bodies.PromisePeriodBody(
        first_day=first,
        last_day=last,
        figures=bodies.PromiseFiguresBody(**asdict(figures)),
        companions=[
            bodies.CompanionLoadBody(
                login=one.login,
                name=one.name,
                is_certified=one.is_certified,
                open=one.open,
                kept=one.kept,
            )
            for one in companions
        ],
    )


@api.read(
    "/callbacks/figures.csv",
    summary="The same for a spreadsheet: a row for the period, then one for each companion",
    roles=SUPERVISORS,
    answer=None,
    refusals=BAD_PERIOD,
    media_type="text/csv",
    query=PERIOD,
)
def get_promise_figures_csv() -> Response:
    """Answer the figures as CSV that no spreadsheet executes."""
    first, last = _period()
    figures, companions = services().database.run(lambda session: _counted(session, first, last))
    names = [one.name for one in fields(PromiseFigures)]
    cells = [
        round(cell, SHARE_DIGITS) if isinstance(cell, float) else cell for cell in astuple(figures)
    ]
    rows: list[list[spreadsheet.Cell]] = [[f"{first} - {last}", *cells]]
    rows += [_row_of(one, names) for one in companions]
    response = Response(spreadsheet.written(["of", *names], rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="callbacks-{first}-{last}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _row_of(load: CompanionLoad, names: list[str]) -> list[spreadsheet.Cell]:
    known = {"kept": load.kept, "open": load.open}
    return [f"{load.name} ({load.login})", *(known.get(name) for name in names)]


def _counted(
    session: Session, first: date, last: date
) -> tuple[PromiseFigures, list[CompanionLoad]]:
    now = services().clock.now()
    since, until = _midnight(first), _midnight(last + timedelta(days=1))
    return figures_of(session, since, until, now), loads(session, since, until, now)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SEOUL)


def _period() -> tuple[date, date]:
    today = services().clock.now().astimezone(SEOUL).date()
    first = _day("from", today)
    last = _day("until", max(first, today) if "from" in request.args else first)
    if not 0 <= (last - first).days < DAYS_MAX:
        raise _bad("until", f"from the first day to {DAYS_MAX} days after it")
    return first, last


def _day(name: str, otherwise: date) -> date:
    asked = request.args.get(name)
    if asked is None:
        return otherwise
    try:
        if _DAY.fullmatch(asked):
            return date.fromisoformat(asked)
    except ValueError:
        pass
    raise _bad(name, "a day of this century, such as 2026-03-02")


def _bad(field: str, message: str) -> Problem:
    fault = Fault(field, message)
    return Problem(422, "invalid", "Some fields are wrong; each is named in errors.", (fault,))
