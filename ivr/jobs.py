"""RQ's way in: jobs carry the id of a row and nothing else."""

import uuid

from core.services import services
from ivr.carriers import carrier_of
from ivr.carry_out import carry_out
from ivr.spoken import page


def carry_out_order(order_id: str) -> str:
    """Carry out the order with this id; doing it again is harmless."""
    held = services()
    return carry_out(held, carrier_of(held), page(held), uuid.UUID(order_id))
