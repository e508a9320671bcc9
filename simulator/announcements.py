"""Announcements into a conference (AnnounceUrl): fetched once, heard by all they are for."""

from __future__ import annotations

from functools import partial
from itertools import chain

from simulator.conferences import Conference
from simulator.participants import Participant
from simulator.run import Playing
from simulator.sounds import Recording, Silence, Sound, Speech
from simulator.transport import Outcome
from simulator.twiml import Document, Element, TwimlError, read_outcome
from simulator.verbs.say import times

ANNOUNCED = frozenset({"Say", "Play", "Pause"})


def announce(conference: Conference, listeners: list[Participant], url: str, method: str) -> None:
    """Fetch `url` and let `listeners` hear it, then what they heard before.

    Events: announcement-end after the last heard it, announcement-fail when there is nothing
    to hear.
    """
    exchange = conference.exchange
    params = {
        "AccountSid": exchange.settings.account_sid,
        "ConferenceSid": conference.sid,
        "FriendlyName": conference.name,
        "ApiVersion": "2010-04-01",
    }

    def loaded(outcome: Outcome) -> None:
        try:
            document = read_outcome(outcome, url, method)
        except TwimlError as error:
            exchange.complain(error.code, error.message)
            conference.tell("announcement-fail")
            return
        _play(conference, listeners, _sounds(document))

    exchange.webhooks.send("announcement", url, params, method=method, done=loaded)


def _sounds(document: Document) -> list[Sound]:
    verbs = [verb for verb in document.verbs if verb.name in ANNOUNCED]
    return list(chain.from_iterable([_sound(verb)] * min(times(verb), 10) for verb in verbs))


def _sound(verb: Element) -> Sound:
    if verb.name == "Say":
        return Speech(verb.text, verb.get("language", "en-US"), verb.get("voice"))
    if verb.name == "Play":
        return Recording(verb.text)
    return Silence(verb.number("length", 1.0))


def _play(conference: Conference, listeners: list[Participant], sounds: list[Sound]) -> None:
    present = [each for each in listeners if each.joined]
    left = len(present)

    def over(participant: Participant) -> None:
        nonlocal left
        left -= 1
        participant.announcement_over()
        if left == 0:
            conference.tell("announcement-end")

    for participant in present:
        done = partial(over, participant)
        participant.hear_announcement(Playing(participant.leg, iter(sounds), done), done)
    if not present:
        conference.tell("announcement-fail")
