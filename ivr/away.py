"""What the carrier is told when a turn can't be worked out. Pure, in memory beforehand.

Rule: it never lies and never drops a caller who might still be served: it says how to reach help
now, and tries again a bounded number of times.
"""

from ivr.instructions import Gather, Hangup, HoldMusic, Link, Pause, Redirect, Reply, Say
from ivr.turn import Turn

TRIES_MAX = 40  # with what is spoken at each, about nine minutes
PAUSE_SECONDS = 3  # longer is a silence in which people take the line for dead
CALLBACKS = frozenset({"status", "conference", "leg", "reach-leg", "reached-machine"})
LEGS = frozenset({"client", "leg-over", "whisper", "whisper-key"})
REACHED = frozenset({"reached", "reached-key", "reached-join"})
REACHED_TRIES_MAX = 5
WAITS = frozenset({"wait", "wait-key", "callback", "callback-key", "callback-number"})

FALLBACK = (
    '<?xml version="1.0" encoding="UTF-8"?><Response>'
    '<Say language="ko-KR">지금은 연결할 수 없습니다. 잠시 후 다시 걸어 주세요. '
    "생명이 위급하면 일일구, 마음이 많이 힘드시면 자살예방상담전화 일공구로 전화해 주세요.</Say>"
    '<Say language="ko-KR">다시 말씀드립니다. 위급하면 일일구, '
    "힘드시면 일공구로 전화해 주세요.</Say>"
    "<Hangup/></Response>"
)


def reply(turn: Turn) -> tuple[Reply, int]:
    """Return what to answer without a database, and the HTTP status.

    Callbacks steer no leg: 503 lets the carrier send them again. A waiting caller keeps the place
    in the carrier's queue, who was called by us is held; anyone else is asked to hold and comes
    back through the front door.
    """
    if turn.hook in CALLBACKS:
        return Reply(), 503
    if turn.hook in LEGS:
        return Reply((Say("not_yours"), Hangup())), 200
    tries = turn.number("away") + 1
    if turn.hook in REACHED:
        return _reached(turn, tries), 200
    if turn.hook in WAITS:
        again = Link("wait", _same_stay(turn) | {"away": str(tries)})
        return Reply((HoldMusic(), Redirect(again))), 200
    if tries > TRIES_MAX:
        return Reply((Say("busy_line"), Hangup())), 200
    again = Link("voice", {"away": str(tries)})
    return Reply((Say("hold_on"), Pause(PAUSE_SECONDS), Redirect(again))), 200


def _reached(turn: Turn, tries: int) -> Reply:
    """Who answered a call of ours is greeted, and held for a while; then called again later.

    A key is not lost: it is asked for again, since 9 must be stored before it is answered.
    """
    if tries > REACHED_TRIES_MAX:
        return Reply((Say("reached_again"), Hangup()))
    query = {"session": turn.query.get("session", ""), "away": str(tries)}
    on = Redirect(Link("reached-join", query))
    if turn.hook == "reached-join":
        return Reply((Pause(PAUSE_SECONDS), on))
    return Reply((Gather(Link("reached-key", query), (Say("reached"),), 1), on))


def _same_stay(turn: Turn) -> dict[str, str]:
    """Return the turn and the stay in the queue that its further URLs are told apart by."""
    again = turn.query.get("again")
    return {"turn": str(turn.number("turn"))} | ({"again": again} if again else {})
