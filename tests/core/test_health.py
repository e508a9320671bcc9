"""What the machine's own watchers are told, and that nobody else is."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from core.database import Database
from core.health import blueprint
from core.services import EXTENSION, Services
from tests.wrong_clock import WrongClock


def client_of(services: Services) -> FlaskClient:
    app = Flask(__name__)
    app.extensions[EXTENSION] = services
    app.register_blueprint(blueprint)
    return app.test_client()


def test_a_live_process_says_so(services: Services) -> None:
    assert client_of(services).get("/healthz").get_json() == {"status": "alive"}


def test_ready_without_redis(services: Services, tmp_path: Path) -> None:
    gone = replace(services.config, redis_url=f"unix://{tmp_path}/gone.sock")
    answer = client_of(replace(services, config=gone)).get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ready",
        "database": "ok",
        "clock": "ok",
        "redis": "away",
    }


def test_ready_with_redis(services: Services, valkey: str) -> None:
    config = replace(services.config, redis_url=valkey)
    answer = client_of(replace(services, config=config)).get("/readyz")
    assert answer.get_json()["redis"] == "ok"


def test_not_ready_on_an_old_schema(services: Services) -> None:
    with services.database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    answer = client_of(services).get("/readyz")
    assert answer.status_code == 503
    assert "make migrate" in answer.get_json()["database"]


def test_not_ready_without_a_database(services: Services) -> None:
    away = Database("postgresql://nobody@/nowhere?host=/nonexistent")
    answer = client_of(replace(services, database=away)).get("/readyz")
    assert (answer.status_code, answer.get_json()["database"]) == (503, "away")


@pytest.mark.parametrize(
    ("off_by", "says"), [(0.0, "ok"), (1.5, "ok"), (20.0, "+2"), (-20.0, "-2"), (-1.5, "ok")]
)
def test_a_clock_of_the_machines_own_is_held_against_the_databases(
    services: Services, off_by: float, says: str
) -> None:
    answer = client_of(replace(services, clock=WrongClock(off_by))).get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ready")
    assert answer.get_json()["clock"].startswith(says)


def test_the_figures_are_in_the_form_prometheus_reads(services: Services) -> None:
    services.metrics.database_away.inc()
    page = client_of(services).get("/metrics")
    assert "helpline_database_away_total 1.0" in page.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
@pytest.mark.parametrize("address", ["203.0.113.9", "10.0.0.2", "", "::ffff:203.0.113.9"])
def test_hidden_from_other_machines(services: Services, path: str, address: str) -> None:
    answer = client_of(services).get(path, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 404


def test_hidden_behind_a_proxy_on_this_machine(services: Services) -> None:
    answer = client_of(services).get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.status_code == 404
