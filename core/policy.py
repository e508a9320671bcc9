"""The limits of the line: read from TOML, each with its unit in its name and its range checked."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

DEFAULTS = Path(__file__).with_name("policy.toml")

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class PolicyError(Exception):
    """The policy file is malformed. Each wrong limit is named with what it may be."""


class Policy(BaseModel):
    """Every limit, by name; `core/policy.toml` says what each is for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ring_seconds_max: Annotated[float, Field(ge=5, le=60)]
    join_seconds_max: Annotated[float, Field(ge=3, le=60)]
    reach_seconds_max: Annotated[float, Field(ge=10, le=120)]
    machine_seconds_max: Annotated[float, Field(ge=0, le=60)]
    decline_rest_seconds: Seconds
    wrap_seconds_max: Annotated[float, Field(ge=30, le=3600)]
    heartbeat_seconds_max: Annotated[float, Field(ge=5, le=120)]
    session_cue_seconds: tuple[int, ...]
    announce_seconds: Annotated[float, Field(ge=10, le=300)]
    wait_unheard_seconds_max: Annotated[float, Field(ge=30, le=3600)]
    estimate_talk_seconds: Seconds
    menu_seconds_max: Annotated[float, Field(ge=30, le=3600)]
    talk_check_seconds: Annotated[float, Field(ge=30, le=3600)]
    service_level_seconds: Annotated[float, Field(ge=1, le=600)]
    short_abandon_seconds: Annotated[float, Field(ge=0, le=60)]
    priority_step_seconds: Seconds
    skill_relax_seconds: Seconds
    language_relax_seconds: Seconds
    promise_seconds_max: Annotated[float, Field(ge=600, le=2_592_000)]
    form_per_hour_max: Annotated[int, Field(ge=1, le=1000)]
    turn_seconds_max: Annotated[float, Field(ge=0.2, le=10)]
    carrier_seconds_max: Annotated[float, Field(ge=0.1, le=15)]
    carrier_calls_per_second_max: Annotated[float, Field(gt=0, le=10_000)]
    order_tries_max: Annotated[int, Field(ge=1, le=20)]
    order_backoff_seconds: Annotated[float, Field(gt=0, le=60)]
    order_lease_seconds: Annotated[float, Field(ge=5, le=300)]
    sweep_seconds: Annotated[float, Field(ge=0.1, le=60)]
    session_idle_seconds_max: Annotated[int, Field(ge=60, le=86_400)]
    session_seconds_max: Annotated[int, Field(ge=300, le=86_400)]
    login_failures_max: Annotated[int, Field(ge=3, le=20)]
    login_lock_seconds: Annotated[int, Field(ge=60, le=86_400)]
    inbox_days_max: Annotated[int, Field(ge=2, le=365)]


def load_policy(override: Path | None = None, **changes: Any) -> Policy:
    """Read the defaults, then `override`, then `changes`.

    Raises PolicyError naming every unknown, missing or out-of-range limit at once.
    """
    values: dict[str, Any] = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    if override is not None:
        values |= _read(override)
    return _checked(values | changes)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PolicyError(f"HELPLINE_POLICY: {path} can't be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"HELPLINE_POLICY: {path} is not TOML: {error}") from error


def _checked(values: Mapping[str, Any]) -> Policy:
    try:
        return Policy.model_validate(values)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors()]
        raise PolicyError("; ".join(faults)) from error
