"""What happens at each turn of asking for a call, and of the call that keeps the promise.

Rule: the number is read back and confirmed, the promise is committed before it is spoken, and
what answers a call we make hears nothing about counseling before it has shown to be a person.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import actions as promises
from callbacks.booking import known
from citizens import actions as citizens
from citizens import records as citizen_records
from citizens.consent import How, Purpose
from citizens.models import NUMBER_CONTEXT, Citizen
from core.phone_numbers import Allowed, may_dial
from counselors.models import CounselingSession
from ivr import promise_flow as flow
from ivr.caller_turns import Desk, as_uuid, where_it_is
from ivr.flow import say_and_end
from ivr.instructions import Hangup, Reply
from ivr.turn import Turn
from routing import calls, handing_on, line, outward, records
from routing.journal import journal_many
from routing.line import Effect
from routing.mistaken import KEY_PRESSED, machine_heard
from routing.models import Call
from routing.states import CALL_LIFE, PROMISED, CallEvent, CallState

MACHINES = ("machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax")
CANDIDATE_CONTEXT = "calls.candidate"
ASKS_MAX = 3
HEARD_BY_LINE = "line"
TRY_OUTCOMES = {"busy": "busy", "no-answer": "no_answer", "failed": "failed", "canceled": "failed"}


def on_callback(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The caller wants to be called: read the number back, or ask for one."""
    call = records.call_by_sid(session, turn.call_sid)
    if call is None or not _may_ask(call):
        return _not_here(session, call, turn)
    line.hear_of(call, desk.now, desk.policy)
    number = _candidate(call, desk)
    if number is None:
        return Effect.NOTHING, flow.ask_number(_place(turn), 0, call.language)
    return Effect.NOTHING, flow.read_back(number, _place(turn), call.language)


def _place(turn: Turn) -> flow.Place:
    return flow.Place(turn.number("turn"), turn.query.get("again", ""))


def _may_ask(call: Call) -> bool:
    return call.state in (CallState.IN_MENU, CallState.WAITING)


def _not_here(session: Session, call: Call | None, turn: Turn) -> tuple[Effect, Reply]:
    if call is None:
        return Effect.NOTHING, say_and_end("busy_line", "ko")
    if call.state in (CallState.OFFERED, CallState.CONNECTED):
        return Effect.NOTHING, flow.offered_meanwhile(_place(turn), call.language)
    return Effect.NOTHING, where_it_is(session, call, turn)


def _candidate(call: Call, desk: Desk) -> str | None:
    """The number to be called at: the one keyed in, else the caller's own if it may be dialled."""
    if call.sealed_candidate is not None:
        return desk.sealer.unseal(call.sealed_candidate, CANDIDATE_CONTEXT)
    if call.sealed_number is None:
        return None
    allowed = may_dial(desk.sealer.unseal(call.sealed_number, NUMBER_CONTEXT))
    return allowed.e164 if isinstance(allowed, Allowed) else None


