"""Percentiles and lines of print. Pure, but for the printing."""

import math
import sys
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0-1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(name: str, seconds: Sequence[float]) -> str:
    """One line: p50, p99 and the largest, in milliseconds."""
    shares = (0.5, 0.99, 1.0)
    p50, p99, most = (1000 * percentile(seconds, share) for share in shares)
    return f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, most {most:.1f} ms (n={len(seconds)})"


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
