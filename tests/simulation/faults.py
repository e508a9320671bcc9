"""The kinds of fault a simulated stretch may hold, each with a rate of its own. Pure values.

Rates are per occasion (a webhook, a REST request, a commit) from 0 to 1, or, of what lasts for a
while, how many an hour. All are 0 by default, so that each can be switched on alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace


class UnknownFault(ValueError):
    """A fault was asked for by a name that is none; the message lists those there are."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How often what goes wrong.

    webhook_*: of the carrier's requests. answer_lost: the server did it and the answer never
    came. event_never_sent: the carrier forgets to tell of a leg's or a room's change. rest_*: of
    our requests to the carrier: not done, done and not told, done only after we gave up;
    rest_overtaken: done, but who asked stands still until another has taken the order over.
    killed_*, cut_*: at a commit that writes, the process dies or the connection breaks.
    disk_full, redis_gone, rest_away, clock_stepped: stretches an hour. ring_lost: of the
    doorbell's rings. second_process: 1 lets another web process run; it looks the line over in the
    middle of this share of the first one's commits.
    """

    webhook_duplicated: float = 0.0
    webhook_lost: float = 0.0
    webhook_delayed: float = 0.0
    webhook_reordered: float = 0.0
    answer_lost: float = 0.0
    event_never_sent: float = 0.0
    rest_slow: float = 0.0
    rest_failing: float = 0.0
    rest_failing_after: float = 0.0
    rest_overtaken: float = 0.0
    rest_away: float = 0.0
    killed_before_commit: float = 0.0
    killed_after_commit: float = 0.0
    cut_before_commit: float = 0.0
    cut_after_commit: float = 0.0
    disk_full: float = 0.0
    redis_gone: float = 0.0
    ring_lost: float = 0.0
    clock_stepped: float = 0.0
    second_process: float = 0.0

    def kinds(self) -> tuple[str, ...]:
        """Return the names of the kinds that are switched on."""
        return tuple(held.name for held in fields(self) if getattr(self, held.name) > 0)

    def only(self, kinds: Iterable[str]) -> "Faults":
        """Return the same rates for these kinds and 0 for the others."""
        return Faults(**{kind: getattr(self, kind) for kind in kinds})

    def without(self, kind: str) -> "Faults":
        """Return the same with one kind switched off."""
        return replace(self, **{kind: 0.0})


NONE = Faults()
ALL = Faults(
    webhook_duplicated=0.03,
    webhook_lost=0.01,
    webhook_delayed=0.02,
    webhook_reordered=0.05,
    answer_lost=0.01,
    event_never_sent=0.05,
    rest_slow=0.03,
    rest_failing=0.05,
    rest_failing_after=0.03,
    rest_overtaken=0.05,
    rest_away=2.0,
    killed_before_commit=0.003,
    killed_after_commit=0.003,
    cut_before_commit=0.005,
    cut_after_commit=0.005,
    disk_full=4.0,
    redis_gone=4.0,
    ring_lost=0.05,
    clock_stepped=4.0,
    second_process=0.05,
)


def read_faults(text: str) -> Faults:
    """Return the faults that a command line names: "none", "all", or kinds with commas between.

    A kind alone has the rate it has among all of them; "kind=0.2" gives it another.
    Raises UnknownFault.
    """
    if text in ("", "none"):
        return NONE
    if text == "all":
        return ALL
    rates: dict[str, float] = {}
    for word in text.split(","):
        kind, _, rate = word.strip().partition("=")
        if kind not in ALL.kinds():
            raise UnknownFault(f"{kind!r} is no fault; there are: all, {', '.join(ALL.kinds())}")
        rates[kind] = float(rate) if rate else getattr(ALL, kind)
    return Faults(**rates)


def written(faults: Faults) -> str:
    """Return the words that `read_faults` understands as these faults."""
    if faults == ALL:
        return "all"
    kinds = faults.kinds()
    return ",".join(_word(faults, kind) for kind in kinds) or "none"


def _word(faults: Faults, kind: str) -> str:
    rate = getattr(faults, kind)
    return kind if rate == getattr(ALL, kind) else f"{kind}={str(rate).removesuffix('.0')}"
