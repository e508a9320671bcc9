"""`<Dial>`: join the caller to somebody else; the noun inside says to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simulator.run import Run
from simulator.twiml import Element
from simulator.verbs import dial_conference, dial_legs, dial_queue
from simulator.verbs.verb import Verb, words

NOUNS: Final[dict[str, Callable[[Run, Element, Element], None]]] = {
    "Queue": dial_queue.perform,
    "Conference": dial_conference.perform,
}
"""Nouns of which a Dial holds one; all others are rung, up to ten at once."""


_CALLBACK: Final = "statusCallback statusCallbackEvent statusCallbackMethod"
_DETECTION: Final = (
    "machineDetection machineDetectionTimeout machineDetectionSpeechThreshold "
    "machineDetectionSpeechEndThreshold machineDetectionSilenceTimeout amdStatusCallback "
    "amdStatusCallbackMethod"
)
ATTRIBUTES: Final = {
    "Number": words(f"url method sendDigits byoc {_CALLBACK} {_DETECTION}"),
    "Client": words(f"url method {_CALLBACK}"),
    "Sip": words(f"url method username password {_CALLBACK} {_DETECTION}"),
    "Queue": words("url method reservationSid postWorkActivitySid"),
    "Conference": words(
        "muted beep startConferenceOnEnter endConferenceOnExit participantLabel maxParticipants "
        "waitUrl waitMethod record region trim coach jitterBufferSize eventCallbackUrl "
        "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent "
        f"{_CALLBACK}"
    ),
}
"""Noun -> its attributes; another one is passed over with a warning."""


def _warn_of_unknown(run: Run, element: Element) -> None:
    for noun in element.children:
        for name in noun.attributes.keys() - ATTRIBUTES.get(noun.name, frozenset()):
            message = f"<{noun.name}> has no attribute {name!r}."
            run.leg.exchange.complain(12200, message, run.leg.sid)


def perform(run: Run, element: Element) -> None:
    """Dial the nouns; bare text is a Number."""
    _warn_of_unknown(run, element)
    for noun in element.children:
        if noun.name in NOUNS:
            NOUNS[noun.name](run, element, noun)
            return
    nouns = [child for child in element.children if child.name in dial_legs.ADDRESSES]
    for child in element.children:
        if child.name not in dial_legs.ADDRESSES:
            message = f"<{child.name}> may not stand in <Dial>."
            run.leg.exchange.complain(12200, message, run.leg.sid)
    if not nouns and element.text:
        nouns = [Element("Number", text=element.text)]
    dial_legs.perform(run, element, nouns)


def stays_ringing(run: Run, element: Element) -> bool:
    """answerOnBridge leaves an unanswered caller ringing until the bridge [D]."""
    rings_people = not any(child.name in NOUNS for child in element.children)
    return rings_people and element.flag("answerOnBridge")


VERB = Verb(
    perform,
    words(
        "action method timeout timeLimit answerOnBridge callerId hangupOnStar record trim "
        "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent "
        "recordingTrack ringTone sequential referUrl referMethod"
    ),
    stays_ringing,
)
