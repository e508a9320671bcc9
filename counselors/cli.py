"""The edge at the command line: `flask --app app roster import FILE.csv`."""

from pathlib import Path

import click
from flask.cli import AppGroup

from core.services import services
from counselors.roster import import_roster

roster = AppGroup("roster", help="The people who answer.")


@roster.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def import_file(file: Path) -> None:
    """Import the roster FILE (CSV); on any fault nothing is imported and each is named by line."""
    held = services()
    with held.database.transaction() as session:
        report = import_roster(session, file, held.clock.now())
    for fault in report.faults:
        click.echo(f"{file.name}:{fault.line}: {fault.column}: {fault.message}", err=True)
    if report.faults:
        click.echo("Nothing was imported. 아무것도 들이지 않았습니다.", err=True)
        raise SystemExit(1)
    click.echo(f"added {report.added}, changed {report.changed}, unchanged {report.unchanged}")
