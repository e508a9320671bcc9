"""Connection overrides that a URL may carry in its fragment, such as `#rc=2&rp=all`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from simulator.transport import Failure, Outcome


@dataclass(frozen=True, slots=True)
class Overrides:
    """How one URL is tried: time limits in seconds, number of retries, and after what."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 15.0
    retries: int = 1
    retry_after: frozenset[str] = frozenset({"ct"})

    @property
    def timeout_seconds(self) -> float:
        """The limit for one try."""
        return min(self.read_seconds, self.total_seconds)

    def retried(self, outcome: Outcome) -> bool:
        """Whether this outcome is of a kind that the URL asked to retry."""
        kind = _kind(outcome)
        return kind in self.retry_after or ("all" in self.retry_after and kind != "")


def _kind(outcome: Outcome) -> str:
    if isinstance(outcome, Failure):
        return {"connect": "ct", "timeout": "rt"}.get(outcome.kind, "")
    return {4: "4xx", 5: "5xx"}.get(outcome.status // 100, "")


def _limited(text: str, low: int, high: int, default: int) -> int:
    return min(high, max(low, int(text))) if text.isdecimal() else default


def read_overrides(url: str) -> Overrides:
    """The overrides in the fragment of `url`; values out of range are brought into it."""
    fragment = url.partition("#")[2]
    if not fragment:
        return Overrides()
    given = dict(parse_qsl(fragment))
    return Overrides(
        connect_seconds=_limited(given.get("ct", ""), 100, 10_000, 5_000) / 1000,
        read_seconds=_limited(given.get("rt", ""), 100, 15_000, 15_000) / 1000,
        total_seconds=_limited(given.get("tt", ""), 100, 15_000, 15_000) / 1000,
        retries=_limited(given.get("rc", ""), 0, 5, 1),
        retry_after=frozenset(given.get("rp", "ct").split(",")),
    )
