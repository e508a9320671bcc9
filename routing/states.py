"""The life of a call and of an offer. Pure tables; DESIGN section 3 in code.

Rule: these tables are the only place that says what may follow what.
"""

from enum import StrEnum

from core.life import Life

PROMISED = "promised callback"
"""Close reason of a call whose caller left with a promise to be called."""
TO_BE_RUNG = "to-be-rung-"
"""Begins the carrier sid of an outward call whose leg has no name yet."""
BESIDE = "beside-"
"""Begins the carrier sid of a call handed on, while its citizen's leg is still the first one's."""


class CallState(StrEnum):
    """Where a call is."""

    IN_MENU = "in_menu"
    WAITING = "waiting"
    OFFERED = "offered"
    REACHING = "reaching"
    CONNECTED = "connected"
    WRAPPING = "wrapping"
    CLOSED = "closed"


class CallEvent(StrEnum):
    """What happens to a call."""

    JOINED_QUEUE = "joined_queue"
    CALLER_LEFT = "caller_left"
    OFFERED = "offered"
    PROMISED_CALLBACK = "promised_callback"
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"
    ACCEPTED_OUTWARD = "accepted_outward"
    DECLINED = "declined"
    OFFER_LAPSED = "offer_lapsed"
    CITIZEN_ANSWERED = "citizen_answered"
    NOT_REACHED = "not_reached"
    MACHINE_HEARD = "machine_heard"
    COUNSELOR_LOST = "counselor_lost"
    TALK_ENDED = "talk_ended"
    HANDED_ON = "handed_on"
    OUTCOME_WRITTEN = "outcome_written"
    WRAP_LAPSED = "wrap_lapsed"


class OfferState(StrEnum):
    """Where an offer is."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class OfferEvent(StrEnum):
    """What happens to an offer."""

    ACCEPT = "accept"
    DECLINE = "decline"
    LAPSE = "lapse"
    WITHDRAW = "withdraw"


_S, _E = CallState, CallEvent

CALL_LIFE: Life[CallState, CallEvent] = Life(
    "call",
    {
        _S.IN_MENU: {_E.JOINED_QUEUE: _S.WAITING, _E.CALLER_LEFT: _S.CLOSED},
        _S.WAITING: {
            _E.OFFERED: _S.OFFERED,
            _E.CALLER_LEFT: _S.CLOSED,
            _E.PROMISED_CALLBACK: _S.CLOSED,
            _E.WITHDRAWN: _S.CLOSED,
        },
        _S.OFFERED: {
            _E.ACCEPTED: _S.CONNECTED,
            _E.ACCEPTED_OUTWARD: _S.REACHING,
            _E.DECLINED: _S.WAITING,
            _E.OFFER_LAPSED: _S.WAITING,
            _E.CALLER_LEFT: _S.CLOSED,
            _E.WITHDRAWN: _S.CLOSED,
        },
        _S.REACHING: {
            _E.CITIZEN_ANSWERED: _S.CONNECTED,
            _E.NOT_REACHED: _S.CLOSED,
            _E.COUNSELOR_LOST: _S.CLOSED,
        },
        _S.CONNECTED: {
            _E.TALK_ENDED: _S.WRAPPING,
            _E.CALLER_LEFT: _S.WRAPPING,
            _E.HANDED_ON: _S.WRAPPING,
            _E.COUNSELOR_LOST: _S.WAITING,
            _E.MACHINE_HEARD: _S.CLOSED,
        },
        _S.WRAPPING: {_E.OUTCOME_WRITTEN: _S.CLOSED, _E.WRAP_LAPSED: _S.CLOSED},
        _S.CLOSED: {},
    },
)

OFFER_LIFE: Life[OfferState, OfferEvent] = Life(
    "offer",
    {
        OfferState.OPEN: {
            OfferEvent.ACCEPT: OfferState.ACCEPTED,
            OfferEvent.DECLINE: OfferState.DECLINED,
            OfferEvent.LAPSE: OfferState.LAPSED,
            OfferEvent.WITHDRAW: OfferState.WITHDRAWN,
        },
        OfferState.ACCEPTED: {},
        OfferState.DECLINED: {},
        OfferState.LAPSED: {},
        OfferState.WITHDRAWN: {},
    },
)
