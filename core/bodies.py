"""Reads JSON bodies strictly and says of each bad field what it may be; never a server's fault.

Refused beyond what JSON itself refuses: NaN and infinities, a member twice, lone surrogates,
control characters, depth and numbers past reason.
"""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.fields import Fault
from core.problems import Problem

BODY_BYTES_MAX = 100_000
_DEPTH_MAX = 20


Model = TypeVar("Model", bound=BaseModel)


def parse(raw: bytes) -> Any:
    """Return the JSON value of `raw`; an empty body is `{}`. Raises Problem 400 or 413."""
    if len(raw) > BODY_BYTES_MAX:
        raise Problem(413, "too-large", f"A body may hold {BODY_BYTES_MAX} bytes.")
    if not raw.strip():
        return {}
    try:
        value = json.loads(
            raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_members
        )
        _refuse_depth(value)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "malformed-json", "The body is not well-formed JSON.") from error
    return value


def validate(model: type[Model], value: Any) -> Model:
    """Return `value` as `model`. Raises Problem 422 that names each bad field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = tuple(_fault(found["loc"], found["msg"]) for found in error.errors())
        raise Problem(
            422, "invalid", "Some fields are wrong; each is named in errors.", faults
        ) from None


def _fault(place: Iterable[int | str], message: str) -> Fault:
    return Fault(".".join(str(step) for step in place) or "body", message)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member is named twice")
    return found


def _refuse_depth(value: Any) -> None:
    """Refuse nesting no body has, and text that UTF-8 can't carry (a lone surrogate)."""
    level = [value]
    for _ in range(_DEPTH_MAX):
        for item in level:
            if isinstance(item, str):
                item.encode("utf-8")
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise ValueError("nested too deep")


def _children(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return [*item.keys(), *item.values()]
    return item if isinstance(item, list) else []
