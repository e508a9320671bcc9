"""When a tick can change something in the application: the others may be left out."""

from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from core.policy import Policy

_DUE = """
    SELECT
      least(
        (SELECT min(deadline) FROM offers WHERE state = 'open'),
        (SELECT min(deadline) FROM sessions WHERE state <> 'closed'),
        (SELECT min(deadline) FROM calls WHERE state NOT IN ('closed', 'wrapping')),
        (SELECT min(due_at) FROM orders WHERE state = 'due'),
        (SELECT min(lease_until) FROM orders WHERE state = 'sending'),
        (SELECT min(p.heard_at) + make_interval(secs => %s) FROM presences p
           JOIN counselors c ON c.id = p.counselor_id
          WHERE c.endpoint = 'browser' AND p.state = 'offered')
      ) AS at,
      EXISTS (SELECT FROM calls WHERE state = 'waiting')
        AND EXISTS (SELECT FROM presences WHERE status = 'ready' AND state = 'free') AS may_match
"""


@dataclass(frozen=True)
class Dues:
    """at: when something is overdue; None: nothing ever will be. may_match: somebody waits while
    somebody is free, so that any tick may pair them (a rest over, a heartbeat, a skill waived)."""

    at: datetime | None
    may_match: bool

    def now(self, moment: datetime) -> bool:
        """Tell whether a tick at `moment` may change something."""
        return self.may_match or (self.at is not None and self.at <= moment)


class Watch:
    """A connection of the simulation's own that sees what is committed."""

    def __init__(self, url: str, policy: Policy) -> None:
        self._connection = psycopg.connect(
            url.replace("+psycopg", ""), autocommit=True, prepare_threshold=0
        )
        self._unheard = policy.heartbeat_seconds_max

    def dues(self) -> Dues:
        """When a tick may change something, as the tables stand."""
        row = self._connection.execute(_DUE, (self._unheard,)).fetchone()
        assert row is not None
        return Dues(row[0].astimezone(UTC) if row[0] else None, row[1])

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()
