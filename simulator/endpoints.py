"""What the exchange asks of a telephone, whoever plays it: a browser, a seeded person, a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from simulator.legs import Leg
    from simulator.sounds import Sound


class Endpoint(Protocol):
    """A telephone. Several may share one address (browser tabs): all ring, the first one wins.

    `address` is "+821012345678", "client:lee", "sip:kim@127.0.0.1", or for a withheld number what
    the carrier would pass instead of it ("anonymous", "+266696687").
    An attribute `answered_by` ("human", "machine_start", "fax") may be added: answering-machine
    detection then reports it.
    """

    address: str

    def ring(self, leg: Leg) -> None:
        """The exchange rings; later call `leg.answer(self)` or `leg.refuse("busy", self)`."""

    def hear(self, leg: Leg, sound: Sound) -> None:
        """From now on, on this leg, this is what is heard."""

    def ended(self, leg: Leg, status: str) -> None:
        """The leg is over, or another telephone of the same address took it ("canceled")."""


def is_client(address: str) -> bool:
    """Whether `address` is a browser's or an app's, by identity."""
    return address.startswith("client:")


def is_sip(address: str) -> bool:
    """Whether `address` is a SIP address."""
    return address.startswith(("sip:", "sips:"))


def is_telephone(address: str) -> bool:
    """Whether `address` is on the public telephone network (numbers and withheld words)."""
    return not is_client(address) and not is_sip(address)
