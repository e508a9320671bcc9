"""A talk's webhooks: what the carrier tells of legs and of the room where they meet."""

import uuid

from routing.actions import Accepted
from tests.ivr.telephone import Answer, Telephone
from tests.routing.line_stage import Stage

Sent = tuple[str, dict[str, str]]


class Talk:
    """One caller who waits and one counselor who accepted, at a browser."""

    def __init__(self, phone: Telephone, stage: Stage) -> None:
        self.phone, self.stage = phone, stage
        self.counselor = stage.counselor()
        self.caller, waiting = phone.queue()
        self.waiting = waiting
        self.offer = stage.dispatch()[0]
        taken = stage.accept(self.offer)
        assert isinstance(taken, Accepted)
        self.session, self.token = taken.session_id, taken.join_token
        self.leg = f"CA{uuid.uuid4().hex}"
        self.call = taken.call_id

    def connect(self, leg: str | None = None, **more: str) -> Answer:
        """The counselor's browser connects."""
        form = self.phone.form(leg or self.leg, "ringing") | {
            "From": f"client:counselor_{self.counselor.hex}",
            "To": "",
            "join": self.token,
        }
        return self.phone.post("client", form | more)

    def come_over(self) -> Answer:
        """Our order moved the caller: the interrupted queue, and the room's document."""
        left = self.left("redirected")
        self.phone.post(*left)
        return self.phone.post(*self.joining())

    def left(self, result: str, status: str = "in-progress") -> Sent:
        """The queue's action."""
        return "queue-left?turn=1", self.phone.form(
            self.caller, status, QueueResult=result, QueueTime="9"
        )

    def joining(self) -> Sent:
        """The room's document is asked for."""
        return f"join?session={self.session}", self.phone.form(self.caller)

    def event(self, event: str, sequence: int, leg: str = "", **more: str) -> Sent:
        """A conference event."""
        form = {
            "ConferenceSid": "CF" + self.session.hex,
            "FriendlyName": self.session.hex,
            "AccountSid": self.phone.services.config.carrier.account_sid,
            "SequenceNumber": str(sequence),
            "StatusCallbackEvent": event,
        }
        if leg:
            form |= {"CallSid": leg, "ParticipantCallStatus": "in-progress"}
        return f"conference?session={self.session}", form | more

    def talk(self) -> None:
        """Everything up to both hearing each other."""
        self.connect()
        self.come_over()
        self.phone.post(*self.event("participant-join", 0, self.leg))
        self.phone.post(*self.event("participant-join", 2, self.caller))

    def caller_hangs_up(self) -> list[Sent]:
        """What the carrier tells when the caller hangs up."""
        over = f"session={self.session}"
        hung_up = {"ReasonParticipantLeft": "participant_hung_up"}
        ended = {"ReasonParticipantLeft": "moderator_ended_conference"}
        return [
            self.event(
                "participant-leave", 3, self.caller, ParticipantCallStatus="completed", **hung_up
            ),
            self.event("participant-leave", 4, self.leg, **ended),
            self.event("conference-end", 5),
            (f"leg-over?{over}", self.phone.form(self.leg, DialCallStatus="answered")),
            (
                f"talk-over?{over}",
                self.phone.form(self.caller, "completed", DialCallStatus="answered"),
            ),
            ("status", self.phone.form(self.caller, "completed", CallDuration="60")),
        ]

    def counselor_drops(self) -> list[Sent]:
        """What the carrier tells when the counselor's browser is gone."""
        hung_up = {"ReasonParticipantLeft": "participant_hung_up"}
        return [
            self.event(
                "participant-leave", 3, self.leg, ParticipantCallStatus="completed", **hung_up
            ),
            (
                f"leg-over?session={self.session}",
                self.phone.form(self.leg, "completed", DialCallStatus="answered"),
            ),
            self.event("participant-join", 2, self.caller),
        ]

    def send(self, sent: Sent) -> Answer:
        """Deliver one of these."""
        return self.phone.post(*sent)

    def over(self) -> None:
        """Clear the line for the next one."""
        self.stage.leave(self.call)
        self.stage.say(self.counselor, "off")
