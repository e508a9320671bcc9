"""RQ's way in: jobs carry the id of a row and nothing else."""

import threading
import uuid

from core.config import CarrierConfig
from core.services import Services, services
from ivr.carrier import Carrier, TwilioCarrier
from ivr.carry_out import carry_out
from ivr.hooks import page

CARRY_OUT = "ivr.jobs.carry_out_order"

_lock = threading.Lock()
_carriers: dict[tuple[CarrierConfig, str, float], Carrier] = {}


def carry_out_order(order_id: str) -> str:
    """Carry out the order with this id; doing it again is harmless."""
    held = services()
    return carry_out(held, carrier_of(held), page(held), uuid.UUID(order_id))


def carrier_of(held: Services) -> Carrier:
    """Return the process's carrier for these settings; it holds connections, so it is kept."""
    settings = (held.config.carrier, held.config.helpline_number, held.policy.carrier_seconds_max)
    with _lock:
        if settings not in _carriers:
            _carriers[settings] = TwilioCarrier(*settings)
        return _carriers[settings]
