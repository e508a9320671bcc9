"""Renders instructions to TwiML: the only place that writes the carrier's language.

Every URL is absolute (relative actions don't survive inline TwiML or compatible carriers), and
every text is freed of characters that XML can't hold.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlencode

from twilio.twiml.voice_response import Dial, Enqueue, VoiceResponse
from twilio.twiml.voice_response import Gather as GatherVerb

from ivr import instructions as said
from ivr.prompts import DEFAULT_LANGUAGE, Prompts

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
FORWARD_SECONDS = 20


@dataclass(frozen=True)
class Page:
    """What rendering needs besides the instructions: where we live, who we are, what we say."""

    base_url: str
    helpline_number: str
    prompts: Mapping[str, Prompts]

    def url(self, link: said.Link) -> str:
        """Return the absolute URL of one of our hooks."""
        query = f"?{urlencode(link.query)}" if link.query else ""
        return f"{self.base_url}/ivr/{link.hook}{query}"

    def prompts_for(self, language: str) -> Prompts:
        """Return the prompts of `language`, or Korean where we have none."""
        return self.prompts.get(language, self.prompts[DEFAULT_LANGUAGE])


def render(reply: said.Reply, page: Page) -> str:
    """Return the TwiML document of `reply`."""
    if not reply.instructions:
        return EMPTY
    response = VoiceResponse()
    prompts = page.prompts_for(reply.language)
    for instruction in reply.instructions:
        _RENDER[type(instruction)](response, instruction, page, prompts)
    return str(response)


Verb: TypeAlias = Callable[[Any, Any, Page, Prompts], None]


def clean(text: str) -> str:
    """Return `text` without the characters that XML 1.0 can't hold."""
    return NOT_XML.sub("", text)


def _say(parent: Any, say: said.Say, _page: Page, prompts: Prompts) -> None:
    text = clean(prompts.say(say.prompt, say.values))
    parent.say(text, language=prompts.language, voice=prompts.voice)


def _music(parent: Any, _music: said.HoldMusic, page: Page, _prompts: Prompts) -> None:
    parent.play(f"{page.base_url}/ivr/audio/hold.wav")


def _pause(parent: Any, pause: said.Pause, _page: Page, _prompts: Prompts) -> None:
    parent.pause(length=pause.seconds)


def _gather(parent: Any, gather: said.Gather, page: Page, prompts: Prompts) -> None:
    verb = GatherVerb(
        action=page.url(gather.link),
        method="POST",
        input="dtmf",
        num_digits=gather.digits_max,
        finish_on_key=gather.finish_on_key,
        timeout=gather.timeout_seconds,
    )
    for nested in gather.nested:
        _RENDER[type(nested)](verb, nested, page, prompts)
    parent.append(verb)


def _redirect(parent: Any, redirect: said.Redirect, page: Page, _prompts: Prompts) -> None:
    parent.redirect(page.url(redirect.link), method="POST")


def _enqueue(parent: Any, enqueue: said.Enqueue, page: Page, _prompts: Prompts) -> None:
    parent.append(
        Enqueue(
            enqueue.queue,
            action=page.url(enqueue.left),
            method="POST",
            wait_url=page.url(enqueue.wait),
            wait_url_method="POST",
        )
    )


def _conference(parent: Any, join: said.JoinConference, page: Page, _prompts: Prompts) -> None:
    """The same callbacks from every leg: the carrier takes them from the first one only."""
    dial = Dial(action=page.url(join.over), method="POST")
    dial.conference(
        join.room_id.hex,
        beep="false",
        start_conference_on_enter=True,
        end_conference_on_exit=join.is_caller,
        wait_url="",
        participant_label=join.label,
        max_participants=10,
        status_callback=page.url(join.events),
        status_callback_event="start end join leave",
        status_callback_method="POST",
    )
    parent.append(dial)


def _forward(parent: Any, forward: said.Forward, page: Page, _prompts: Prompts) -> None:
    dial = Dial(
        action=page.url(forward.over),
        method="POST",
        caller_id=page.helpline_number,
        timeout=FORWARD_SECONDS,
    )
    dial.number(forward.number)
    parent.append(dial)


def _hangup(parent: Any, _hangup: said.Hangup, _page: Page, _prompts: Prompts) -> None:
    parent.hangup()


_RENDER: Mapping[type, Verb] = {
    said.Say: _say,
    said.HoldMusic: _music,
    said.Pause: _pause,
    said.Gather: _gather,
    said.Redirect: _redirect,
    said.Enqueue: _enqueue,
    said.JoinConference: _conference,
    said.Forward: _forward,
    said.Hangup: _hangup,
}
