"""The bodies of the worklist's API: what is sent and what is answered. Pure."""

import uuid
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from callbacks.schedule import read_window
from core.fields import AnswerBody, Body, Moment, Text
from counselors.desk_bodies import Connect
from counselors.outcome import Outcome

Note = Annotated[Text, Field(min_length=2, max_length=2000)]
Reason = Annotated[Text, Field(min_length=2, max_length=300)]
NumberText = Annotated[Text, Field(min_length=2, max_length=40)]
ClockTime = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Weekday = Annotated[int, Field(strict=True, ge=0, le=6)]
Language = Literal["ko", "en"]
About = Literal["self", "other"]
Said = Literal["reached", "no_answer", "busy", "voicemail", "wrong_person", "refused"]


class Window(Body):
    """When a person wants to be called: days (0 is Monday) and a stretch of the day in Seoul."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    days: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    start: Annotated[ClockTime, Field(alias="from")]
    until: ClockTime

    @model_validator(mode="after")
    def _is_a_window(self) -> "Window":
        read_window(self.kept())
        return self

    def kept(self) -> dict[str, Any]:
        """Return the window as citizens keep it."""
        return {"days": sorted(set(self.days)), "from": self.start, "until": self.until}


Windows = Annotated[list[Window], Field(max_length=21)]


class ConsentHeard(Body):
    """What the person consented to in our hearing. To be called is what the rest rests on."""

    wording: Annotated[Text, Field(min_length=1, max_length=80)]
    heard: Literal[True]
    sensitive: Annotated[bool, Field(strict=True)] = False
    third_party: Annotated[bool, Field(strict=True)] = False
    night_calls: Annotated[bool, Field(strict=True)] = False


class NewCallback(Body):
    """A call to be promised. at: the agreed moment, null for as soon as may be.

    about other: who asks worries about somebody else; it is who asks that is called, since nobody
    can consent for another. consent: null where it was given before and lives.
    """

    number: NumberText
    purpose: Literal["talk", "companion"] = "companion"
    at: AwareDatetime | None = None
    windows: Windows | None = None
    consent: ConsentHeard | None = None
    about: About = "self"
    language: Language = "ko"
    companion_id: uuid.UUID | None = None
    note: Note | None = None


class NextCall(Body):
    """The first date of a companion's calls, agreed in the session. number: where it is withheld,
    or another one is wanted."""

    at: AwareDatetime | None = None
    windows: Windows | None = None
    consent: ConsentHeard
    number: NumberText | None = None
    note: Note | None = None


class OutcomeAndNext(Outcome):
    """The outcome of a session, with the call that was agreed in it."""

    next_call: NextCall | None = None


class Promised(AnswerBody):
    """The promise stands. is_new: false where one stood already, which is then this one."""

    id: uuid.UUID
    next_at: Moment
    is_new: bool


class WrittenBody(AnswerBody):
    """The outcome as it is stored, without the notes, and what was promised with it."""

    session_id: uuid.UUID
    outcome: dict[str, Any]
    promised: Promised | None


class TryRow(AnswerBody):
    """One try and what came of it."""

    at: Moment
    outcome: str


class SeriesProgress(AnswerBody):
    """How far a series is. steps: held, next or to_come, one for each agreed session."""

    id: uuid.UUID
    goal: str
    sessions_planned: int
    sessions_held: int
    steps: list[str]
    every_days: int
    ends_on: date
    ended_at: Moment | None
    end_reason: str | None


class CompanionRef(AnswerBody):
    """Who calls. talks_before: how often the two have talked."""

    id: uuid.UUID
    name: str
    talks_before: int


class CallbackRow(AnswerBody):
    """One promise as the worklist shows it; the number is masked."""

    id: uuid.UUID
    citizen_id: uuid.UUID
    number: str
    purpose: str
    origin: str
    about: str
    state: str
    language: str
    made_at: Moment
    next_at: Moment
    deadline: Moment
    windows: list[dict[str, Any]]
    waits_for: str | None
    companion: CompanionRef | None
    tries: list[TryRow]
    series: SeriesProgress | None


class Counts(AnswerBody):
    """How many promises each view holds."""

    today: int
    overdue: int
    promised: int
    decision: int


class CallbackList(AnswerBody):
    """A view of the worklist, the longest due first; is_all: there are no more."""

    view: str
    counts: Counts
    callbacks: list[CallbackRow]
    is_all: bool


class DecisionRow(AnswerBody):
    """What a person decided, in writing."""

    at: Moment
    by: str
    decision: str
    note: str


class ConsentRow(AnswerBody):
    """One consent of the ledger."""

    purpose: str
    wording: str
    given_at: Moment
    how: str
    withdrawn_at: Moment | None
    withdrawn_how: str | None


class CallbackDetail(AnswerBody):
    """One promise with the person's page: note, decisions, consents, the promises before."""

    callback: CallbackRow
    note: str | None
    decisions: list[DecisionRow]
    consents: list[ConsentRow]
    do_not_call: bool
    history: list[CallbackRow]


