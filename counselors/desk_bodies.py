"""The bodies of the desk's API: what is sent and what is answered. Pure."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import Field

from core.fields import AnswerBody, Body, Moment, Text


class Me(AnswerBody):
    """Who is signed in; presence is null for who has no seat."""

    login: str
    name: str
    role: str
    status: str | None
    state: str | None
    since: Moment | None
    not_answering_since: Moment | None


class PresenceChange(Body):
    """What the counselor says."""

    status: Literal["ready", "break", "off"]


class Caller(AnswerBody):
    """Who calls, as far as it is shown: the kind, and the masked number where there is one."""

    kind: str
    number: str | None


class Offer(AnswerBody):
    """A call offered to this counselor until the deadline.

    handed_on: talk where a companion talks with them and calls for a counselor, promise where they
    are to be called, else null; what is known of it is at /calls/{call_id}/handed-on.
    """

    id: uuid.UUID
    call_id: uuid.UUID
    deadline: Moment
    need: str
    reason: str
    caller: Caller
    queued_at: Moment
    language: str
    handed_on: str | None


class Talk(AnswerBody):
    """A session being joined or talked. cues: seconds after which the page says a gentle word.

    handed_on: as in the offer. has_company: the companion who handed them on is there too.
    """

    id: uuid.UUID
    call_id: uuid.UUID
    state: str
    started_at: Moment
    joined_at: Moment | None
    need: str
    caller: Caller
    cues: list[int]
    handed_on: str | None
    has_company: bool


class Wrapping(AnswerBody):
    """A session whose outcome is to be written by the deadline."""

    id: uuid.UUID
    call_id: uuid.UUID
    started_at: Moment
    ended_at: Moment | None
    deadline: Moment | None
    end_reason: str | None
    need: str
    caller: Caller


class DeskBody(AnswerBody):
    """All that lies on the desk."""

    offer: Offer | None
    session: Talk | None
    wrapping: Wrapping | None
    presence: Me


class Softphone(AnswerBody):
    """What the page's telephone signs in with. edge_host: null for the carrier's own edges."""

    token: str
    edge_host: str | None
    expires_at: Moment


class Connect(AnswerBody):
    """What the page hands to its telephone to join the call."""

    params: dict[str, str]


class AcceptedBody(AnswerBody):
    """The call is yours: connect within the join time."""

    session_id: uuid.UUID
    connect: Connect


class Decline(Body):
    """Why the call can't be taken now; no personal data."""

    reason: Annotated[Text, Field(min_length=1, max_length=200)]


class OfferBody(AnswerBody):
    """The offer is closed."""

    offer_id: uuid.UUID


class SessionBody(AnswerBody):
    """The session that was changed."""

    session_id: uuid.UUID


class OutcomeBody(AnswerBody):
    """The outcome as it is stored, without the notes."""

    session_id: uuid.UUID
    outcome: dict[str, Any]


class Draft(Body):
    """An outcome as far as it is written; any JSON object of moderate size."""

    draft: dict[str, Any]


class DraftBody(AnswerBody):
    """The draft kept, null where none is."""

    draft: dict[str, Any] | None


class Reveal(Body):
    """Why the number is needed; written to the access log."""

    reason: Annotated[Text, Field(min_length=2, max_length=300)]


class Number(AnswerBody):
    """A caller's whole number."""

    number: str
