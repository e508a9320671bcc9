"""A talk that was none: whatever picked up and was joined turned out to be a machine."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.policy import Policy
from core.statements import ask, only
from counselors import presence, sessions
from counselors import records as counselor_records
from routing import calls, orders
from routing.actions import stop_ringing_citizen
from routing.line import Effect
from routing.models import Call
from routing.orders import OrderKind
from routing.states import CALL_LIFE, CallEvent, CallState
from routing.talks import hang_up_leg

VOICEMAIL = "voicemail"
KEY_PRESSED = "key_pressed"
_HAS_PRESSED = "SELECT EXISTS (SELECT FROM call_events WHERE call_id = %s AND event = %s)"


def machine_heard(
    session: Session, call: Call, leg_sid: str, now: datetime, policy: Policy
) -> Effect:
    """End the talk as a voicemail: nobody was reached, and the counselor is free at once.

    Only lately after joining: later somebody talks, whatever the carrier took the first sounds for.
    Nor after a key was pressed, which a person does. Of a companion's call the companion says what
    it was.
    """
    if not CALL_LIFE.allows(CallState(call.state), CallEvent.MACHINE_HEARD):
        return Effect.NOTHING
    if call.direction != "outward" or call.need == "companion" or call.carrier_sid != leg_sid:
        return Effect.NOTHING
    window = timedelta(seconds=policy.machine_seconds_max)
    if call.answered_at is None or now - call.answered_at > window:
        return Effect.NOTHING
    if only(ask(session, _HAS_PRESSED, (call.id, KEY_PRESSED)))[0]:
        return Effect.NOTHING
    talk = counselor_records.live_session(session, call.id)
    assert talk is not None, "a connected call has a live session"
    held = presence.locked(session, talk.counselor_id)
    orders.drop(session, OrderKind.MOVE, talk.id, now)
    sessions.lose_leg(talk, held, f"not reached: {VOICEMAIL}", now)
    talk.joined_at = None  # nobody talked, and nobody owes an outcome
    hang_up_leg(session, talk, now)
    stop_ringing_citizen(session, call, now)
    call.answered_at = None
    event, said = CallEvent.MACHINE_HEARD, calls.NOT_REACHED + VOICEMAIL
    calls.move(session, call, event, now, policy, reason=said, counselor_id=held.counselor_id)
    return Effect.CHANGED
