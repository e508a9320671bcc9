"""Everything about the exchange that can be set, above all what is only inferred of the carrier.

Marks as in the protocol sheet: [D] documented, [O] observed by others, [I] inferred,
[U] unverified. What bears no mark is about this exchange, not about the carrier.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

ACCOUNT_SID = "AC" + "0120" * 8
API_KEY_SID = "SK" + "0120" * 8
TWIML_APP_SID = "AP" + "0120" * 8
DOCUMENTATION_NUMBER = "+8225550120"
HELPLINE_ALIASES = ("02120", "02-120", "+8202120", "+822120", "822120", "8202120", "120")


@dataclass(frozen=True, slots=True)
class Oddities:
    """How the carrier behaves where its documents are silent; change one, see what breaks."""

    dial_timeout_extra_seconds: float = 5.0
    """[D] `<Dial timeout>` and participant Timeout always last this much longer."""
    api_timeout_extra_seconds: float = 5.0
    """[I] the same for POST /Calls; documents say "some flows"."""
    redirect_child_gone_seconds: float = 0.166
    """[O, measured once] after a REST redirect, when the interrupted verb stops."""
    redirect_action_seconds: float = 0.320
    """[O, measured once] when the interrupted verb's action is requested; its answer is ignored."""
    redirect_target_seconds: float = 0.651
    """[O, measured once] when the redirect's own document is requested; it alone steers."""
    redirect_also_requests_enqueue_action: bool = True
    """[I] by analogy with Dial."""
    redirect_also_requests_gather_action: bool = False
    """[I] an interrupted Gather has nothing to report."""
    dial_action_after_caller_hangup: bool = True
    """[I] the Dial's action is requested (and ignored) when the caller's own leg ends."""
    rest_dequeue_result: str = "redirected"
    """[I] QueueResult after POST Members/{CallSid}; its action's answer is ignored."""
    unregistered_client_status: str = "no-answer"
    """[O] how a `<Client>` leg ends at once when no browser is registered."""
    unknown_queue_status: str = "failed"
    """[I] DialCallStatus for a `<Queue>` that does not exist; documents say "error status"."""
    whisper_hangup_status: str = "completed"
    """[I] DialCallStatus when the callee is hung up in the whisper, beside DialBridged=false."""
    pause_first_delays_answer: bool = True
    """[U] a first `<Pause>` is heard as ringing."""
    first_fetch_failure: str = "application-error"
    """[I] or "busy" [O], when an inbound call's first document fails and there is no fallback."""
    conference_wait_failure: str = "next-verb"
    """[I] or "cut": what a failed conference waitUrl does to the call ("may be cut")."""
    wait_loop_seconds_min: float = 1.0
    """[I] a waitUrl document that takes no time is not requested again sooner than this."""
    blank_geography: bool = True
    """[O] send ToCity, FromZip and so on, empty."""
    call_token: bool = True
    """[O] inbound telephone calls carry a CallToken of about 500 characters."""
    idempotency_token: bool = False
    """[O] I-Twilio-Idempotency-Token was absent in September 2025."""
    digit_seconds: float = 0.23
    """[D, SDK] from one pressed digit to the next when several are pressed at once."""
    recorded_message_seconds: float = 10.0
    """How long a caller is taken to speak in `<Record>` before falling silent."""
    amd_seconds: float = 3.0
    """[I] how long answering-machine detection listens."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One account with one number and one TwiML application."""

    account_sid: str = ACCOUNT_SID
    auth_token: str = field(default="0120" * 8, repr=False)
    api_key_sid: str = API_KEY_SID
    api_key_secret: str = field(default="0120" * 8, repr=False)
    twiml_app_sid: str = TWIML_APP_SID
    helpline_number: str = DOCUMENTATION_NUMBER
    helpline_aliases: tuple[str, ...] = HELPLINE_ALIASES
    public_base_url: str = "http://127.0.0.1:8120"
    """Where the server is, without a trailing slash; the hooks below are joined to it."""
    voice_path: str = "/ivr/voice"
    status_path: str = "/ivr/status"
    client_path: str = "/ivr/client"
    fallback_path: str = "/ivr/fallback"
    port: int = 8121
    calls_per_second: float = 1.0
    """[D] POST /Calls above this pace are queued; 0 switches the pacing off."""
    journal_entries_max: int | None = None
    """Oldest entries are forgotten beyond this; None keeps all (a simulated day)."""
    ended_calls_max: int | None = None
    """Ended calls kept for the REST face; None keeps all."""
    seed: str = "0120"
    """SIDs are made from it, so that the same story has the same names."""
    oddities: Oddities = field(default_factory=Oddities)

    def hook(self, path: str) -> str:
        """The absolute URL of one of the server's hooks."""
        return self.public_base_url + path


def _port(text: str) -> int:
    if text.isdecimal() and 0 <= int(text) <= 65535:
        return int(text)
    raise ValueError(f"SIMULATOR_PORT must be a port number from 0 to 65535, not {text!r}.")


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Settings of a wall-clock exchange from environment variables; the defaults where unset.

    Raises ValueError naming the variable when one is malformed.
    """
    default = Settings()

    def read(name: str, fallback: str) -> str:
        return environ.get(name, "").strip() or fallback

    return Settings(
        account_sid=read("TWILIO_ACCOUNT_SID", default.account_sid),
        auth_token=read("TWILIO_AUTH_TOKEN", default.auth_token).split(",")[0].strip(),
        api_key_sid=read("TWILIO_API_KEY_SID", default.api_key_sid),
        api_key_secret=read("TWILIO_API_KEY_SECRET", default.api_key_secret),
        twiml_app_sid=read("TWILIO_TWIML_APP_SID", default.twiml_app_sid),
        helpline_number=read("HELPLINE_NUMBER", default.helpline_number),
        public_base_url=read("PUBLIC_BASE_URL", default.public_base_url).rstrip("/"),
        port=_port(read("SIMULATOR_PORT", str(default.port))),
        journal_entries_max=20_000,
        ended_calls_max=2_000,
        seed=secrets.token_hex(16),
    )
