"""What fields of bodies may hold, and how a bad one is named. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer

_LINE_MARKS = "\n\r\t"


@dataclass(frozen=True)
class Fault:
    """One bad field: where (dotted path) and what it may be. Never what was sent."""

    field: str
    message: str


class Body(BaseModel):
    """A request's body: no member that is not described."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class AnswerBody(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(frozen=True)


class Nothing(Body):
    """A body that says nothing: `{}` or empty."""


def rfc3339(moment: datetime) -> str:
    """Return a moment as the API writes it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


def _clean(text: str) -> str:
    if any(ord(mark) < 32 and mark not in _LINE_MARKS for mark in text) or "\x7f" in text:
        raise ValueError("must hold no control characters")
    return text


Text = Annotated[str, AfterValidator(_clean)]
