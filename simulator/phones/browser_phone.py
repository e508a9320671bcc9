"""A browser tab as a telephone of the exchange: it rings, dials, presses keys and hangs up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from simulator.media.floor import Floor
from simulator.phones.browser_call import BrowserCall, Wire
from simulator.phones.library import SoundLibrary
from simulator.sounds import Sound

if TYPE_CHECKING:
    from simulator.exchange import Exchange
    from simulator.legs import Leg

log = logging.getLogger(__name__)

PHONE_IDENTITY = "phone_"
WITHHELD_ADDRESS = "anonymous"
# A parameter of connect() on the phones page: this call hides its number.
WITHHELD_PARAMETER = "Withheld"


def address_of(identity: str) -> str:
    """Return the exchange's address of a token identity.

    `phone_821012345678` is the telephone +821012345678; any other identity is a client.
    """
    digits = identity.removeprefix(PHONE_IDENTITY)
    if identity.startswith(PHONE_IDENTITY) and digits.isascii() and digits.isdigit():
        return "+" + digits
    return f"client:{identity}"


class Studio:
    """What all telephones of one exchange share: the exchange, the floor and the sounds.

    It also keeps hold of what they have started, so that nothing is dropped half done.
    """

    def __init__(self, exchange: Exchange, library: SoundLibrary) -> None:
        """Make a studio for `exchange`; used on its loop only."""
        self.exchange = exchange
        self.library = library
        self.floor = Floor()
        self._phones: set[BrowserPhone] = set()
        self._started: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` go on by itself."""
        task = asyncio.get_running_loop().create_task(work)
        self._started.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._started.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A telephone failed: %s", type(error).__name__, exc_info=error)

    def admit(self, phone: BrowserPhone) -> None:
        """Take note of a telephone, so that it can be hung up when the exchange closes."""
        self._phones.add(phone)

    def dismiss(self, phone: BrowserPhone) -> None:
        """A telephone's tab is gone: it can't be rung any more and its calls end."""
        self._phones.discard(phone)
        self.exchange.unregister(phone)
        phone.gone()

    async def close(self) -> None:
        """Hang every telephone up and wait until all connections are closed."""
        for phone in list(self._phones):
            self.dismiss(phone)
        while self._started:
            await asyncio.gather(*self._started, return_exceptions=True)
        await self.floor.stop()


class BrowserPhone:
    """One tab that showed a token; an Endpoint of the exchange."""

    def __init__(self, identity: str, wire: Wire, studio: Studio) -> None:
        """Be the telephone of `identity`, reached over `wire`; not yet registered."""
        self.address = address_of(identity)
        self._wire, self._studio = wire, studio
        self._calls: list[BrowserCall] = []

    @property
    def is_telephone(self) -> bool:
        """Whether this stands for an ordinary telephone rather than a client of the account."""
        return not self.address.startswith("client:")

    # -- what the exchange does ----------------------------------------------------------------

    def ring(self, leg: Leg) -> None:
        """Ring the tab; an ordinary telephone that is in a call is busy.

        A client that is in a call is rung all the same: its SDK drops the invitation in silence,
        and the call rings out.
        """
        if self.is_telephone and self._calls:
            self._studio.exchange.kernel.post(lambda: leg.refuse("busy", self))
            return
        call = self._new_call()
        call.leg = leg
        self._studio.start(call.invite(leg, self._studio.exchange.settings.account_sid))

    def hear(self, leg: Leg, sound: Sound) -> None:
        """Let the person hear `sound` from now on."""
        if call := self.call_of(leg.sid):
            call.hear(sound)

    def ended(self, leg: Leg, status: str) -> None:
        """The call is over, or was taken by another tab."""
        if call := self.call_of(leg.sid):
            self._drop(call, status)

    # -- what the person does ------------------------------------------------------------------

    async def dial(self, temporary_sid: str, sdp: str, params: Mapping[str, str]) -> None:
        """Place a call with the parameters given to `connect()`; raises ValueError on a bad SDP."""
        call = self._new_call(temporary_sid)
        try:
            await call.take_offer(sdp)
        except Exception:
            self._drop(call, "failed")
            raise
        if call.over:
            return
        call.bind(self._studio.exchange.dial(self._caller(params), *self._target(params)))

    async def accept(self, sid: str, sdp: str) -> None:
        """Answer a call that rings here."""
        call = self.call_of(sid)
        if call is None or call.leg is None or call.answered:
            return
        await call.accept(sdp)
        call.leg.answer(self)

    def reject(self, sid: str) -> None:
        """Refuse a call that rings here."""
        call = self.call_of(sid)
        if call is not None and call.leg is not None:
            call.leg.refuse("rejected", self)

    def press(self, sid: str, digits: str) -> None:
        """Press keys during a call."""
        call = self.call_of(sid)
        if call is not None and call.leg is not None:
            call.leg.press(digits)

    def hang_up(self, sid: str) -> None:
        """Hang up one call, by its call SID or by the SDK's temporary name."""
        if call := self.call_of(sid):
            self._hang_up(call)

    def gone(self) -> None:
        """The tab was closed: every call that it held ends; what rings here rings on elsewhere."""
        for call in list(self._calls):
            if call.outgoing or call.answered:
                self._hang_up(call)
            else:
                self._drop(call, "canceled")

    def call_of(self, sid: str) -> BrowserCall | None:
        """Return the call of that SID or temporary name, if this tab has it."""
        for call in self._calls:
            if sid and (sid == call.temporary_sid or (call.leg and sid == call.leg.sid)):
                return call
        return None

    def _caller(self, params: Mapping[str, str]) -> BrowserPhone:
        """Who calls: this telephone, or its nameless double when the number is withheld."""
        if not (self.is_telephone and params.get(WITHHELD_PARAMETER)):
            return self
        double = BrowserPhone("", self._wire, self._studio)
        double.address, double._calls = WITHHELD_ADDRESS, self._calls
        return double

    def _target(self, params: Mapping[str, str]) -> tuple[str, Mapping[str, str] | None]:
        return params.get("To", ""), None if self.is_telephone else params

    def _hang_up(self, call: BrowserCall) -> None:
        if call.leg is not None:
            call.leg.hang_up(self)
        self._drop(call, "completed")

    def _new_call(self, temporary_sid: str = "") -> BrowserCall:
        studio = self._studio
        call = BrowserCall(self._wire, studio.floor, studio.library, temporary_sid)
        self._calls.append(call)
        return call

    def _drop(self, call: BrowserCall, status: str) -> None:
        if call in self._calls:
            self._calls.remove(call)
            call.end(status)
            self._studio.start(call.peer.close())
