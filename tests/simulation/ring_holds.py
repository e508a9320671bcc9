"""Looks whether a counselor's telephone rings on after the offer it rings for is over."""

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import text
from sqlalchemy.orm import Session

from simulator.journal import Entry, WebhookSent
from simulator.legs import FINAL

STOPPED = timedelta(seconds=2)
LEG = "/ivr/leg"
_OVER = text("SELECT id, ended_at FROM offers WHERE state NOT IN ('open', 'accepted', 'declined')")


def wrongs_of_ringing(session: Session, journal: Iterable[Entry]) -> list[str]:
    """Return the telephones that rang on; whoever declines by key may hear a last sentence."""
    over = {str(row.id): row.ended_at for row in session.execute(_OVER)}
    found = []
    for entry in journal:
        if not isinstance(entry, WebhookSent) or urlsplit(entry.url).path != LEG:
            continue
        (offer_id,) = parse_qs(urlsplit(entry.url).query)["offer"]
        ended_at = over.get(offer_id)
        is_end = dict(entry.params).get("CallStatus") in FINAL
        if is_end and ended_at is not None and entry.at > ended_at + STOPPED:
            found.append(f"{entry.call_sid} rang on for an offer that was over at {ended_at}")
    return found
