"""Participants of a conference: call somebody in, fetch, list, change, kick."""

from __future__ import annotations

from functools import partial

from simulator.announcements import announce
from simulator.conference_events import ConferenceCallback
from simulator.conferences import PARTICIPANTS_MAX, Conference
from simulator.exchange import CALL_SECONDS_MAX, Exchange
from simulator.legs import Leg
from simulator.outgoing import OutgoingCall
from simulator.paging import page_of
from simulator.participants import Participant, Seat
from simulator.resources.call_create import (
    read_addresses,
    read_detection,
    read_subscription,
    ring_seconds,
)
from simulator.resources.calls import account_path
from simulator.resources.conferences import find as find_conference
from simulator.rest_values import JSON, Params, RestAnswer, RestError, date, not_found

FILTERS = ("Muted", "Hold", "Coaching")


def render(conference: Conference, participant: Participant) -> JSON:
    """The Participant resource."""
    exchange, seat, leg = conference.exchange, participant.seat, participant.leg
    path = account_path(exchange, f"Conferences/{conference.sid}/Participants/{leg.sid}.json")
    return {
        "account_sid": exchange.settings.account_sid,
        "call_sid": leg.sid,
        "conference_sid": conference.sid,
        "label": seat.label or None,
        "muted": seat.muted,
        "hold": seat.hold,
        "coaching": seat.coaching,
        "call_sid_to_coach": seat.call_sid_to_coach or None,
        "start_conference_on_enter": seat.start_on_enter,
        "end_conference_on_exit": seat.end_on_exit,
        "status": participant.status,
        "queue_time": str(round(leg.queue_seconds * 1000)),
        "date_created": date(participant.created_at),
        "date_updated": date(participant.updated_at),
        "uri": path,
    }


def _find(exchange: Exchange, sids: tuple[str, ...]) -> tuple[Conference, Participant]:
    """By CallSid or label; gone with the call's end or redirect [D]."""
    conference = find_conference(exchange, sids[0])
    for participant in conference.participants.values():
        if sids[1] in (participant.leg.sid, participant.seat.label):
            return conference, participant
    path = f"Conferences/{conference.sid}/Participants/{sids[1]}.json"
    raise not_found(account_path(exchange, path))


