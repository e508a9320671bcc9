"""What a failed request to the carrier means for us: the one table that turns its words into ours.

Rule: an unknown answer counts as a refusal, and is loud. Sources: Twilio's error pages 20404,
21220 (not in progress), 20429 (not processed, back off), 20500 (a POST may have happened), 20003
(the token is not the account's).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GONE_CODES = frozenset({20404, 21220})
PAUSE_SECONDS_MAX = 15.0


class FaultKind(StrEnum):
    """Kinds of failure, by what to do next."""

    PASSING = "passing"
    """The request was not processed, or may be repeated: try again after a pause."""
    UNKNOWN = "unknown"
    """It may have happened: look before repeating."""
    GONE = "gone"
    """The leg is over: what we wanted of it no longer matters."""
    REFUSED = "refused"
    """The carrier won't: our mistake or its rule; repeating changes nothing."""
    SHUT_OUT = "shut_out"
    """The carrier refuses the whole account, as while a token is changed: nobody we ring, and no
    leg, has to do with it."""


class CarrierFault(Exception):
    """The carrier did not do what an order asked; `kind` says what to do next."""

    def __init__(self, kind: FaultKind, says: str) -> None:
        super().__init__(says)
        self.kind = kind
        self.says = says


@dataclass(frozen=True)
class Retry:
    """Try again at `at`."""

    at: datetime


@dataclass(frozen=True)
class GiveUp:
    """No further try; `reason` in one word for the order's row."""

    reason: str


def kind_of(status: int | None, code: int | None) -> FaultKind:
    """Return the kind of a failed request.

    status: HTTP status, None where no answer came. code: the carrier's error code, if it gave one.
    A 404 without the carrier's code is a proxy's, or a wrong address of ours: it says nothing of
    the leg.
    """
    if status is None:
        return FaultKind.UNKNOWN
    if code in GONE_CODES:
        return FaultKind.GONE
    if status in (401, 403):
        return FaultKind.SHUT_OUT
    if status == 429:
        return FaultKind.PASSING
    if status >= 500 or status == 404:
        return FaultKind.UNKNOWN
    return FaultKind.REFUSED


def after(
    kind: FaultKind, tries: int, now: datetime, *, tries_max: int, backoff_seconds: float
) -> Retry | GiveUp:
    """Return what to do after try number `tries` (from 1) failed by `kind`."""
    if kind in (FaultKind.GONE, FaultKind.REFUSED):
        return GiveUp(kind)
    if tries >= tries_max:
        return GiveUp("tries spent")
    return Retry(now + timedelta(seconds=backoff_seconds * 2 ** (tries - 1)))


def insisting(
    kind: FaultKind, tries: int, now: datetime, *, backoff_seconds: float
) -> Retry | GiveUp:
    """Return the same for what somebody hears nothing without: tried until the leg is gone.

    However often it failed and whatever the carrier said, the next try is PAUSE_SECONDS_MAX away
    at most.
    """
    if kind is FaultKind.GONE:
        return GiveUp(kind)
    doublings = min(tries - 1, 10)  # after hours of tries the power would burst
    pause = min(backoff_seconds * 2**doublings, PAUSE_SECONDS_MAX)
    return Retry(now + timedelta(seconds=pause))
