"""`<Dial><Conference>`: the caller goes into a room."""

from __future__ import annotations

from simulator.conference_events import ConferenceCallback
from simulator.conferences import PARTICIPANTS_MAX, Conference
from simulator.kernel import Timer
from simulator.participants import Participant, Seat
from simulator.run import Activity, LastAction, Run
from simulator.sounds import Silence
from simulator.twiml import Element
from simulator.verbs.dial_legs import TIME_LIMIT_DEFAULT


class Conferring(Activity):
    """A leg that sits in a conference by its own TwiML."""

    def __init__(self, run: Run, element: Element, conference: Conference, seat: Seat) -> None:
        """Prepare; `start` goes in."""
        self._run = run
        self._element = element
        self._conference = conference
        self._limit: Timer | None = None
        self.participant = Participant(run.leg, seat, self._left, self._wait_failed)

    def start(self, callback: ConferenceCallback | None) -> None:
        """Go into the room."""
        seconds = self._element.number("timeLimit", TIME_LIMIT_DEFAULT, 1, TIME_LIMIT_DEFAULT)
        kernel = self._run.leg.exchange.kernel
        self._limit = kernel.at(seconds, self._run.leg.finish)
        self._conference.join(self.participant, callback)

    def _left(self) -> None:
        """The room ended or REST kicked: the action, or the next verb."""
        self._disarm()
        self._run.leg.hear(Silence())
        self._run.follow(self._element, {"DialCallStatus": "answered"})

    def _wait_failed(self) -> None:
        """No conference then, and the call may be cut [D]; which, is a setting."""
        leg = self._run.leg
        self._disarm()
        self._conference.leave(leg, "participant_hung_up")
        if leg.exchange.oddities.conference_wait_failure == "cut":
            leg.finish()
        else:
            self._run.follow(self._element, {"DialCallStatus": "failed"})

    def press(self, digit: str) -> bool:
        """With hangupOnStar the star leads out of the room."""
        if digit != "*" or not self._element.flag("hangupOnStar"):
            return False
        self._conference.leave(self._run.leg, "participant_hung_up")
        self._left()
        return True

    def _disarm(self) -> None:
        if self._limit is not None:
            self._limit.cancel()

    def stop(self) -> LastAction | None:
        """REST gives the leg another document: it leaves the room."""
        self._disarm()
        self._conference.leave(self._run.leg, "participant_updated_via_api")
        return self._run.last_action(self._element, {"DialCallStatus": "answered"})

    def leg_ended(self) -> LastAction | None:
        """The leg hung up."""
        self._disarm()
        self._conference.leave(self._run.leg, "participant_hung_up")
        if not self._run.leg.exchange.oddities.dial_action_after_caller_hangup:
            return None
        return self._run.last_action(self._element, {"DialCallStatus": "answered"})


def _seat(run: Run, noun: Element) -> Seat:
    wait_url = noun.attributes.get("waitUrl")
    coach = noun.get("coach")
    return Seat(
        muted=noun.flag("muted"),
        coaching=bool(coach),
        call_sid_to_coach=coach,
        start_on_enter=noun.flag("startConferenceOnEnter", True),
        end_on_exit=noun.flag("endConferenceOnExit"),
        label=noun.get("participantLabel"),
        wait_url=run.resolve(wait_url) if wait_url else wait_url,
        wait_method=noun.get("waitMethod", "POST").upper(),
    )


def _callback(run: Run, noun: Element) -> ConferenceCallback | None:
    url = noun.get("statusCallback")
    if not url:
        return None
    events = frozenset(noun.get("statusCallbackEvent").split())
    method = noun.get("statusCallbackMethod", "POST").upper()
    return ConferenceCallback(run.resolve(url), method, events)


def perform(run: Run, element: Element, noun: Element) -> None:
    """Go into the room of that name; refusals go to the action or the next verb."""
    exchange = run.leg.exchange
    seat = _seat(run, noun)
    refusal = _refusal(exchange.conferences.named(noun.text), noun, seat)
    if refusal is not None:
        code, message = refusal
        exchange.complain(code, message, run.leg.sid)
        if code == 16025:
            run.next()
        else:
            run.follow(element, {"DialCallStatus": "failed"})
        return
    conference = exchange.conferences.open(noun.text)
    conferring = Conferring(run, element, conference, seat)
    run.activity = conferring
    conferring.start(_callback(run, noun))


def _refusal(conference: Conference | None, noun: Element, seat: Seat) -> tuple[int, str] | None:
    """Why a leg may not come in: the carrier's error number and a message."""
    present = conference.connected if conference is not None else []
    if seat.label and any(each.seat.label == seat.label for each in present):
        return 16025, f"The label {seat.label!r} is already in the conference."
    if seat.coaching and not any(each.leg.sid == seat.call_sid_to_coach for each in present):
        return 13240, f"There is no {seat.call_sid_to_coach} in the conference to coach."
    if len(present) >= noun.number("maxParticipants", PARTICIPANTS_MAX):
        return 13000, "The conference is full."  # [U] which number the carrier gives
    return None
