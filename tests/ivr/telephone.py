"""Speaks to the line as the carrier does: signed requests over the raw target, answers as TwiML."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree

from app import create_app
from core.services import Services
from simulator.signature import sign
from simulator.transport import Request
from simulator.transport_wsgi import environ_of

WAIT_VERBS = {"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"}
VERBS = WAIT_VERBS | {"Enqueue", "Dial", "Reject"}
LINK_ATTRIBUTES = ("action", "waitUrl", "statusCallback", "url")
CITIZEN = "+821055501234"
# What the carrier sends besides, blank where it knows nothing.
BLANKS = ("ToZip", "CalledCity", "CallerName", "FromState", "CallerZip", "NewOfTomorrow")


@dataclass(frozen=True)
class Answer:
    """What the line said. document: None where there was no XML."""

    status: int
    content_type: str
    body: bytes

    @property
    def document(self) -> ElementTree.Element:
        """The TwiML; fails where it is not well-formed or not a response."""
        root = ElementTree.fromstring(self.body)
        assert root.tag == "Response"
        return root

    @property
    def verbs(self) -> list[str]:
        """The verbs in order, nested ones not counted."""
        return [verb.tag for verb in self.document]

    @property
    def text(self) -> str:
        """All that is spoken."""
        return " ".join(say.text or "" for say in self.document.iter("Say"))

    def link(self, verb: str, attribute: str | None = None) -> str:
        """Return the URL of the first such verb: of its attribute, or its text."""
        found = next(self.document.iter(verb))
        return found.attrib[attribute] if attribute else (found.text or "").strip()

    def links(self) -> Iterator[str]:
        """Yield every URL of ours in the document."""
        for verb in self.document.iter():
            yield from (verb.attrib[name] for name in LINK_ATTRIBUTES if verb.attrib.get(name))
            if verb.tag in ("Redirect", "Play"):
                yield (verb.text or "").strip()


@dataclass
class Telephone:
    """The carrier's side of the line."""

    services: Services
    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = create_app(self.services)

    @property
    def base(self) -> str:
        """Where the line lives, as its settings say."""
        return self.services.config.public_base_url

    def url(self, hook: str) -> str:
        """Return the address of a hook, or the address itself."""
        return hook if hook.startswith("http") else f"{self.base}/ivr/{hook}"

    def form(self, sid: str, status: str = "in-progress", **more: str) -> dict[str, str]:
        """Return what the carrier sends with every request of a call."""
        known = {
            "CallSid": sid,
            "AccountSid": self.services.config.carrier.account_sid,
            "From": CITIZEN,
            "Caller": CITIZEN,
            "To": self.services.config.helpline_number,
            "CallStatus": status,
            "ApiVersion": "2010-04-01",
            "Direction": "inbound",
        }
        return known | dict.fromkeys(BLANKS, "") | more

    def post(self, hook: str, form: dict[str, str], *, keep: bool = True) -> Answer:
        """Send a signed request."""
        url = self.url(hook).split("#", 1)[0]
        if keep:
            self.sent.append((url, form))
        token = self.services.config.carrier.auth_tokens[0]
        signature = sign(token, url, form.items())
        return self.send(url, list(form.items()), {"X-Twilio-Signature": signature})

    def send(
        self,
        url: str,
        params: Sequence[tuple[str, str]],
        headers: dict[str, str],
        method: str = "POST",
    ) -> Answer:
        """Send a request as it is."""
        environ = environ_of(Request(method, url, tuple(params), headers))
        caught: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(
            self.app(environ, lambda status, headers, info=None: caught.append((status, headers)))
        )
        status, sent = caught[-1]
        types = [value for name, value in sent if name.lower() == "content-type"]
        return Answer(int(status.split()[0]), types[0] if types else "", body)

    def dial(self, **more: str) -> tuple[str, Answer]:
        """A citizen calls; return the sid and what is heard first."""
        sid = f"CA{uuid.uuid4().hex}"
        return sid, self.post("voice", self.form(sid, "ringing", **more))

    def press(self, sid: str, answer: Answer, digits: str) -> Answer:
        """Press a key at the Gather of a document."""
        return self.post(answer.link("Gather", "action"), self.form(sid, Digits=digits))

    def follow(self, sid: str, answer: Answer) -> Answer:
        """Go on where the document redirects."""
        return self.post(answer.link("Redirect"), self.form(sid))

    def queue(self) -> tuple[str, Answer]:
        """Dial, press 5 and hear the wait; return the sid and the waiting document."""
        sid, greeting = self.dial()
        queued = self.press(sid, greeting, "5")
        return sid, self.wait(sid, queued.link("Enqueue", "waitUrl"))

    def wait(self, sid: str, url: str, seconds: int = 0) -> Answer:
        """Ask for what a waiting caller hears."""
        return self.post(
            url,
            self.form(sid, QueuePosition="1", QueueSid="QU" + "1" * 32, QueueTime=str(seconds)),
        )


def hook_of(url: str) -> str:
    """Return the hook that a link of ours leads to."""
    return urlsplit(url).path.removeprefix("/ivr/")
