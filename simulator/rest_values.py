"""What the REST face is made of: parameters, answers, errors, dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from simulator.callbacks import rfc2822

JSON = dict[str, Any]
API_VERSION: Final = "2010-04-01"
HOST_LETTERS: Final = re.compile(r"[A-Za-z0-9.\-\[\]:]+")


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """An HTTP status and a JSON body; None is an empty body."""

    status: int
    json: JSON | None = None


class RestError(Exception):
    """A refusal in the carrier's words and number."""

    def __init__(self, status: int, code: int, message: str) -> None:
        """status: HTTP; code: one of twilio.com/docs/api/errors."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> RestAnswer:
        """The error body."""
        body = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return RestAnswer(self.status, body)


def not_found(path: str) -> RestError:
    """The requested thing does not exist."""
    return RestError(404, 20404, f"The requested resource {path} was not found")


class Params:
    """Request parameters; names may repeat."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Hold `pairs` as they came."""
        self._pairs = tuple(pairs)

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._pairs)

    def get(self, name: str, default: str = "") -> str:
        """The last value of `name`, as the carrier takes it [I]."""
        values = self.all(name)
        return values[-1] if values else default

    def all(self, name: str) -> list[str]:
        """Every value of `name`."""
        return [value for key, value in self._pairs if key == name]

    def flag(self, name: str, default: bool = False) -> bool:
        """Anything but true is false [D]."""
        return self.get(name).strip().lower() == "true" if name in self else default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number in its range; 400 when it is none."""
        text = self.get(name)
        if not text:
            return default
        if not re.fullmatch(r"-?[0-9]+", text) or not low <= int(text) <= high:
            raise RestError(400, 20001, f"{name} must be a number from {low} to {high}")
        return int(text)

    def method(self, name: str, default: str = "POST") -> str:
        """GET or POST."""
        value = self.get(name, default).upper()
        if value not in ("GET", "POST"):
            raise RestError(400, 20001, f"{name} must be GET or POST")
        return value

    def url(self, name: str, code: int = 21205, required: bool = False) -> str:
        """An absolute URL; the carrier refuses relative ones and hosts with an underscore."""
        url = self.get(name)
        if not url and not required:
            return ""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        if parts.scheme not in ("http", "https") or not HOST_LETTERS.fullmatch(host):
            raise RestError(400, code, f"{name} is not a valid URL: {url}")
        return url


def date(moment: datetime | None) -> str | None:
    """A date as the carrier writes it, or None."""
    return rfc2822(moment) if moment is not None else None
