"""What whoever was queued, or promised a call, is owed in the end, though the process died.

Who was queued stands in the tables from that commit on, whatever was still said of it; who was
promised a call heard so, or is in the tables as well. In the flows of `crash_points` nobody hangs
up before a talk, takes a wish back or refuses a call: only the death explains a worse end.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from simulator.journal import Complaint, Entry
from tests.simulation.faults_told import NETWORK_CODES
from tests.simulation.recount import Recount, Story

BROKEN_OFF = timedelta(seconds=5)
"""From a document that the carrier could not fetch to the end of its "application error"."""
STANDS = ("planned", "kept", "for_decision")
_QUEUED = text("SELECT carrier_sid FROM calls WHERE queued_at IS NOT NULL")
_PROMISES = text(
    """
    SELECT p.id, p.state, k.carrier_sid AS origin_sid, ARRAY(
      SELECT CASE WHEN t.carrier_sid LIKE 'handed-over-%' THEN second.carrier_sid
          WHEN t.carrier_sid LIKE 'beside-%' THEN first.carrier_sid ELSE t.carrier_sid END
      FROM promise_tries JOIN calls t ON t.id = call_id
      LEFT JOIN calls second ON second.handed_from_id = t.id
      LEFT JOIN calls first ON first.id = t.handed_from_id
      WHERE promise_id = p.id) AS tried_sids
    FROM promises p LEFT JOIN calls k ON k.id = p.origin_call_id
    """
)


Errors = Collection[tuple[str, datetime]]
"""Legs that the carrier could fetch no document for, and when."""


def wrongs_of_ends(session: Session, seen: Recount, journal: Iterable[Entry]) -> list[str]:
    """Return who was queued, or promised a call, and came to nothing."""
    errors = _errors(journal)
    promises = session.execute(_PROMISES).all()
    queued = set(session.scalars(_QUEUED))
    promised = {row.origin_sid for row in promises if row.state in STANDS}
    found = []
    for sid, story in seen.stories.items():
        found += unserved(
            story,
            is_queued=sid in queued,
            is_promised=sid in promised,
            is_excused=was_broken_off(story, errors),
        )
    for row in promises:
        rings = [seen.rings[sid] for sid in row.tried_sids if sid in seen.rings]
        found += unkept(str(row.id), row.state, rings)
    return found


def unserved(
    story: Story, *, is_queued: bool, is_promised: bool, is_excused: bool
) -> Sequence[str]:
    """Return what is wrong with the end of a call. is_queued, is_promised: by the tables.

    is_excused: nobody could serve this leg any more. Of a promise that was heard nothing excuses.
    """
    if story.told_promise is not None and not is_promised:
        return [f"call {story.sid} was promised a call, and nobody owes it"]
    if not (is_queued or story.told_queue) or is_promised or story.joined is not None:
        return []
    return [] if is_excused else [f"call {story.sid} was queued, and neither served nor promised"]


def unkept(promise_id: str, state: str, rings: Iterable[Story]) -> Sequence[str]:
    """Return what is wrong with the end of a promise. rings: the calls that were made for it.

    One that is planned may stay so: a try was spent by the death, and the next is for another
    hour, when the story is over. Kept means that somebody talked, whatever broke off afterwards.
    """
    if state not in STANDS:
        return [f"promise {promise_id} ended {state}, and nobody wished so"]
    if state == "kept" and not any(ring.joined for ring in rings):
        return [f"promise {promise_id} is kept, and nobody talked"]
    return []


def was_broken_off(story: Story, errors: Errors) -> bool:
    """Tell whether the carrier found nobody to answer for this leg, and so ended it by itself.

    Here less is demanded than one would wish: the only process is down, its fallback is a page of
    the same process, and with the leg the caller is gone.
    """
    ended = story.ended
    return ended is not None and any(
        sid == story.sid and at <= ended <= at + BROKEN_OFF for sid, at in errors
    )


def _errors(journal: Iterable[Entry]) -> Errors:
    return {
        (entry.call_sid, entry.at)
        for entry in journal
        if isinstance(entry, Complaint) and entry.code in NETWORK_CODES
    }
