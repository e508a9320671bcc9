"""Holds the board and the reports against what happened, at some hours of each day."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import partial

from simulator.kernel import VirtualKernel
from simulator.people import Caller
from tests.simulation.office import SEOUL, Office
from tests.simulation.plan import Plan
from tests.simulation.promise_holds import CLOCK_WRONG_MAX
from tests.simulation.report_recount import Seen

HOURS = (10.9, 19.3, 23.9)
"""Of each day from the start."""
HOURS_A_DAY = 24.0
LOOKS_MAX, AGAIN_SECONDS = 12, 7.0
"""At a report in whose very seconds somebody comes or goes."""


class Looks:
    """Looks at board and reports. wrongs: where they differ from what happened.

    made, skipped, put_off: how often a report was held against that, or could not be, at last or
    yet.
    """

    def __init__(
        self,
        plan: Plan,
        kernel: VirtualKernel,
        office: Office,
        seen: Callable[[], Seen],
        callers: Callable[[], Sequence[Caller]],
    ) -> None:
        """seen, callers: what happened so far, and to whom."""
        self.wrongs: list[str] = []
        self.made = self.skipped = self.put_off = 0
        self._plan = plan
        self._kernel = kernel
        self._office = office
        self._seen = seen
        self._callers = callers

    def plan_all(self) -> None:
        """Look at each of HOURS of each day to come."""
        for day in range(1 + int(self._plan.hours // HOURS_A_DAY)):
            for hour in HOURS:
                at = (day * HOURS_A_DAY + hour) * 3600
                self._kernel.at(at, partial(self.look, LOOKS_MAX))

    def look(self, looks: int = 1) -> None:
        """Look once; lost words make most figures uncertain.

        looks: at a report, before it is left alone because somebody always comes or goes.
        """
        office, seen, callers, now = self._office, self._seen(), self._callers(), self._kernel.now()
        if self._plan.faults.kinds():
            days = self._all_days()
            self._blame(office.wrongs_of_reports_under_faults(days, seen, callers, now))
            return
        self._blame(office.wrongs_of_board(seen, callers, now))
        self._count(office.wrongs_of_unrecorded(seen, now))
        for day in self._latest_days():
            self._look_at_report(day, looks)

    def _look_at_report(self, day: date, looks: int) -> None:
        now = self._kernel.now()
        wrongs = self._office.wrongs_of_report(day, self._seen(), self._callers(), now)
        if wrongs is not None or looks <= 1:
            self._count(wrongs)
            return
        self.put_off += 1
        self._kernel.at(AGAIN_SECONDS, partial(self._look_at_report, day, looks - 1))

    def _count(self, wrongs: Sequence[str] | None) -> None:
        """Count a comparison, or, without wrongs to tell of, that there was none."""
        self.made += wrongs is not None
        self.skipped += wrongs is None
        self._blame(wrongs or ())

    def _blame(self, wrongs: Iterable[str]) -> None:
        self.wrongs += [f"{self._kernel.now():%H:%M:%S} {wrong}" for wrong in wrongs]

    def _latest_days(self) -> list[date]:
        """Today, and the day before as it stands by now."""
        today = self._kernel.now().astimezone(SEOUL).date()
        before = today - timedelta(days=1)
        begun = self._plan.start.astimezone(SEOUL).date()
        return [today] if before < begun else [before, today]

    def _all_days(self) -> list[date]:
        """All days so far, and the one before where a clock that was set back may have been."""
        first = (self._plan.start - CLOCK_WRONG_MAX).astimezone(SEOUL).date()
        last = self._kernel.now().astimezone(SEOUL).date()
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]
