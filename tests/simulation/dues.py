"""When a tick can change something in the application: the others may be left out.

What time alone may change of a promise: a talk becomes due; one in the queue comes to the end of
the hours in which its citizen may be rung. All else that is done for promises follows an event.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import psycopg

from callbacks.schedule import RINGS_FOR
from core.clock import SEOUL
from core.policy import Policy
from tests.databases import plain

_ON_THE_LINE = """
    (o.state IN ('reaching', 'connected') OR o.state IN ('in_menu', 'waiting', 'offered')
        AND NOT starts_with(o.carrier_sid, 'to-be-rung-')
        AND NOT starts_with(o.carrier_sid, 'beside-'))
"""
_DUE = f"""
    SELECT
      least(
        (SELECT min(deadline) FROM offers WHERE state = 'open'),
        (SELECT min(deadline) FROM sessions WHERE state <> 'closed'),
        (SELECT min(deadline) FROM calls WHERE state NOT IN ('closed', 'wrapping')),
        (SELECT min(due_at) FROM orders WHERE state = 'due'),
        (SELECT min(lease_until) FROM orders WHERE state = 'sending'),
        (SELECT min(p.heard_at) + make_interval(secs => %s) FROM presences p
           JOIN counselors c ON c.id = p.counselor_id
          WHERE c.endpoint = 'browser' AND p.state = 'offered'),
        (SELECT min(p.next_at) FROM promises p JOIN citizens c ON c.id = p.citizen_id
          WHERE p.state = 'planned' AND p.purpose = 'talk' AND p.entry_call_id IS NULL
            AND NOT EXISTS (SELECT FROM calls o
                            WHERE o.number_index = c.number_index AND {_ON_THE_LINE}))
      ) AS at,
      EXISTS (SELECT FROM calls WHERE state = 'waiting')
        AND EXISTS (SELECT FROM presences WHERE status = 'ready' AND state = 'free')
      OR EXISTS (SELECT FROM promises p JOIN calls k ON k.id = p.entry_call_id
          WHERE p.state = 'planned' AND k.state NOT IN ('waiting', 'offered')
             OR p.state = 'calling' AND k.state = 'closed')
      OR EXISTS (SELECT FROM series s WHERE s.ended_at IS NULL AND NOT EXISTS
          (SELECT FROM promises p WHERE p.series_id = s.id
            AND p.state IN ('planned', 'calling', 'for_decision')))
      OR EXISTS (SELECT FROM calls k JOIN promises p ON p.entry_call_id = k.id
          JOIN citizens c ON c.id = p.citizen_id
          WHERE k.direction = 'outward' AND k.state IN ('waiting', 'offered', 'reaching')
            AND (p.state NOT IN ('planned', 'calling') OR c.do_not_call_at IS NOT NULL
                 OR NOT EXISTS (SELECT FROM consents n WHERE n.citizen_id = c.id
                     AND n.purpose = 'contact_by_phone' AND n.withdrawn_at IS NULL)
                 OR k.state <> 'reaching' AND EXISTS (SELECT FROM calls o WHERE o.id <> k.id
                     AND o.number_index = k.number_index AND {_ON_THE_LINE})))
        AS is_open,
      (SELECT jsonb_agg(c.windows) FROM calls k JOIN promises p ON p.entry_call_id = k.id
         JOIN citizens c ON c.id = p.citizen_id
        WHERE k.direction = 'outward' AND k.state IN ('waiting', 'offered')) AS windows
"""


@dataclass(frozen=True)
class Dues:
    """at: when something is overdue; None: nothing ever will be. is_open: any tick may change
    something: somebody waits while somebody is free (a rest over, a heartbeat, a skill waived), or
    a promise is not where its call is. windows: of the citizens whom we are about to call."""

    at: datetime | None
    is_open: bool
    windows: Sequence[Sequence[dict[str, Any]]] | None = None

    def next(self, after: datetime) -> datetime | None:
        """Return when a tick from `after` on may change something; None: none will."""
        if self.is_open:
            return after
        closes = None if self.windows is None else next_close(self.windows, after)
        moments = [moment for moment in (self.at, closes) if moment is not None]
        return max(min(moments), after) if moments else None

    def now(self, moment: datetime) -> bool:
        """Tell whether a tick at `moment` may change something."""
        return self.next(moment) == moment


def next_close(windows: Sequence[Sequence[dict[str, Any]]], after: datetime) -> datetime:
    """Return when next a telephone could ring out past the end of some allowed time.

    Quiet hours, days and hours tried end at a full hour; windows where they say.
    """
    said = {str(one["until"]) for each in windows for one in each}
    ends = {time(hour) for hour in range(24)} | {time.fromisoformat(end) for end in said}
    today = (after + RINGS_FOR).astimezone(SEOUL).date()
    moments = (
        datetime.combine(today + timedelta(days=day), end, SEOUL) - RINGS_FOR
        for day in range(2)
        for end in ends
    )
    return min(moment for moment in moments if moment >= after).astimezone(UTC)


class Watch:
    """A connection of the simulation's own that sees what is committed.

    It looks again only after a commit: nothing else changes what it sees.
    """

    def __init__(self, url: str, policy: Policy, written: Callable[[], int]) -> None:
        """written: how many commits of all processes have written something."""
        self._connection = psycopg.connect(plain(url), autocommit=True, prepare_threshold=0)
        self._unheard = policy.heartbeat_seconds_max
        self._written = written
        self._seen: tuple[int, Dues] | None = None

    def dues(self) -> Dues:
        """When a tick may change something, as the tables stand."""
        written = self._written()
        if self._seen is None or self._seen[0] != written:
            self._seen = written, self._look()
        return self._seen[1]

    def _look(self) -> Dues:
        row = self._connection.execute(_DUE, (self._unheard,)).fetchone()
        assert row is not None
        return Dues(row[0].astimezone(UTC) if row[0] else None, row[1], row[2])

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()
