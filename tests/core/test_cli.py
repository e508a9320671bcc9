"""The command that checks the access log says whole or broken, and where."""

from flask import Flask
from sqlalchemy import text

from core.audit import Access, record
from core.cli import access_log
from core.services import EXTENSION, Services


def test_it_finds_a_changed_row(services: Services) -> None:
    app = Flask(__name__)
    app.extensions[EXTENSION] = services
    app.cli.add_command(access_log)
    seen = Access(services.clock.now(), None, "127.0.0.1", "reveal number", "calls:1", "이유")
    for _ in range(2):
        with services.database.transaction() as session:
            record(session, seen, services.sealer)
    whole = app.test_cli_runner().invoke(args=["access-log", "verify"])
    assert (whole.exit_code, whole.stdout) == (0, "whole: 2 entries\n")
    with services.database.transaction() as session:
        session.execute(text("ALTER TABLE access_log DISABLE TRIGGER ALL"))
        session.execute(text("UPDATE access_log SET subject = 'calls:2' WHERE id = 2"))
    broken = app.test_cli_runner().invoke(args=["access-log", "verify"])
    assert broken.exit_code == 1
    assert "at entry 2" in broken.stderr
