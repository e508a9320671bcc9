"""What happens at each turn of a caller's leg: the call moves, and the flow says what to answer."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from citizens import actions as citizens
from citizens.models import NUMBER_CONTEXT
from core.phone_numbers import classify_caller
from core.policy import Policy
from core.sealing import Sealer
from counselors import records as counselor_records
from counselors.sessions import room_of
from counselors.states import SessionState
from ivr import flow
from ivr.instructions import Reply
from ivr.menu import Choice, Menus
from ivr.parting import parting
from ivr.prompts import Prompts
from ivr.turn import Turn
from routing import calls, handing_on, line, records
from routing.estimate import estimate
from routing.line import Effect
from routing.models import Call
from routing.states import CallState

LIVE = (CallState.WAITING, CallState.OFFERED)


@dataclass(frozen=True)
class Desk:
    """What a turn is worked out with. now: aware UTC."""

    now: datetime
    policy: Policy
    menus: Menus
    sealer: Sealer
    prompts: Mapping[str, Prompts]


def on_voice(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """A call comes in: it is known from now on, and hears the notice and the menu.

    A call that is known already (the carrier asks again after a fault) goes on where it was.
    """
    call, is_new = _open(session, turn, desk, CallState.IN_MENU)
    if call.state != CallState.IN_MENU:
        return Effect.NOTHING, where_it_is(session, call, turn)
    call.notice_version = desk.prompts["ko"].version
    call.notice_at = call.notice_at or desk.now
    return (Effect.CHANGED if is_new else Effect.NOTHING), flow.greet(desk.menus, call.language)


def _open(session: Session, turn: Turn, desk: Desk, state: CallState) -> tuple[Call, bool]:
    known = records.call_by_sid(session, turn.call_sid)
    if known is not None:
        return known, False
    caller = classify_caller(turn.form.get("From"))
    e164 = caller.e164
    if e164 is not None:  # who is known under an older key is seen to be on the line with us
        citizens.renew(session, e164, desk.sealer, desk.now)
    call = calls.begin(
        session,
        carrier_sid=turn.call_sid,
        caller_kind=caller.kind,
        sealed_number=desk.sealer.seal(e164, NUMBER_CONTEXT) if e164 else None,
        number_index=desk.sealer.index(e164) if e164 else None,
        state=state,
        now=desk.now,
        policy=desk.policy,
    )
    return call, True


def on_menu(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """A key was pressed in a menu."""
    call, _ = _open(session, turn, desk, CallState.IN_MENU)
    if call.state != CallState.IN_MENU:
        return Effect.NOTHING, where_it_is(session, call, turn)
    line.hear_of(call, desk.now, desk.policy)
    name = turn.query.get("menu", desk.menus.first)
    choice = desk.menus.pressed(name, turn.digits)
    if choice is None:
        return _wrong_key(session, call, turn, desk)
    return _chosen(session, call, turn, choice, desk)


def _wrong_key(session: Session, call: Call, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    tries = turn.number("tries") + 1
    effect = Effect.NOTHING
    if tries >= desk.menus.tries_max:
        effect = _join(session, call, Choice("queue"), desk)
    name = turn.query.get("menu", desk.menus.first)
    return effect, flow.wrong_key(desk.menus, name, turn.number("turn"), tries, call.language)


def _chosen(
    session: Session, call: Call, turn: Turn, choice: Choice, desk: Desk
) -> tuple[Effect, Reply]:
    place = turn.number("turn")
    name = turn.query.get("menu", desk.menus.first)
    if choice.action == "queue":
        return _join(session, call, choice, desk), flow.queue(call.language)
    if choice.action == "language":
        call.language = choice.language
    if choice.action in ("menu", "language"):
        return Effect.CHANGED, flow.menu_again(desk.menus, choice.menu, place, 0, call.language)
    if choice.action == "announce":
        return Effect.NOTHING, flow.announce(desk.menus, choice.prompt, name, place, call.language)
    if choice.action == "callback":
        return Effect.NOTHING, flow.to_callback(place, call.language)
    if choice.action == "forward":
        return Effect.NOTHING, flow.forward(choice.number, name, place, call.language)
    return Effect.NOTHING, flow.menu_again(desk.menus, name, place, 0, call.language)


def _join(session: Session, call: Call, choice: Choice, desk: Desk) -> Effect:
    return line.join_queue(
        session,
        call,
        need=choice.need,
        language=call.language,
        priority=choice.priority,
        now=desk.now,
        policy=desk.policy,
    )


def on_menu_again(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """Nothing was pressed in time, or another line came back: the menu again, then the queue."""
    call, _ = _open(session, turn, desk, CallState.IN_MENU)
    if call.state != CallState.IN_MENU:
        return Effect.NOTHING, where_it_is(session, call, turn)
    line.hear_of(call, desk.now, desk.policy)
    if turn.has_ended:
        return line.caller_left(session, call, "left menu", desk.now, desk.policy), Reply()
    name, tries = turn.query.get("menu", desk.menus.first), turn.number("tries")
    effect = Effect.NOTHING
    if tries >= desk.menus.tries_max:
        effect = _join(session, call, Choice("queue"), desk)
    return effect, flow.menu_again(desk.menus, name, turn.number("turn"), tries, call.language)


def on_wait(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """A waiting caller's document is over: say the place and the band again.

    A call we do not know is adopted: the carrier held it while we were away.
    """
    call, is_new = _open(session, turn, desk, CallState.WAITING)
    effect = Effect.CHANGED if is_new else Effect.NOTHING
    if call.state == CallState.IN_MENU:
        effect = _join(session, call, Choice("queue"), desk)
    if call.state == CallState.CLOSED:
        return Effect.NOTHING, parting(session, call)
    line.hear_of(call, desk.now, desk.policy)
    return effect, _waiting(session, call, turn, desk)


def _waiting(session: Session, call: Call, turn: Turn, desk: Desk) -> Reply:
    again, place = turn.query.get("again", ""), turn.number("turn")
    if call.state not in LIVE:  # being joined at this moment: our order moves the caller
        return flow.be_patient(place, again, call.language)
    stands = records.place(
        session,
        call,
        desk.now,
        priority_step_seconds=desk.policy.priority_step_seconds,
        heartbeat_seconds_max=desk.policy.heartbeat_seconds_max,
        language_relax_seconds=desk.policy.language_relax_seconds,
    )
    fresh = estimate(1 + stands.ahead, stands.seats, desk.policy.estimate_talk_seconds)
    told = line.remember_wait(call, fresh, stands.seats)
    return flow.wait(place, told, stands.seats, again=again, language=call.language)


def on_wait_key(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """A key while waiting: 9 is the safety key, 2 asks to be called, others mean nothing."""
    call, _ = _open(session, turn, desk, CallState.WAITING)
    again, place = turn.query.get("again", ""), turn.number("turn")
    if call.state == CallState.CLOSED:
        return Effect.NOTHING, parting(session, call)
    line.hear_of(call, desk.now, desk.policy)
    if turn.digits == "2":
        return Effect.NOTHING, flow.to_callback(place, call.language, again)
    if turn.digits != "9":
        return Effect.NOTHING, flow.keep_waiting(place, again, call.language)
    effect = line.raise_priority(session, call, "safety key", desk.now)
    return effect, flow.safety(place, again, call.language)


def on_queue_left(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The carrier's queue let the caller go: hung up, moved by us, full, or at fault.

    A caller who is still there and whom we do not know is adopted, as in the wait.
    """
    result = turn.form.get("QueueResult", "")
    if turn.has_ended or result == "hangup":
        gone = records.call_by_sid(session, turn.call_sid)
        if gone is None:
            return Effect.NOTHING, Reply()
        return line.caller_left(session, gone, "left queue", desk.now, desk.policy), Reply()
    call, _ = _open(session, turn, desk, CallState.WAITING)
    is_moved = result in ("redirected", "redirected-from-bridged")
    if is_moved or call.state not in LIVE:
        return Effect.NOTHING, where_it_is(session, call, turn)
    return Effect.NOTHING, flow.queue_again(call.language, "hold_on", turn.key[:12], pause=3)


