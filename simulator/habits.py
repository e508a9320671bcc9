"""What callers are like: shares and times, from which each draws their own."""

from dataclasses import dataclass, field

from simulator.handsets import RungHabits


@dataclass(frozen=True, slots=True)
class Habits:
    """What callers are like. Shares are probabilities; times in seconds.

    patience_seconds: mean of an exponential. talk_seconds: mean of a lognormal with talk_sigma
    (Brown et al. 2005 found lognormal service times). keeps_place: of those who hear the offer.
    leaves_at_worst: hangs up in the very second in which a counselor is rung, picks up or is
    joined. calls_again: of those who gave up; a talk that broke off is called about more often.
    """

    patience_seconds: float = 480.0
    talk_seconds: float = 1500.0
    talk_sigma: float = 0.6
    think_seconds: tuple[float, float] = (1.5, 6.0)
    withheld: float = 0.12
    leaves_in_menu: float = 0.02
    mis_keys: float = 0.06
    speaks_english: float = 0.03
    presses_nothing: float = 0.03
    presses_safety: float = 0.02
    hangs_up_first: float = 0.45
    asks_callback: float = 0.05
    keeps_place: float = 0.1
    mis_keys_number: float = 0.1
    other_number: float = 0.1
    leaves_in_dialogue: float = 0.05
    leaves_at_worst: float = 0.02
    calls_again: float = 0.15
    calls_again_when_cut: float = 0.8
    again_seconds: tuple[float, float] = (20.0, 900.0)
    rung: RungHabits = field(default_factory=RungHabits)
