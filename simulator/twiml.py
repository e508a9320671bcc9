"""Reading what the server answered: TwiML, a sound file, plain text, or what is wrong with it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from simulator.transport import Failure, Outcome, Response

BODY_BYTES_MAX: Final = 64 * 1024
XML_TYPES: Final = frozenset({"text/xml", "application/xml", "text/html"})


class TwimlError(Exception):
    """A document that the carrier cannot fetch or run; `code` is the carrier's error number."""

    def __init__(self, code: int, message: str) -> None:
        """code: one of twilio.com/docs/api/errors; message: a sentence for whoever mends it."""
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Element:
    """A verb or noun: its name, attributes, text and children."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple[Element, ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """An attribute, or `default` when absent."""
        return self.attributes.get(name, default)

    def flag(self, name: str, default: bool = False) -> bool:
        """A true/false attribute; anything but "true" is false."""
        value = self.attributes.get(name)
        return default if value is None else value.strip().lower() == "true"

    def number(self, name: str, default: float, low: float = 0.0, high: float = 1e9) -> float:
        """A number attribute brought into its range; `default` when absent or malformed."""
        try:
            value = float(self.attributes[name])
        except (KeyError, ValueError):
            return default
        return min(high, max(low, value))


@dataclass(frozen=True, slots=True)
class Document:
    """What to run, and where it came from; url is empty for TwiML given inline by REST."""

    verbs: tuple[Element, ...]
    url: str = ""
    method: str = "POST"


def read_outcome(outcome: Outcome, url: str, method: str) -> Document:
    """The document in an HTTP outcome; raises TwimlError when there is none to run."""
    if isinstance(outcome, Failure):
        code = 11205 if outcome.kind == "connect" else 11200
        raise TwimlError(code, f"{url} did not answer: {outcome.kind}.")
    if outcome.status // 100 == 3:
        raise TwimlError(11215, f"{url} redirected too often.")
    if not 200 <= outcome.status < 300:
        raise TwimlError(11200, f"{url} answered {outcome.status}.")
    if len(outcome.body) > BODY_BYTES_MAX:
        raise TwimlError(11750, f"{url} answered more than 64 kB.")
    return _read_body(outcome, url, method)


def _read_body(response: Response, url: str, method: str) -> Document:
    header = response.headers.get("content-type", "")
    content_type = header.split(";", 1)[0].strip().lower()
    if content_type in XML_TYPES:
        return Document(parse(response.body), url, method)
    if content_type.startswith("audio/"):
        # The exchange does not keep the bytes; whoever renders the sound fetches it again.
        return Document((Element("Play", text=url),), url, method)
    if content_type == "text/plain":
        return Document(_read_plain(response.body), url, method)
    raise TwimlError(12300, f"{url} answered with content type {header!r}.")


def _read_plain(body: bytes) -> tuple[Element, ...]:
    try:
        return parse(body)
    except TwimlError:
        return (Element("Say", text=body.decode("utf-8", "replace").strip()),)


def parse(body: bytes | str) -> tuple[Element, ...]:
    """The verbs of a TwiML document; raises TwimlError 12100 when it is malformed."""
    try:
        root = ET.fromstring(body)
    except (ET.ParseError, ValueError) as why:
        raise TwimlError(12100, f"The document is not well-formed XML: {why}.") from why
    if root.tag != "Response":
        raise TwimlError(12100, f"The root element is <{root.tag}>, not <Response>.")
    return tuple(_element(child) for child in root)


def _element(node: ET.Element) -> Element:
    text = "".join(node.itertext()) if node.tag in ("Say", "prosody") else node.text or ""
    return Element(
        str(node.tag), node.attrib, text.strip(), tuple(_element(child) for child in node)
    )
