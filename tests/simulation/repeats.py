"""Holds that an event delivered twice is answered alike, and that the second time changes no row.

The answers to events of legs and rooms are empty each time: of them only the rows can tell.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import LiteralString

import psycopg

from simulator.transport import Outcome, Request, Response

REMEMBERED = 200
TAKEN = 200
TABLES: tuple[LiteralString, ...] = (
    "calls",
    "call_events",
    "offers",
    "sessions",
    "orders",
    "promises",
    "promise_tries",
)
"""With every column: a repeat is not even written down as heard."""
_EACH: LiteralString = ", ".join(
    f"(SELECT md5(string_agg(t::text, chr(10) ORDER BY t.id)) FROM {table} t)" for table in TABLES
)


def rows_of(watcher: psycopg.Connection) -> Sequence[str | None]:
    """Return one word for all rows of each table, in the order of TABLES; None for no rows."""
    words: Sequence[str | None] | None = watcher.execute(f"SELECT {_EACH}").fetchone()
    assert words is not None
    return words


class SameAnswers:
    """Remembers the last answers by their requests. wrongs: of whom two answers differ, or which
    tables a repeat changed."""

    def __init__(self, rows: Callable[[], Sequence[str | None]]) -> None:
        """rows: returns one word for each of TABLES, as it is stored now."""
        self.wrongs: list[str] = []
        self._rows = rows
        self._before: Sequence[str | None] | None = None
        self._answers: OrderedDict[int, tuple[Request, bytes]] = OrderedDict()

    def expect(self, request: Request) -> None:
        """Look at the rows before a request that was answered already."""
        self._before = self._rows() if self._answered(request) is not None else None

    def see(self, request: Request, outcome: Outcome) -> None:
        """Compare with an earlier delivery of this very request; failures say nothing."""
        if not isinstance(outcome, Response) or outcome.status != TAKEN:
            return
        body = self._answered(request)
        if body is None:
            self._answers[id(request)] = request, outcome.body
        else:
            self._compare(request, body, outcome.body)
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)

    def _answered(self, request: Request) -> bytes | None:
        held = self._answers.get(id(request))
        return held[1] if held is not None and held[0] is request else None

    def _compare(self, request: Request, body: bytes, again: bytes) -> None:
        named = f"{dict(request.params).get('CallSid', '')} {request.url}"
        if body != again:
            self.wrongs.append(f"two answers to one event: {named}")
        assert self._before is not None, "whoever was answered already was expected"
        words = zip(TABLES, self._before, self._rows(), strict=True)
        changed = [table for table, before, after in words if before != after]
        if changed:
            self.wrongs.append(f"a repeat changed {', '.join(changed)}: {named}")
