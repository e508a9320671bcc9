"""The verb table: every TwiML verb that the exchange can perform, one file each."""

from __future__ import annotations

from typing import Final

from simulator.verbs import (
    dial,
    enqueue,
    gather,
    hangup,
    leave,
    pause,
    play,
    record,
    redirect,
    reject,
    say,
)
from simulator.verbs.verb import Verb

VERBS: Final[dict[str, Verb]] = {
    "Dial": dial.VERB,
    "Enqueue": enqueue.VERB,
    "Gather": gather.VERB,
    "Hangup": hangup.VERB,
    "Leave": leave.VERB,
    "Pause": pause.VERB,
    "Play": play.VERB,
    "Record": record.VERB,
    "Redirect": redirect.VERB,
    "Reject": reject.VERB,
    "Say": say.VERB,
}