def on_callback_number(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """A number was keyed in: keep it sealed and read it back, or say why it can't be called."""
    call = records.call_by_sid(session, turn.call_sid)
    if call is None or not _may_ask(call):
        return _not_here(session, call, turn)
    line.hear_of(call, desk.now, desk.policy)
    place, asked = _place(turn), turn.number("asked") + 1
    allowed = may_dial(turn.digits)
    if isinstance(allowed, Allowed):
        call.sealed_candidate = desk.sealer.seal(allowed.e164, CANDIDATE_CONTEXT)
        return Effect.NOTHING, flow.read_back(allowed.e164, place, call.language)
    if asked >= ASKS_MAX:
        return _back_to_wait(session, call, turn, desk)
    return Effect.NOTHING, flow.ask_again(place, asked, call.language)


def _back_to_wait(session: Session, call: Call, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """Nobody is dropped for not keying in a number: the caller waits on, or begins to."""
    effect = line.join_queue(
        session,
        call,
        need="talk",
        language=call.language,
        priority=0,
        now=desk.now,
        policy=desk.policy,
    )
    if effect is Effect.CHANGED:
        return effect, flow.wait_instead(turn.key[:12], call.language)
    return effect, flow.wait_on(_place(turn), call.language)


def on_callback_key(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The answer to the number read back: 1 promises, 2 changes the number, else hear it again."""
    call = records.call_by_sid(session, turn.call_sid)
    if call is None or not _may_ask(call):
        return _not_here(session, call, turn)
    line.hear_of(call, desk.now, desk.policy)
    place = _place(turn)
    if turn.digits == "2":
        return Effect.NOTHING, flow.ask_number(place, 0, call.language)
    number = _candidate(call, desk)
    if number is None:
        return Effect.NOTHING, flow.ask_number(place, 0, call.language)
    if turn.digits != "1":
        return Effect.NOTHING, flow.read_back(number, place, call.language)
    return _promise(session, call, number, turn, desk)


def _promise(
    session: Session, call: Call, number: str, turn: Turn, desk: Desk
) -> tuple[Effect, Reply]:
    """Consent and promise in this transaction; it is spoken only once that is committed."""
    citizen = known(session, number, desk.sealer, call.language, desk.now)
    is_own = call.number_index in desk.sealer.indexes(number)
    if citizen.do_not_call_at is not None and not is_own:
        return _back_to_wait(session, call, turn, desk)  # only they themselves can lift it
    citizens.consent(
        session,
        citizen,
        Purpose.CONTACT_BY_PHONE,
        wording=desk.prompts["ko"].version,
        how=How.KEY_PRESS,
        heard_by=HEARD_BY_LINE,
        now=desk.now,
    )
    session.flush()
    wish = promises.Wish(
        purpose="talk",
        origin="wait" if call.queued_at is not None else "menu",
        at=desk.now + promises.LET_GO,
        priority=call.priority,
        queued_at=call.queued_at,
        need=call.need or "talk",
        language=call.language,
        origin_call_id=call.id,
    )
    made = promises.make(session, citizen, wish, desk.now, desk.policy)
    if isinstance(made, promises.NotMade):
        return _back_to_wait(session, call, turn, desk)
    _leave_by_promise(session, call, desk)
    next_at: datetime | None = None
    if not made.is_new:
        session.flush()  # the call that ends here may be the one that was to keep it
        until = desk.now + promises.LET_GO
        next_at = promises.ring_not_before(session, made.promise_id, until, desk.now, desk.policy)
    return Effect.CHANGED, flow.promised(next_at or made.next_at, desk.now, call.language)


def _leave_by_promise(session: Session, call: Call, desk: Desk) -> None:
    call.left_at = desk.now
    event = CallEvent.PROMISED_CALLBACK
    if not CALL_LIFE.allows(CallState(call.state), event):
        event = CallEvent.CALLER_LEFT  # asked for in the menu: the call never stood in the queue
    calls.move(session, call, event, desk.now, desk.policy, reason=PROMISED)


def on_reached(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """Somebody, or something, answered a call that we make."""
    found = _reaching(session, turn)
    if found is None:
        return Effect.NOTHING, Reply((Hangup(),))
    call, talk = found
    if not outward.citizen_picked_up(session, call, talk.id, turn.call_sid, desk.now, desk.policy):
        return Effect.NOTHING, Reply((Hangup(),))
    if turn.form.get("AnsweredBy", "") in MACHINES:
        outward.not_reached(session, call, "voicemail", desk.now, desk.policy)
        return Effect.CHANGED, Reply((Hangup(),))
    return Effect.NOTHING, flow.greet_reached(talk.id, call.language)


def _reaching(session: Session, turn: Turn) -> tuple[Call, CounselingSession] | None:
    session_id = as_uuid(turn.query.get("session", ""))
    talk = session.get(CounselingSession, session_id) if session_id else None
    if talk is None:
        return None
    call = records.call_locked(session, talk.call_id)
    if call is None or call.state != CallState.REACHING:
        return None
    return call, talk


def _given_up(session: Session, turn: Turn) -> tuple[Effect, Reply]:
    """The counselor is gone, or it was stopped: who was greeted already is not left in silence."""
    call = records.call_by_sid(session, turn.call_sid)
    if call is not None and call.state != CallState.CLOSED:
        return Effect.NOTHING, where_it_is(session, call, turn)
    return Effect.NOTHING, flow.not_now(call.language if call is not None else "ko")


def on_reached_machine(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The carrier listened who answered: a machine is hung up on, and nothing is left on it.

    The verdict may come when the greeting is over and the counselor was joined to the machine.
    """
    if turn.form.get("AnsweredBy", "") not in MACHINES:
        return Effect.NOTHING, Reply()
    found = _reaching(session, turn)
    if found is None:
        call = records.call_by_sid(session, turn.call_sid)
        if call is None:
            return Effect.NOTHING, Reply()
        return machine_heard(session, call, turn.call_sid, desk.now, desk.policy), Reply()
    return outward.not_reached(session, found[0], "voicemail", desk.now, desk.policy), Reply()


def on_reached_key(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """A key during the greeting: 9 withdraws the consent, anything else goes on to the talk."""
    found = _reaching(session, turn)
    if found is None:
        return _given_up(session, turn)
    call, _talk = found
    if turn.digits:
        journal_many(session, [(call.id, KEY_PRESSED, call.state, None, None)], desk.now)
    if turn.digits != "9":
        return on_reached_join(session, turn, desk)
    for citizen in _known_as(session, call, desk):
        citizens.forbid_calls(session, citizen, "key press", How.KEY_PRESS, desk.now)
    outward.not_reached(session, call, "refused", desk.now, desk.policy)
    return Effect.CHANGED, say_and_end("withdrawn", call.language)


def _known_as(session: Session, call: Call, desk: Desk) -> Sequence[Citizen]:
    assert call.sealed_number is not None, "who is called has a number"
    e164 = desk.sealer.unseal(call.sealed_number, NUMBER_CONTEXT)
    return citizen_records.by_indexes_locked(session, desk.sealer.indexes(e164))


def on_reached_join(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The citizen is there: into the room where the counselor waits."""
    found = _reaching(session, turn)
    if found is None:
        return _given_up(session, turn)
    call, talk = found
    effect = outward.citizen_answered(session, talk.id, turn.call_sid, desk.now, desk.policy)
    if effect is Effect.NOTHING:
        return effect, say_and_end("busy_line", call.language)
    return effect, flow.room_reached(talk.id, call.language)


def on_reach_leg(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """Status of a citizen's leg that we rang: over before it was answered, or after the talk."""
    session_id = as_uuid(turn.query.get("session", ""))
    talk = session.get(CounselingSession, session_id) if session_id else None
    if talk is None or not turn.has_ended:
        return Effect.NOTHING, Reply()
    call = records.call_locked(session, talk.call_id)
    if call is None:
        return Effect.NOTHING, Reply()
    is_ours = outward.has_no_leg(call) or call.carrier_sid == turn.call_sid
    if call.state == CallState.REACHING and is_ours:
        outward.leg_rung(call, turn.call_sid)  # the answer that named it may have been lost
        said = TRY_OUTCOMES.get(turn.call_status, "no_answer")
        return outward.not_reached(session, call, said, desk.now, desk.policy), Reply()
    theirs = handing_on.owner_of_leg(session, turn.call_sid)  # another where they were handed on
    if theirs is None:
        return Effect.NOTHING, Reply()
    return line.caller_left(session, theirs, "hung up", desk.now, desk.policy), Reply()
