"""What the board, the figures and the list of missing outcomes answer. Pure."""

import uuid
from datetime import date
from typing import Annotated

from pydantic import PlainSerializer

from core.fields import AnswerBody, Moment

Rounded = Annotated[
    float, PlainSerializer(lambda value: round(value, 3), return_type=float, when_used="json")
]


class WaitingCall(AnswerBody):
    """A call that waits, in the order of asking. cause: why, for programs; reason: in words."""

    call_id: uuid.UUID
    waiting_since: Moment
    need: str
    language: str
    priority: int
    cause: str
    reason: str


class PresentCounselor(AnswerBody):
    """A counselor. reachable: an offer would be seen or heard at their endpoint."""

    login: str
    name: str
    status: str
    state: str
    since: Moment
    not_answering_since: Moment | None
    reachable: bool


class FiguresBody(AnswerBody):
    """Figures; null where there is nothing to divide by. Shares are from 0 to 1.

    service_level: answered within T / (offered - short abandons). service_level_2: (answered +
    abandoned, each within T) / (answered + abandoned). Means are in seconds.
    """

    offered: int
    answered: int
    abandoned: int
    short_abandoned: int
    answered_within: int
    service_level: Rounded | None
    service_level_2: Rounded | None
    answered_within_share: Rounded | None
    asa_seconds: Rounded | None
    aht_seconds: Rounded | None
    acw_seconds: Rounded | None
    occupancy: Rounded | None
    longest_wait_seconds: Rounded | None
    unrecorded: int


class HalfHourCounts(AnswerBody):
    """The calls offered in the half hour from `start`."""

    start: Moment
    offered: int
    answered: int
    abandoned: int


class PromiseFiguresBody(AnswerBody):
    """What promises came to; shares from 0 to 1, null where there is nothing to divide by.

    silent_ends: ended without being kept, declined, withdrawn or decided in writing; must be 0.
    continuity: share of series talks, first ones aside, made by who made the one before. open,
    overdue and for_decision are as they stand now.
    """

    promised: int
    kept: int
    kept_in_time: int
    kept_in_time_share: Rounded | None
    declined: int
    withdrawn: int
    decided: int
    silent_ends: int
    tries: int
    reached: int
    tries_per_reach: Rounded | None
    continuity: Rounded | None
    open: int
    overdue: int
    for_decision: int


class CompanionLoadBody(AnswerBody):
    """A companion: what is in their hands now, what they kept in the period."""

    login: str
    name: str
    is_certified: bool
    open: int
    kept: int


class PromisePeriodBody(AnswerBody):
    """The promises of these Seoul days, both included."""

    first_day: date
    last_day: date
    figures: PromiseFiguresBody
    companions: list[CompanionLoadBody]


class BoardBody(AnswerBody):
    """The line as it is at `now`."""

    now: Moment
    waiting: list[WaitingCall]
    counselors: list[PresentCounselor]
    callbacks: PromiseFiguresBody
    today: FiguresBody
    by_half_hour: list[HalfHourCounts]


class HalfHourFigures(FiguresBody):
    """The figures of the half hour from `start`."""

    start: Moment


class DayBody(AnswerBody):
    """The figures of a Seoul calendar day as they stand at `now`."""

    day: date
    now: Moment
    service_level_seconds: float
    short_abandon_seconds: float
    whole: FiguresBody
    half_hours: list[HalfHourFigures]


class UnrecordedSession(AnswerBody):
    """A session whose counselor owes an outcome."""

    session_id: uuid.UUID
    call_id: uuid.UUID
    login: str
    name: str
    need: str
    accepted_at: Moment
    joined_at: Moment | None
    ended_at: Moment
    closed_at: Moment
    end_reason: str | None


class UnrecordedBody(AnswerBody):
    """The latest sessions without an outcome, newest first; is_all: there are no more."""

    sessions: list[UnrecordedSession]
    is_all: bool