class CallBegun(AnswerBody):
    """The call begins: connect within the join time, then the person is rung."""

    session_id: uuid.UUID
    connect: Connect


class NewSeries(Body):
    """A series to agree on: a goal, a rhythm or the dates themselves, an end."""

    goal: Annotated[Text, Field(min_length=2, max_length=500)]
    first_at: AwareDatetime | None = None
    every_days: Annotated[int, Field(strict=True, ge=1, le=90)] = 7
    dates: Annotated[list[AwareDatetime], Field(max_length=60)] = Field(default_factory=list)
    sessions: Annotated[int, Field(strict=True, ge=1, le=60)] | None = None
    ends_on: date | None = None

    @model_validator(mode="after")
    def _has_a_plan(self) -> "NewSeries":
        if not self.dates and (self.first_at is None or self.sessions is None):
            raise ValueError("needs first_at and sessions, or dates")
        return self


class NextStep(Body):
    """What was agreed for afterwards: one more call, or a series."""

    at: AwareDatetime | None = None
    series: NewSeries | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "NextStep":
        if (self.at is None) == (self.series is None):
            raise ValueError("needs either at or series")
        return self


class CallOutcome(Body):
    """What came of a call. session_outcome: the talk's own, needed where somebody was reached."""

    outcome: Said
    session_outcome: Outcome | None = None
    next: NextStep | None = None


class CallOutcomeBody(AnswerBody):
    """What is recorded, where the promise stands now, and what was promised next."""

    callback: CallbackRow
    recorded: str
    next: Promised | None


class DecisionSent(Body):
    """What a person decides of a promise whose tries are spent, and why."""

    decision: Literal["again", "letter", "visit", "welfare_check", "close"]
    note: Note
    at: AwareDatetime | None = None


class Withdrawal(Body):
    """The person takes the wish back. do_not_call: and wants never to be called again."""

    reason: Reason
    do_not_call: Annotated[bool, Field(strict=True)] = False


class Escalation(Body):
    """Why a professional is to take over; they read it."""

    note: Note


class BroughtIn(AnswerBody):
    """A counselor is called. call_id: null where the talk was over already.

    callback_id: the promise that a counselor calls, null where the person may not be called.
    """

    call_id: uuid.UUID | None
    callback_id: uuid.UUID | None


class Handing(AnswerBody):
    """How far the counselor is who was called to a talk: called, offered, coming, there or gone.

    tell_seconds: how often the companion is told while none is there.
    """

    state: str
    called_at: Moment
    tell_seconds: float


class RunningCall(AnswerBody):
    """The companion's call. state: joining, ringing or talking; cues as on the desk."""

    id: uuid.UUID
    call_id: uuid.UUID
    callback_id: uuid.UUID | None
    state: str
    started_at: Moment
    joined_at: Moment | None
    number: str
    cues: list[int]
    handing: Handing | None


class WrappingCall(AnswerBody):
    """A call whose outcome is to be written by the deadline."""

    id: uuid.UUID
    call_id: uuid.UUID
    callback_id: uuid.UUID | None
    started_at: Moment
    ended_at: Moment | None
    deadline: Moment | None
    end_reason: str | None
    number: str


class LastTry(AnswerBody):
    """What came of the latest call, as the carrier or the companion said."""

    callback_id: uuid.UUID
    outcome: str
    at: Moment


class WorklistBody(AnswerBody):
    """The companion's own: the call going on, the outcome owed, how many wait in each view."""

    session: RunningCall | None
    wrapping: WrappingCall | None
    last_try: LastTry | None
    counts: Counts


class HandedNote(AnswerBody):
    """What the counselor of a promised call may know beforehand. note: why it was handed on."""

    origin: str
    about: str
    made_at: Moment
    note: str | None
    tries: list[TryRow]


class Assignment(Body):
    """Who is to call; null chooses: the same companion, a substitute, or the least loaded."""

    companion_id: uuid.UUID | None = None