def on_status(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The number's own callback: an inbound call ended, perhaps before we ever heard of it."""
    if not turn.call_sid or not turn.has_ended:
        return Effect.NOTHING, Reply()
    call = records.call_by_sid(session, turn.call_sid)
    if call is None:
        return _bury(session, turn, desk), Reply()
    return line.caller_left(session, call, "hung up", desk.now, desk.policy), Reply()


def _bury(session: Session, turn: Turn, desk: Desk) -> Effect:
    """Write the tombstone of a call whose end came first, so that nothing opens it later."""
    calls.begin(
        session,
        carrier_sid=turn.call_sid,
        caller_kind=classify_caller(turn.form.get("From")).kind,
        sealed_number=None,
        number_index=None,
        state=CallState.CLOSED,
        now=desk.now,
        policy=desk.policy,
        close_reason="ended before it began",
    )
    return Effect.CHANGED


def on_join(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The caller was moved to the room of a session; if that is over by now, back to the queue."""
    call = records.call_by_sid(session, turn.call_sid)
    session_id = as_uuid(turn.query.get("session", ""))
    if call is None or session_id is None:
        return Effect.NOTHING, flow.say_and_end("busy_line", "ko")
    talk = counselor_records.live_session(session, call.id)
    if talk is None or talk.id != session_id:
        return Effect.NOTHING, where_it_is(session, call, turn)
    line.hear_of(call, desk.now, desk.policy)
    effect = line.caller_joined(session, session_id, call.carrier_sid, desk.now)
    return effect, flow.room(session_id, call.language)


def on_talk_over(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The caller's time in the room is over: hung up, moved by us, or left behind alone."""
    call = handing_on.owner_of_leg(session, turn.call_sid)
    if call is None:
        return Effect.NOTHING, flow.say_and_end("goodbye", "ko")
    if turn.has_ended:
        return line.caller_left(session, call, "hung up", desk.now, desk.policy), Reply()
    effect = _room_ended(session, call, turn, desk)
    if effect is Effect.CHANGED:  # where two were with the caller, both are gone
        call = records.call_by_sid(session, turn.call_sid) or call
        _room_ended(session, call, turn, desk)
        return effect, flow.queue_again(call.language, "reconnecting", turn.key[:12])
    return Effect.NOTHING, where_it_is(session, call, turn)


def _room_ended(session: Session, call: Call, turn: Turn, desk: Desk) -> Effect:
    talk = counselor_records.live_session(session, call.id)
    if talk is None or str(room_of(talk)) != turn.query.get("session"):
        return Effect.NOTHING
    return line.lose_counselor(session, talk.id, "room ended", desk.now, desk.policy)


def on_reconnect(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The caller was moved out of a broken room: say so, and back into the queue."""
    call = records.call_by_sid(session, turn.call_sid)
    if call is None:
        return Effect.NOTHING, flow.say_and_end("busy_line", "ko")
    return Effect.NOTHING, where_it_is(session, call, turn)


def on_goodbye(session: Session, turn: Turn, desk: Desk) -> tuple[Effect, Reply]:
    """The counselor ended the session: a kind last sentence."""
    call = records.call_by_sid(session, turn.call_sid)
    return Effect.NOTHING, flow.say_and_end("goodbye", call.language if call else "ko")


def where_it_is(session: Session, call: Call, turn: Turn) -> Reply:
    """Put a caller where the call is, whatever document they were sent to.

    Asked for also when one of our orders is moving the leg at this moment: the carrier then asks
    for the interrupted verb's action too and is believed to ignore the answer; should it not, the
    answer is still the right one.
    """
    if call.state in (CallState.WRAPPING, CallState.CLOSED):
        return parting(session, call)
    talk = counselor_records.live_session(session, call.id)
    if talk is not None and talk.state == SessionState.TALKING:
        return flow.room(room_of(talk), call.language)
    return flow.queue_again(call.language, "reconnecting", turn.key[:12])


def as_uuid(text: str) -> uuid.UUID | None:
    """Return the id in `text`, None where it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