def index(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """GET the participants; an ended conference lists none [D]."""
    conference = find_conference(exchange, sids[0])
    found = [
        each
        for each in conference.participants.values()
        if all(
            params.flag(name) == flag
            for name, flag in (
                ("Muted", each.seat.muted),
                ("Hold", each.seat.hold),
                ("Coaching", each.seat.coaching),
            )
            if name in params
        )
    ]
    path = account_path(exchange, f"Conferences/{conference.sid}/Participants.json")
    return page_of("participants", path, found, partial(render, conference), params, FILTERS)


def fetch(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """GET one participant."""
    return RestAnswer(200, render(*_find(exchange, sids)))


# -- calling somebody in -----------------------------------------------------------------------


def create(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """POST: call somebody into the room; a name instead of a SID makes the room [D].

    Paced like POST /Calls [I].
    """
    from_, to = read_addresses(exchange, params)
    conference = _room(exchange, sids[0])
    label = params.get("Label")
    if len(conference.participants) >= params.number("MaxParticipants", 250, 2, PARTICIPANTS_MAX):
        raise RestError(400, 20001, "The conference is full")  # [U] the number
    if label and any(each.seat.label == label for each in conference.participants.values()):
        raise RestError(400, 16025, "The label is already in the conference")
    leg = Leg(exchange, direction="outbound-api", from_=params.get("CallerId") or from_, to=to)
    subscription = read_subscription(exchange, params)
    if subscription is not None:
        leg.subscriptions.append(subscription)
    participant = Participant(leg, _seat(params), partial(_left, leg))
    conference.expect(participant)
    _call(exchange, conference, participant, params)
    return RestAnswer(201, render(conference, participant))


def _call(
    exchange: Exchange, conference: Conference, participant: Participant, params: Params
) -> None:
    callback = _callback(params)
    call = OutgoingCall(
        participant.leg,
        ring_seconds=ring_seconds(params, exchange.oddities.dial_timeout_extra_seconds),
        on_answer=lambda leg: conference.join(participant, callback),
        on_end=conference.drop,
        time_limit_seconds=params.number("TimeLimit", CALL_SECONDS_MAX, 1, 86_400),
        detection=read_detection(params, "Amd"),
    )
    call.start()


def _room(exchange: Exchange, sid_or_name: str) -> Conference:
    known = exchange.conferences.by_sid.get(sid_or_name)
    if known is None:
        return exchange.conferences.open(sid_or_name)
    if known.status == "completed":
        raise not_found(account_path(exchange, f"Conferences/{known.sid}/Participants.json"))
    return known


def _left(leg: Leg) -> None:
    """Out of the room, a leg without TwiML of its own is hung up."""
    leg.end("completed" if leg.answered_at is not None else "canceled")


def _seat(params: Params) -> Seat:
    wait_url = params.url("WaitUrl") if params.get("WaitUrl") else params.get("WaitUrl")
    return Seat(
        muted=params.flag("Muted"),
        coaching=params.flag("Coaching"),
        call_sid_to_coach=params.get("CallSidToCoach"),
        start_on_enter=params.flag("StartConferenceOnEnter", True),
        end_on_exit=params.flag("EndConferenceOnExit"),
        label=params.get("Label"),
        wait_url=wait_url if "WaitUrl" in params else None,
        wait_method=params.method("WaitMethod"),
    )


def _callback(params: Params) -> ConferenceCallback | None:
    """The room's callback, by default for start and end [D]."""
    url = params.url("ConferenceStatusCallback")
    if not url:
        return None
    words = " ".join(params.all("ConferenceStatusCallbackEvent")) or "start end"
    method = params.method("ConferenceStatusCallbackMethod")
    return ConferenceCallback(url, method, frozenset(words.split()))


# -- changes -----------------------------------------------------------------------------------


def update(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """POST: mute, hold, coach, announce, and who ends the room."""
    conference, participant = _find(exchange, sids)
    seat = participant.seat
    events = [*_mute(seat, params), *_hold(seat, params), *_modify(seat, params)]
    if "WaitUrl" in params:
        seat.wait_url = params.url("WaitUrl")
    participant.updated_at = exchange.kernel.now()
    if params.get("AnnounceUrl"):
        url, method = params.url("AnnounceUrl"), params.method("AnnounceMethod")
        announce(conference, [participant], url, method)
    if participant.joined:
        for event in events:
            conference.tell(event, participant)
        conference.refresh()
    return RestAnswer(200, render(conference, participant))


def _mute(seat: Seat, params: Params) -> list[str]:
    before = seat.muted
    seat.muted = params.flag("Muted", seat.muted)
    if seat.muted == before:
        return []
    return ["participant-mute" if seat.muted else "participant-unmute"]


def _hold(seat: Seat, params: Params) -> list[str]:
    before = seat.hold
    seat.hold = params.flag("Hold", seat.hold)
    seat.hold_url = params.url("HoldUrl") or seat.hold_url
    seat.hold_method = params.method("HoldMethod", seat.hold_method)
    if seat.hold == before:
        return []
    return ["participant-hold" if seat.hold else "participant-unhold"]


def _modify(seat: Seat, params: Params) -> list[str]:
    before = (seat.end_on_exit, seat.coaching, seat.call_sid_to_coach)
    if not seat.hold:
        # On a held participant this is answered 200 and has no effect [O: a Twilio engineer].
        seat.end_on_exit = params.flag("EndConferenceOnExit", seat.end_on_exit)
    seat.coaching = params.flag("Coaching", seat.coaching)
    seat.call_sid_to_coach = params.get("CallSidToCoach", seat.call_sid_to_coach)
    changed = before != (seat.end_on_exit, seat.coaching, seat.call_sid_to_coach)
    return ["participant-modify"] if changed else []


def kick(exchange: Exchange, sids: tuple[str, ...], params: Params) -> RestAnswer:
    """DELETE: out of the room; a leg with TwiML of its own goes on with it [I]."""
    conference, participant = _find(exchange, sids)
    conference.leave(participant.leg, "participant_updated_via_api", kicked=True)
    participant.on_left()
    return RestAnswer(204)
