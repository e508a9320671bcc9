"""The edge at the command line: `flask --app app day-picture --date 2026-11-22 --out day.html`."""

from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from core import audit
from core.clock import SEOUL
from core.services import services
from core.web.languages import LANGUAGES
from supervision.day_page import Heading, page
from supervision.day_pages import limits_of
from supervision.day_records import picture_of
from supervision.figures import day_span

OUT = click.Path(path_type=Path, dir_okay=False, writable=True)


@click.command("day-picture")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Seoul day; today's if none")
@click.option("--out", type=OUT, required=True, help="the file to write")
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@with_appcontext
def day_picture(day: datetime | None, out: Path, language: str) -> None:
    """Write the picture of a day as one HTML file that opens without a server."""
    held = services()
    now = held.clock.now()
    chosen = day.date() if day is not None else now.astimezone(SEOUL).date()
    with held.database.transaction() as session:
        picture = picture_of(session, day_span(chosen), now, held.policy)
        read = audit.Access(
            at=now.astimezone(UTC),
            account_id=None,
            address="command line",
            action="read day picture",
            subject=f"days:{chosen}",
            reason=out.name,
        )
        audit.record(session, read, held.sealer)
    out.write_text(page(picture, Heading(limits_of(held.policy), language)), "utf-8")
    click.echo(f"{out}: {len(picture.calls)} calls, {len(picture.seats)} seats")
