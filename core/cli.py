"""The edge at the command line: `flask --app app access-log verify`."""

import click
from flask.cli import AppGroup

from core import audit
from core.services import services

access_log = AppGroup("access-log", help="Who saw personal data.")


@access_log.command("verify")
def verify() -> None:
    """Recompute the access log's chain; exit 1 where a row was changed, removed or added."""
    held = services()
    with held.database.transaction() as session:
        verdict = audit.verify(session, held.sealer)
    if verdict.whole:
        click.echo(f"whole: {verdict.entries} entries")
        return
    place = f"at entry {verdict.broken_at}" if verdict.broken_at else "at its end"
    click.echo(f"BROKEN {place}: the log was changed outside this program.", err=True)
    raise SystemExit(1)
