"""One JSON line for each event, without personal data.

Events have static names and named fields. As a last net, whatever looks like a telephone number
is masked, and of exceptions that are not ours only type and place are kept, because their
messages may quote what they failed on.
"""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

_UUID = re.compile(
    r"([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?)"
)
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?:\+|%2[Bb])?\d(?:[-. ()/]{0,2}\d){8,}(?![0-9A-Za-z])")
_DIGIT = re.compile(r"\d")
_MASKED = "[number]"
_FRAMES_MAX = 12
_FIELDS = "fields"
_ROOMS = ("core", "citizens", "counselors", "routing", "callbacks", "ivr", "supervision")


def mask_numbers(text: str) -> str:
    """Return `text` with every run of nine or more digits masked; UUIDs and times are kept."""
    if _DIGIT.search(text) is None:  # as nearly always
        return text
    parts = _UUID.split(text)
    parts[::2] = [_NUMBER.sub(_MASKED, part) for part in parts[::2]]
    return "".join(parts)


def _safe(value: Any) -> Any:
    """Return a JSON value for `value`, numbers masked."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 100_000_000 else _MASKED
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _safe(item) for key, item in value.items()}
    return mask_numbers(str(value))


def _exception(error: BaseException) -> dict[str, Any]:
    told: dict[str, Any] = {"error": type(error).__qualname__}
    if type(error).__module__.split(".")[0] in _ROOMS:
        told["error_says"] = mask_numbers(str(error))[:300]
    sqlstate = getattr(getattr(error, "orig", error), "sqlstate", None)
    if sqlstate:
        told["sqlstate"] = str(sqlstate)
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
    told["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    if error.__cause__ is not None:
        told["cause"] = type(error.__cause__).__qualname__
    return told


class JsonFormatter(logging.Formatter):
    """Renders a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time, level, event, then the fields."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": _safe(record.getMessage()),
            "from": record.name,
        }
        line |= {name: _safe(value) for name, value in getattr(record, _FIELDS, {}).items()}
        if record.exc_info and record.exc_info[1] is not None:
            line |= _exception(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


class EventLog:
    """A logger that takes a static event name and named fields."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **fields: Any) -> None:
        """Log what happened in the ordinary way."""
        self._logger.info(event, extra={_FIELDS: fields})

    def warning(self, event: str, **fields: Any) -> None:
        """Log what went wrong and was mended, or will be tried again."""
        self._logger.warning(event, extra={_FIELDS: fields})

    def error(self, event: str, error: BaseException | None = None, **fields: Any) -> None:
        """Log what somebody should look at; `error` adds its type and place."""
        self._logger.error(event, exc_info=error, extra={_FIELDS: fields})


def event_log(name: str) -> EventLog:
    """Return the event log of a module: `log = event_log(__name__)`."""
    return EventLog(name)


def set_up_logging(level: int = logging.INFO) -> None:
    """Send every logger of this process through the one formatter to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("waitress.queue", "rq", "alembic", "twilio", "urllib3", "werkzeug"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
