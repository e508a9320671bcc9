"""Presence and session: what a counselor says, what the machine knows. Pure tables.

Rule: *status* is moved by people (and by a ring-no-answer), *state* only by what happens to offers
and sessions; neither overrules the other, so a finishing call never undoes a chosen break.
"""

from enum import StrEnum

from core.life import Life


class Status(StrEnum):
    """What a counselor says."""

    OFF = "off"
    READY = "ready"
    BREAK = "break"


class PresenceState(StrEnum):
    """What the machine knows of a counselor."""

    FREE = "free"
    OFFERED = "offered"
    ON_CALL = "on_call"
    WRAPPING = "wrapping"


class PresenceEvent(StrEnum):
    """What happens to a counselor's state."""

    RESERVED = "reserved"
    OFFER_ENDED = "offer_ended"
    OFFER_ACCEPTED = "offer_accepted"
    TALK_ENDED = "talk_ended"
    LEG_LOST = "leg_lost"
    WRAP_ENDED = "wrap_ended"


class SessionState(StrEnum):
    """How far a session is."""

    JOINING = "joining"
    TALKING = "talking"
    WRAPPING = "wrapping"
    CLOSED = "closed"


class SessionEvent(StrEnum):
    """What happens to a session."""

    LEG_JOINED = "leg_joined"
    TALK_ENDED = "talk_ended"
    LEG_LOST = "leg_lost"
    OUTCOME_WRITTEN = "outcome_written"
    WRAP_LAPSED = "wrap_lapsed"


PRESENCE_LIFE: Life[PresenceState, PresenceEvent] = Life(
    "counselor presence",
    {
        PresenceState.FREE: {PresenceEvent.RESERVED: PresenceState.OFFERED},
        PresenceState.OFFERED: {
            PresenceEvent.OFFER_ENDED: PresenceState.FREE,
            PresenceEvent.OFFER_ACCEPTED: PresenceState.ON_CALL,
        },
        PresenceState.ON_CALL: {
            PresenceEvent.TALK_ENDED: PresenceState.WRAPPING,
            PresenceEvent.LEG_LOST: PresenceState.FREE,
        },
        PresenceState.WRAPPING: {PresenceEvent.WRAP_ENDED: PresenceState.FREE},
    },
)

SESSION_LIFE: Life[SessionState, SessionEvent] = Life(
    "session",
    {
        SessionState.JOINING: {
            SessionEvent.LEG_JOINED: SessionState.TALKING,
            SessionEvent.TALK_ENDED: SessionState.WRAPPING,
            SessionEvent.LEG_LOST: SessionState.CLOSED,
        },
        SessionState.TALKING: {
            SessionEvent.TALK_ENDED: SessionState.WRAPPING,
            SessionEvent.LEG_LOST: SessionState.CLOSED,
        },
        SessionState.WRAPPING: {
            SessionEvent.OUTCOME_WRITTEN: SessionState.CLOSED,
            SessionEvent.WRAP_LAPSED: SessionState.CLOSED,
        },
        SessionState.CLOSED: {},
    },
)
