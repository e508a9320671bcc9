"""The carrier's REST face behind a small port: ring, move, hang up, look up, find.

One client a thread (the library's is not promised to be thread-safe), every request under a time
limit, and every failure turned into a CarrierFault.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from core.config import CarrierConfig
from ivr.faults import CarrierFault, FaultKind, kind_of

LIVE = frozenset({"queued", "initiated", "ringing", "in-progress"})
RANG_OUT = frozenset({"completed", "busy", "no-answer"})
RING_EVENTS = ["completed"]
MACHINE_SECONDS_MAX = 10  # within the greeting
T = TypeVar("T")


class Carrier(Protocol):
    """What we ask of the carrier of our own accord. Every method may raise CarrierFault."""

    def ring(
        self,
        to: str,
        *,
        url: str,
        status_url: str,
        fallback_url: str,
        timeout_seconds: int,
        machine_url: str = "",
    ) -> str:
        """Ring `to`; when it answers the carrier asks `url`. Returns the leg's sid.

        machine_url: where to tell whether a person or a machine answered, while `url` is heard.
        """
        ...

    def move(self, leg_sid: str, url: str) -> None:
        """Take a leg out of whatever it does and go on with the document at `url`."""
        ...

    def hang_up(self, leg_sid: str) -> None:
        """End a leg."""
        ...

    def is_live(self, leg_sid: str) -> bool:
        """Tell whether a leg is still up."""
        ...

    def find_rings(self, to: str, since: datetime) -> Sequence[str]:
        """Return the sids of legs to `to` that rang, begun after `since` by the carrier's clock.

        Those that live come first; others may be over by now.
        """
        ...


class TwilioCarrier:
    """The port over Twilio's REST API, or anything that speaks like it."""

    def __init__(self, config: CarrierConfig, helpline_number: str, seconds_max: float) -> None:
        self._config = config
        self._from = helpline_number
        self._seconds_max = seconds_max
        self._held = threading.local()

    def ring(
        self,
        to: str,
        *,
        url: str,
        status_url: str,
        fallback_url: str,
        timeout_seconds: int,
        machine_url: str = "",
    ) -> str:
        """Ring a telephone or a SIP address, showing the helpline's number."""
        listening = _listening_for_machines(machine_url) if machine_url else {}
        sid = self._ask(
            lambda client: (
                client.calls.create(
                    to=to,
                    from_=self._from,
                    url=url,
                    method="POST",
                    fallback_url=fallback_url,
                    fallback_method="POST",
                    status_callback=status_url,
                    status_callback_event=RING_EVENTS,
                    status_callback_method="POST",
                    timeout=timeout_seconds,
                    **listening,
                ).sid
            )
        )
        if not sid:
            raise CarrierFault(FaultKind.UNKNOWN, "malformed: no sid")
        return str(sid)

    def move(self, leg_sid: str, url: str) -> None:
        """Send a live leg to another document."""
        self._ask(lambda client: client.calls(leg_sid).update(url=url, method="POST"))

    def hang_up(self, leg_sid: str) -> None:
        """Complete a leg, ringing or talking alike."""
        self._ask(lambda client: client.calls(leg_sid).update(status="completed"))

    def is_live(self, leg_sid: str) -> bool:
        """Fetch the leg; one the carrier does not know is not live."""
        try:
            return self._ask(lambda client: client.calls(leg_sid).fetch().status) in LIVE
        except CarrierFault as fault:
            if fault.kind is FaultKind.GONE:
                return False
            raise

    def find_rings(self, to: str, since: datetime) -> Sequence[str]:
        """Look through the newest legs to `to`; used after a request whose answer was lost.

        One that is over rang as well: ringing again would be the second time for one wish.
        """
        calls = self._ask(lambda client: client.calls.list(to=to, start_time_after=since, limit=20))
        rang = [call for call in calls if call.status in LIVE | RANG_OUT]
        rang.sort(key=lambda call: call.status not in LIVE)
        return [str(call.sid) for call in rang]

    def _ask(self, request: Callable[[Client], T]) -> T:
        try:
            return request(self._client())
        except TwilioRestException as error:
            says = f"{error.status} {error.code}"
            raise CarrierFault(kind_of(error.status, error.code), says) from error
        except TwilioException as error:
            status = getattr(error, "status", None)
            raise CarrierFault(kind_of(status, None), type(error).__name__) from error
        except requests.ConnectTimeout as error:
            raise CarrierFault(FaultKind.PASSING, "ConnectTimeout") from error
        except requests.RequestException as error:
            raise CarrierFault(FaultKind.UNKNOWN, type(error).__name__) from error
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            # The library stumbled over an answer that is not the carrier's: it may have acted.
            raise CarrierFault(FaultKind.UNKNOWN, f"malformed: {type(error).__name__}") from error

    def _client(self) -> Client:
        client: Any = getattr(self._held, "client", None)
        if client is None:
            client = self._held.client = make_client(self._config, self._seconds_max)
        return client


def _listening_for_machines(url: str) -> dict[str, Any]:
    """Beside the greeting, not before it: nobody picks up and hears seconds of silence."""
    return {
        "machine_detection": "Enable",
        "machine_detection_timeout": MACHINE_SECONDS_MAX,
        "async_amd": "true",
        "async_amd_status_callback": url,
        "async_amd_status_callback_method": "POST",
    }


def make_client(config: CarrierConfig, seconds_max: float) -> Client:
    """Return a REST client for the configured account and server, with a time limit."""
    client = Client(
        config.account_sid,
        config.auth_tokens[0],
        http_client=TwilioHttpClient(timeout=seconds_max),
    )
    client.api.base_url = config.api_base_url.rstrip("/")
    return client
