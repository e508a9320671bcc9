"""`<Record>`: the caller speaks after the beep."""

from __future__ import annotations

from simulator.callbacks import rfc2822
from simulator.kernel import Timer
from simulator.run import Activity, LastAction, Playing, Run
from simulator.sounds import Beep, Silence
from simulator.twiml import Element
from simulator.verbs.verb import Verb, words

KEYS = "1234567890*#"


class RecordingMessage(Activity):
    """A message being recorded; nothing is kept of it but its length."""

    def __init__(self, run: Run, element: Element) -> None:
        """Beep, then record until silence, a key, the longest length or a hangup."""
        self._run = run
        self._element = element
        self._sid = run.leg.exchange.sids.new("RE")
        self._keys = element.get("finishOnKey", KEYS)
        self._since = run.leg.exchange.kernel.now()
        self._timer: Timer | None = None
        beeps = iter((Beep(),)) if element.flag("playBeep", True) else iter(())
        self._beep = Playing(run.leg, beeps, self._begin)

    def _begin(self) -> None:
        exchange = self._run.leg.exchange
        self._since = exchange.kernel.now()
        self._run.leg.hear(Silence())
        silence = self._element.number("timeout", 5.0)
        longest = self._element.number("maxLength", 3600.0)
        # How long somebody speaks is a setting: no one listens here.
        spoken = exchange.oddities.recorded_message_seconds + silence
        self._timer = exchange.kernel.at(min(spoken, longest), lambda: self._finish(""))

    def press(self, digit: str) -> bool:
        """A finishing key ends the message."""
        if self._timer is None or digit not in self._keys:
            return False
        self._finish(digit)
        return True

    def _finish(self, digits: str) -> None:
        params = self._close(digits)
        self._run.follow(self._element, params, default=True)

    def _close(self, digits: str) -> dict[str, str]:
        self._beep.stop()
        if self._timer is not None:
            self._timer.cancel()
        exchange = self._run.leg.exchange
        seconds = round((exchange.kernel.now() - self._since).total_seconds())
        report_recording(self._run, self._element, self._sid, seconds, "RecordVerb")
        return {
            "RecordingSid": self._sid,
            "RecordingUrl": recording_url(self._run, self._sid),
            "RecordingDuration": str(seconds),
            "Digits": digits,
        }

    def stop(self) -> LastAction | None:
        """Broken off by a redirect: what was said is kept, its action is not requested [I]."""
        self._close("")
        return None

    def leg_ended(self) -> LastAction | None:
        """The caller hung up: the action learns it as Digits=hangup."""
        action = self._run.action_of(self._element, default=True)
        params = self._close("hangup")
        return LastAction(*action, params) if action is not None and action[0] else None


def recording_url(run: Run, sid: str) -> str:
    """Where the carrier would keep a recording."""
    account = run.leg.exchange.settings.account_sid
    return f"https://api.twilio.com/2010-04-01/Accounts/{account}/Recordings/{sid}"


def report_recording(run: Run, element: Element, sid: str, seconds: int, source: str) -> None:
    """Send the recordingStatusCallback, if the element has one."""
    url = run.resolve(element.get("recordingStatusCallback") or "")
    if not element.get("recordingStatusCallback") or not url:
        return
    exchange = run.leg.exchange
    params = {
        "AccountSid": exchange.settings.account_sid,
        "CallSid": run.leg.sid,
        "RecordingSid": sid,
        "RecordingUrl": recording_url(run, sid),
        "RecordingStatus": "completed" if seconds else "absent",
        "RecordingDuration": str(seconds),
        "RecordingChannels": "1",
        "RecordingStartTime": rfc2822(exchange.kernel.now()),
        "RecordingSource": source,
    }
    method = element.get("recordingStatusCallbackMethod", "POST").upper()
    exchange.webhooks.send("recording", url, params, method=method, leg=run.leg)


def perform(run: Run, element: Element) -> None:
    """Start recording; in inline TwiML an explicit action is needed."""
    if not run.resolve(element.get("action")):
        run.fail(11100, "<Record> in inline TwiML needs an absolute action.")
        return
    run.activity = RecordingMessage(run, element)


VERB = Verb(
    perform,
    words(
        "action method timeout finishOnKey maxLength playBeep trim transcribe transcribeCallback "
        "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent "
        "recordingTrack"
    ),
)
