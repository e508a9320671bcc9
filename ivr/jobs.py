"""RQ's way in: jobs carry the id of a row and nothing else."""

import uuid
from dataclasses import asdict

from core.log import event_log
from core.services import services
from ivr import clean_up
from ivr.carriers import carrier_of
from ivr.carry_out import carry_out
from ivr.spoken import page

log = event_log(__name__)


def carry_out_order(order_id: str) -> str:
    """Carry out the order with this id; doing it again is harmless."""
    held = services()
    return carry_out(held, carrier_of(held), page(held), uuid.UUID(order_id))


def remove_what_is_old(_nobody: str) -> None:
    """Remove what is past its time; doing it again is harmless."""
    held = services()
    with held.database.transaction() as session:
        removed = clean_up.clean_up(session, held.clock.now(), held.policy)
    log.info("cleaned_up", **asdict(removed))
