"""Conferences: rooms by name, who is in them, when they start and end."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from simulator.conference_events import ConferenceCallback, Ending
from simulator.journal import BridgeChanged
from simulator.participants import Participant
from simulator.sounds import Silence

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.legs import Leg

PARTICIPANTS_MAX = 250


class Conference:
    """One room while it lives; a refilled room of the same name is another one [D]."""

    def __init__(self, exchange: Exchange, name: str) -> None:
        """An empty room, not yet begun."""
        self.exchange = exchange
        self.sid = exchange.sids.new("CF")
        self.name = name
        self.status = "init"
        self.participants: dict[str, Participant] = {}
        self.callback: ConferenceCallback | None = None
        self.created_at: datetime = exchange.kernel.now()
        self.updated_at: datetime = self.created_at
        self.ending: Ending | None = None
        self._begun = False

    @property
    def connected(self) -> list[Participant]:
        """Those who are in the room, in the order they came."""
        return [each for each in self.participants.values() if each.joined]

    # -- coming and going ----------------------------------------------------------------------

    def expect(self, participant: Participant) -> None:
        """A participant is being called (REST): listed, not yet in the room."""
        self.participants[participant.leg.sid] = participant

    def join(self, participant: Participant, callback: ConferenceCallback | None) -> None:
        """A leg comes in; the first participant's callback counts for the room's life [D]."""
        if self.status == "completed":
            participant.on_left()
            return
        if not self._begun:
            self._begun = True
            self.callback = callback
        participant.enter(self)
        self.participants[participant.leg.sid] = participant
        self._note("join", participant.leg)
        self.tell("participant-join", participant)
        self._start_if_ready()
        self.refresh()

    def _start_if_ready(self) -> None:
        """It starts with two, one of them with startConferenceOnEnter [D]."""
        present = self.connected
        if self.status != "init" or len(present) < 2:
            return
        if any(each.seat.start_on_enter for each in present):
            self.status = "in-progress"
            self.tell("conference-start")

    def leave(self, leg: Leg, reason: str, kicked: bool = False) -> None:
        """A leg goes out; that may end the room.

        reason: the carrier's ReasonParticipantLeft.
        """
        participant = self.participants.get(leg.sid)
        if participant is None or not participant.joined:
            self.drop(leg, reason)
            return
        del self.participants[leg.sid]
        self._go(participant, reason)
        suffix = "kicked" if kicked else "left"
        if participant.seat.end_on_exit:
            ending = Ending(
                f"participant-with-end-conference-on-exit-{suffix}",
                leg.sid,
                participant.seat.label,
            )
            self.end(ending, "moderator_ended_conference")
        elif not self.participants:
            self.end(Ending(f"last-participant-{suffix}", leg.sid, participant.seat.label))
        else:
            self.refresh()

    def drop(self, leg: Leg, reason: str) -> None:
        """The call of a participant placed by REST ended, whether or not it had come in.

        [I] somebody still being called keeps an otherwise empty room alive.
        """
        participant = self.participants.get(leg.sid)
        if participant is None:
            return
        if participant.joined:
            self.leave(leg, reason)
            return
        del self.participants[leg.sid]
        if self._begun:
            extra = {"ReasonParticipantLeft": "participant_add_failed"}
            self.tell("participant-leave", participant, extra)
        if not self.participants:
            self.end(Ending("last-participant-left", leg.sid, participant.seat.label))

    def _go(self, participant: Participant, reason: str) -> None:
        participant.exit()
        self._note("leave", participant.leg)
        self.tell("participant-leave", participant, {"ReasonParticipantLeft": reason})

    def end(self, ending: Ending, reason_left: str = "conference_ended_via_api") -> None:
        """The room is over: everybody goes out, and each one's Dial goes on."""
        if self.status == "completed":
            return
        self.status = "completed"
        self.ending = ending
        self.touch()
        rest = list(self.participants.values())
        self.participants.clear()
        for participant in rest:
            if participant.joined:
                self._go(participant, reason_left)
        self.exchange.conferences.close(self)
        self.tell("conference-end", None, ending.params())
        for participant in rest:
            participant.on_left()

    # -- what they hear ------------------------------------------------------------------------

    def refresh(self) -> None:
        """Let everybody hear what they ought to."""
        self.touch()
        for participant in self.connected:
            participant.refresh()

    # -- telling -------------------------------------------------------------------------------

    def touch(self) -> None:
        """The room changed now."""
        self.updated_at = self.exchange.kernel.now()

    def tell(
        self,
        event: str,
        participant: Participant | None = None,
        extra: dict[str, str] | None = None,
    ) -> None:
        """An event happened: journal, and callback where subscribed."""
        call_sid = participant.leg.sid if participant is not None else ""
        self.exchange.note_conference(event, self, call_sid)
        if self.callback is not None:
            self.callback.notify(self, event, participant, extra or {})

    def _note(self, change: str, leg: Leg) -> None:
        now = self.exchange.kernel.now()
        entry = BridgeChanged(now, change, self.sid, leg.sid, self.name)
        self.exchange.journal.append(entry)
        if change == "leave":
            leg.hear(Silence())


class Conferences:
    """All conferences of the account, ended ones included."""

    def __init__(self, exchange: Exchange) -> None:
        """None yet."""
        self._exchange = exchange
        self._current: dict[str, Conference] = {}
        self.by_sid: dict[str, Conference] = {}

    def named(self, name: str) -> Conference | None:
        """The living conference of that friendly name."""
        return self._current.get(name)

    def open(self, name: str) -> Conference:
        """The living conference of that name, or a new one."""
        conference = self.named(name)
        if conference is None:
            conference = Conference(self._exchange, name)
            self._current[name] = conference
            self.by_sid[conference.sid] = conference
            self._forget_oldest()
        return conference

    def close(self, conference: Conference) -> None:
        """A conference ended; its name is free for another."""
        if self._current.get(conference.name) is conference:
            del self._current[conference.name]

    def _forget_oldest(self) -> None:
        keep = self._exchange.settings.ended_calls_max
        if keep is None or len(self.by_sid) <= keep:
            return
        oldest = next(iter(self.by_sid.values()))
        if oldest.status == "completed":
            del self.by_sid[oldest.sid]
