"""One participant of a conference: how it sits there and what it hears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from simulator.run import CONFERENCE_WAIT, Playing, Run
from simulator.sounds import Bridge, HoldMusic, Silence

if TYPE_CHECKING:
    from simulator.conferences import Conference
    from simulator.legs import Leg


@dataclass
class Seat:
    """The attributes that a participant comes with; REST may change most of them."""

    muted: bool = False
    hold: bool = False
    coaching: bool = False
    call_sid_to_coach: str = ""
    start_on_enter: bool = True
    end_on_exit: bool = False
    label: str = ""
    wait_url: str | None = None
    """None: the carrier's music; empty: silence."""
    wait_method: str = "POST"
    hold_url: str = ""
    hold_method: str = "GET"


class Participant:
    """A leg's presence in one conference."""

    def __init__(
        self,
        leg: Leg,
        seat: Seat,
        on_left: Callable[[], None],
        on_wait_failed: Callable[[], None] | None = None,
    ) -> None:
        """A participant that is not in the room yet.

        on_left: called when the room ends or REST kicks it. on_wait_failed: its waitUrl failed.
        """
        self.leg = leg
        self.seat = seat
        self.on_left = on_left
        self.joined = False
        self.created_at: datetime = leg.exchange.kernel.now()
        self.updated_at: datetime = self.created_at
        self._announcement: Playing | None = None
        self._announcement_cut: Callable[[], None] | None = None
        self._on_wait_failed = on_wait_failed
        self._conference: Conference | None = None
        self._side: Run | None = None
        self._side_for = ""

    @property
    def status(self) -> str:
        """The participant resource's status."""
        if self.joined:
            return "connected"
        words = {"queued": "queued", "initiated": "connecting", "ringing": "ringing"}
        return words.get(self.leg.status, "connecting" if self.leg.live else "failed")

    def enter(self, conference: Conference) -> None:
        """It is in the room now."""
        self.joined = True
        self._conference = conference

    def exit(self) -> None:
        """It is out of the room."""
        self.joined = False
        self._stop_side()
        if self._announcement is not None and self._announcement_cut is not None:
            self._announcement.stop()
            self._announcement_cut()

    def refresh(self) -> None:
        """Hear what it ought to: an announcement, hold, waiting music, or the others."""
        if self._announcement is not None or self._conference is None or not self.joined:
            return
        if self.seat.hold:
            self._hear_document("hold", self.seat.hold_url or None, self.seat.hold_method)
        elif self._conference.status == "init":
            self._hear_document("wait", self.seat.wait_url, self.seat.wait_method)
        else:
            self._stop_side()
            coach = self.seat.call_sid_to_coach if self.seat.coaching else None
            self.leg.hear(Bridge(self._conference.sid, self.seat.muted, coach or None))

    def _hear_document(self, purpose: str, url: str | None, method: str) -> None:
        if self._side is not None and self._side_for == purpose:
            return
        self._stop_side()
        if not url:
            self.leg.hear(HoldMusic() if url is None else Silence())
            return
        self._side = Run(
            self.leg,
            CONFERENCE_WAIT,
            on_end=lambda: self.leg.hear(Silence()),
            on_error=lambda code: self._document_failed(purpose),
        )
        self._side_for = purpose
        self._side.fetch(url, method, purpose=f"conference-{purpose}")

    def _document_failed(self, purpose: str) -> None:
        if purpose == "wait" and self._on_wait_failed is not None:
            self._on_wait_failed()
        else:
            self.leg.hear(HoldMusic())

    def _stop_side(self) -> None:
        if self._side is not None:
            self._side.kill()
            self._side = None
            self._side_for = ""

    def hear_announcement(self, announcement: Playing, cut: Callable[[], None]) -> None:
        """An announcement takes over this participant's ears; `cut`: it left in the middle."""
        if self._announcement is not None and self._announcement_cut is not None:
            self._announcement.stop()
            self._announcement_cut()
        self._announcement, self._announcement_cut = announcement, cut
        self._stop_side()

    def announcement_over(self) -> None:
        """Hear again what was heard before."""
        self._announcement = self._announcement_cut = None
        self.refresh()

    def event_params(self) -> dict[str, str]:
        """What participant events carry about it."""
        seat = self.seat
        params = {
            "CallSid": self.leg.sid,
            "Muted": _word(seat.muted),
            "Hold": _word(seat.hold),
            "Coaching": _word(seat.coaching),
            "EndConferenceOnExit": _word(seat.end_on_exit),
            "StartConferenceOnEnter": _word(seat.start_on_enter),
        }
        if seat.label:
            params["ParticipantLabel"] = seat.label
        return params


def _word(flag: bool) -> str:
    return "true" if flag else "false"
