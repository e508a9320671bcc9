"""The process's one carrier for its settings: it holds connections, so it is kept."""

import threading

from core.config import CarrierConfig
from core.services import Services
from ivr.carrier import Carrier, TwilioCarrier

_lock = threading.Lock()
_carriers: dict[tuple[CarrierConfig, str, float], Carrier] = {}


def carrier_of(services: Services) -> Carrier:
    """Return the carrier that the settings of `services` name, made at the first asking."""
    config = services.config
    settings = (config.carrier, config.helpline_number, services.policy.carrier_seconds_max)
    with _lock:
        if settings not in _carriers:
            _carriers[settings] = TwilioCarrier(*settings)
        return _carriers[settings]
