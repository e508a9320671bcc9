"""What is kept of a torture that found something: the journal, the kills, the tables, as text."""

from collections.abc import Iterable
from pathlib import Path

from simulator.journal import Entry, WebhookAnswered
from tests.torture.killer import Told
from tests.torture.windows import Watch

TABLES = (
    "calls",
    "call_events",
    "offers",
    "sessions",
    "orders",
    "promises",
    "promise_tries",
    "presences",
    "inbox",
)


def write(directory: Path, journal: Iterable[Entry], told: Told, watch: Watch) -> None:
    """Write journal.txt (kills among its entries, in order) and a file for each table."""
    lines = [(entry.at, _line(entry)) for entry in journal]
    lines += [(kill.at, f"KILLED {kill}") for kill in told.kills]
    lines += [(at, f"OUTAGE {kind}") for at, kind in told.outages]
    ordered = sorted(lines, key=lambda line: line[0])
    text = "\n".join(f"{at:%H:%M:%S.%f} {line}" for at, line in ordered)
    (directory / "journal.txt").write_text(text, encoding="utf-8")
    for table in TABLES:
        rows = watch.rows(f"SELECT t::text FROM {table} t")
        content = "\n".join(row[0] for row in rows)
        (directory / f"{table}.txt").write_text(content, encoding="utf-8")


def _line(entry: Entry) -> str:
    if isinstance(entry, WebhookAnswered):
        body = " ".join(entry.body.split())[:600]
        return f"WebhookAnswered {entry.webhook_id} {entry.status} {entry.failure} {body}"
    return repr(entry).replace("datetime.datetime", "")
