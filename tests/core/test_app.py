"""The house as a whole: every door opens, every start that must be refused is."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from app import create_app
from core.database import Database
from core.log import JsonFormatter
from core.services import Services
from tests.core.test_config import PRODUCTION

ROOT = Path(__file__).resolve().parents[2]


def run(program: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program],
        env={"PATH": os.environ["PATH"], **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_house_opens(services: Services) -> None:
    client = create_app(services).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/login").status_code == 200
    assert client.get("/no/such/page").status_code == 404


def test_a_request_is_logged_without_what_was_asked(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "core.request_log"):
        create_app(services).test_client().get("/login?number=01012345678")
    (record,) = [r for r in caplog.records if r.name == "core.request_log"]
    told = json.loads(JsonFormatter().format(record))
    assert (told["event"], told["route"], told["status"]) == ("request", "/login", 200)
    assert "1234" not in json.dumps(told)


def test_a_body_past_the_limit_is_refused(services: Services) -> None:
    answer = create_app(services).test_client().post("/ivr/voice", data=b"x" * 1_000_001)
    assert answer.status_code in (403, 413)


@pytest.mark.parametrize("program", [["app.py"], ["app.py", "web"], ["worker.py"]])
def test_production_starts_on_no_default(program: list[str], tmp_path: Path) -> None:
    refused = run(program, {"HELPLINE_ENV": "production", "HELPLINE_VAR": str(tmp_path)})
    assert refused.returncode == 2
    for name in PRODUCTION.keys() - {"HELPLINE_ENV"}:
        assert f"- {name} " in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_command_on_no_settings_is_told_what_is_missing_and_nothing_else() -> None:
    ended = run(
        ["-m", "flask", "--app", "app", "roster", "import", "x.csv"],
        {"HELPLINE_ENV": "production"},
    )
    assert ended.returncode == 1
    assert "DATA_KEYS" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("program", [["app.py", "web"], ["worker.py"]])
def test_production_refuses_an_old_schema(
    program: list[str], database: Database, database_url: str
) -> None:
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    refused = run(program, PRODUCTION | {"DATABASE_URL": database_url})
    assert refused.returncode == 2
    assert "make migrate" in refused.stderr


def test_migrate_brings_a_database_to_shape(database_url: str, tmp_path: Path) -> None:
    environ = {"DATABASE_URL": database_url, "HELPLINE_VAR": str(tmp_path)}
    assert run(["app.py", "migrate"], environ).returncode == 0


def test_an_unknown_command_is_told_the_known_ones() -> None:
    assert "web|migrate" in run(["app.py", "dance"], {}).stderr
