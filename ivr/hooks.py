"""The carrier's door: each hook checks the signature, does one turn in one transaction, answers.

A caller never hears silence or an error page: whatever fails, there is a spoken document, and the
static fallback needs neither database nor Redis.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from core.access import ANYBODY, admit
from core.database import DatabaseAway
from core.log import event_log
from core.seldom import Seldom
from core.services import Services, services
from ivr import away, caller_turns, leg_turns, promise_turns
from ivr.caller_turns import Desk
from ivr.hold_music import hold_music
from ivr.inbox import answer_once
from ivr.instructions import Reply
from ivr.self_test import HOOK as SELF_TEST
from ivr.signature import SETTINGS, SIGNATURE, is_signed, raw_target
from ivr.spoken import MENUS, PROMPTS, page
from ivr.turn import Turn, read
from ivr.twiml import EMPTY, render
from routing.line import Effect

log = event_log(__name__)

Handler: TypeAlias = Callable[[Session, Turn, Desk], tuple[Effect, Reply]]

HOOKS: Mapping[str, Handler] = {
    "voice": caller_turns.on_voice,
    "menu": caller_turns.on_menu,
    "menu-again": caller_turns.on_menu_again,
    "wait": caller_turns.on_wait,
    "wait-key": caller_turns.on_wait_key,
    "queue-left": caller_turns.on_queue_left,
    "join": caller_turns.on_join,
    "talk-over": caller_turns.on_talk_over,
    "reconnect": caller_turns.on_reconnect,
    "goodbye": caller_turns.on_goodbye,
    "status": caller_turns.on_status,
    "client": leg_turns.on_client,
    "leg-over": leg_turns.on_leg_over,
    "conference": leg_turns.on_conference,
    "callback": promise_turns.on_callback,
    "callback-number": promise_turns.on_callback_number,
    "callback-key": promise_turns.on_callback_key,
    "reached": promise_turns.on_reached,
    "reached-key": promise_turns.on_reached_key,
    "reached-join": promise_turns.on_reached_join,
    "reached-machine": promise_turns.on_reached_machine,
    "reach-leg": promise_turns.on_reach_leg,
    "whisper": leg_turns.on_whisper,
    "whisper-key": leg_turns.on_whisper_key,
    "leg": leg_turns.on_leg,
}

NAMES = ",".join(f"'{name}'" for name in (*HOOKS, SELF_TEST))

blueprint = Blueprint("ivr", __name__, url_prefix="/ivr")
admit(blueprint, ANYBODY)  # the carrier shows who it is by its signature


REFUSAL_SECONDS = 10.0  # between two lines of the log about refused webhooks
_REFUSALS = Seldom(REFUSAL_SECONDS)


@dataclass(frozen=True)
class Answered:
    """What a turn came to: the words for the metrics, the document."""

    effect: str
    body: str
    status: int = 200


def xml(body: str, status: int = 200) -> Response:
    """Return a TwiML response."""
    return Response(body, status=status, content_type="text/xml; charset=utf-8")


@blueprint.route(f"/<any({NAMES}):hook>", methods=["POST"])
def take_turn(hook: str) -> Response:
    """Answer one request of the carrier."""
    held = services()
    target = raw_target(request.environ)
    if not _is_ours(held, target):
        _tell_refusal(held, hook)
        return xml("", 403)
    if hook == SELF_TEST:
        return xml(EMPTY)
    began = time.perf_counter()
    answered = _answer(held, hook, target)
    held.metrics.webhook_turns.labels(hook, answered.effect).inc()
    held.metrics.webhook_seconds.labels(hook).observe(time.perf_counter() - began)
    return xml(answered.body, answered.status)


def _tell_refusal(held: Services, hook: str) -> None:
    """Count it; now and then say what address the signature was checked against.

    The query is left out, since anybody may write one.
    """
    held.metrics.webhook_turns.labels(hook, "refused").inc()
    unsaid = _REFUSALS.now()
    if unsaid is None:
        return
    base_url = held.config.public_base_url
    log.warning(
        "webhook_refused",
        expected_url=f"{base_url}/ivr/{hook}",
        is_signed=SIGNATURE in request.headers,
        is_our_host=request.host == urlsplit(base_url).netloc,
        unsaid=unsaid,
    )


def _is_ours(held: Services, target: str) -> bool:
    return is_signed(
        held.config.public_base_url,
        target,
        request.form,
        {name: request.headers.get(name, "") for name in (SIGNATURE, SETTINGS)},
        held.config.carrier.auth_tokens,
    )


def _answer(held: Services, hook: str, target: str) -> Answered:
    """Do the turn. Whatever goes wrong, the leg gets a document it can live with."""
    turn = read(hook, target, request.args.to_dict(), request.form.to_dict())
    try:
        effect, body = held.database.run(
            lambda session: _turn(held, session, turn), seconds_max=held.policy.turn_seconds_max
        )
    except DatabaseAway:
        held.metrics.database_away.inc()
        log.error("database_away", hook=hook)
        return _without_database(held, turn, "away")
    except Exception as fault:
        log.error("turn_failed", fault, hook=hook)
        return _without_database(held, turn, "failed")
    if effect == Effect.CHANGED:
        held.live.ring_here("line")
    return Answered(effect, body)


def _turn(held: Services, session: Session, turn: Turn) -> tuple[str, str]:
    desk = Desk(held.clock.now(), held.policy, MENUS, held.sealer, PROMPTS)

    def work_out() -> tuple[str, str]:
        effect, reply = HOOKS[turn.hook](session, turn, desk)
        return effect, render(reply, page(held))

    return answer_once(session, turn, held.sealer, desk.now, work_out)


def _without_database(held: Services, turn: Turn, effect: str) -> Answered:
    reply, status = away.reply(turn)
    return Answered(effect, render(reply, page(held)), status)


@blueprint.route("/fallback", methods=["GET", "POST"])
def fallback() -> Response:
    """Answer the static last resort, signed or not: how to reach help now."""
    return xml(away.FALLBACK)


@blueprint.route("/audio/hold.wav", methods=["GET"])
def audio() -> Response:
    """Serve the hold music; the carrier keeps it by its ETag."""
    response = Response(
        hold_music(int(services().policy.announce_seconds)), content_type="audio/wav"
    )
    response.add_etag()
    response.cache_control.max_age = 86_400
    response.make_conditional(request)
    return response


@blueprint.route("/<path:_other>", methods=["GET", "POST"])
def nothing_here(_other: str) -> Response:
    """Answer an address or method that is none of ours: no page that could be read aloud."""
    return xml(EMPTY, 404)


@blueprint.errorhandler(HTTPException)
def refuse(error: HTTPException) -> Response:
    """A wrong method or an oversized body: no page that the carrier could read aloud."""
    return xml("" if error.code == 403 else EMPTY, error.code or 400)
