"""The bodies of series, companions and their absences: what is sent and answered. Pure."""

import uuid
from datetime import date
from typing import Annotated

from pydantic import Field

from callbacks.bodies import CallbackRow, CompanionRef, NewSeries, Reason, SeriesProgress
from core.fields import AnswerBody, Body, Moment, Text


class SeriesAsked(NewSeries):
    """A series with a person whom we know."""

    citizen_id: uuid.UUID
    companion_id: uuid.UUID | None = None


class SeriesChange(Body):
    """What is agreed anew; null leaves it. end: ends the series, with the reason."""

    goal: Annotated[Text, Field(min_length=2, max_length=500)] | None = None
    every_days: Annotated[int, Field(strict=True, ge=1, le=90)] | None = None
    sessions: Annotated[int, Field(strict=True, ge=1, le=60)] | None = None
    ends_on: date | None = None
    end: Reason | None = None


class SeriesBody(AnswerBody):
    """A series: what was agreed, what was held, what is next."""

    progress: SeriesProgress
    citizen_id: uuid.UUID
    companion: CompanionRef
    first_at: Moment
    dates: list[Moment]
    next: CallbackRow | None
    held_at: list[Moment]


class Handover(Body):
    """To whom a companion's people pass on; from_day: planned for that day, null for now."""

    to: uuid.UUID
    from_day: date | None = None


class HandedOverBody(AnswerBody):
    """How much changed hands now."""

    promises: int
    series: int


class AbsenceSent(Body):
    """A companion is away on these days, both included; until_day null: for good."""

    from_day: date
    until_day: date | None = None
    substitute: uuid.UUID


class AbsenceBody(AnswerBody):
    """The absence as written."""

    id: uuid.UUID


class AbsenceRow(AnswerBody):
    """Days away, both included; until_day null: for good. substitute: who stands in, by name."""

    id: uuid.UUID
    from_day: date
    until_day: date | None
    substitute: str


class CompanionRow(AnswerBody):
    """A companion with what is in their hands. absences: today's and those to come."""

    id: uuid.UUID
    login: str
    name: str
    is_certified: bool
    open: int
    is_away: bool
    absences: list[AbsenceRow]


class CompanionList(AnswerBody):
    """Every companion, by login."""

    companions: list[CompanionRow]
