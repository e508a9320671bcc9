"""What the carrier is told when a turn can't be worked out. Pure, in memory beforehand.

Rule: it never lies and never drops a caller who might still be served: it says how to reach help
now, and tries again a bounded number of times.
"""

from ivr.instructions import Hangup, HoldMusic, Link, Pause, Redirect, Reply, Say
from ivr.turn import Turn

TRIES_MAX = 40  # with what is spoken at each, about nine minutes
PAUSE_SECONDS = 3  # longer is a silence in which people take the line for dead
CALLBACKS = frozenset({"status", "conference", "leg", "reach-leg", "reached-machine"})
LEGS = frozenset(
    {"client", "leg-over", "whisper", "whisper-key", "reached", "reached-key", "reached-join"}
)
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
    in the carrier's queue; anyone else is asked to hold and comes back through the front door.
    """
    if turn.hook in CALLBACKS:
        return Reply(), 503
    if turn.hook in LEGS:
        return Reply((Say("not_yours"), Hangup())), 200
    tries = turn.number("away") + 1
    if turn.hook in WAITS:
        again = Link("wait", _same_stay(turn) | {"away": str(tries)})
        return Reply((HoldMusic(), Redirect(again))), 200
    if tries > TRIES_MAX:
        return Reply((Say("busy_line"), Hangup())), 200
    again = Link("voice", {"away": str(tries)})
    return Reply((Say("hold_on"), Pause(PAUSE_SECONDS), Redirect(again))), 200


def _same_stay(turn: Turn) -> dict[str, str]:
    """Return the turn and the stay in the queue that its further URLs are told apart by."""
    again = turn.query.get("again")
    return {"turn": str(turn.number("turn"))} | ({"again": again} if again else {})
