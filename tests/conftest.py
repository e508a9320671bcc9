"""What every test may ask for: a fresh PostgreSQL database, an empty Valkey, a clock that waits.

Nothing of the developer's environment reaches a test, and no test reaches past this machine.
"""

import base64
import ipaddress
import os
import socket
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

OURS = ("DATABASE_", "REDIS_", "TWILIO_", "HELPLINE_", "PUBLIC_BASE_", "SIMULATOR_")
OUR_NAMES = ("SECRET_KEY", "DATA_KEYS", "PORT", "HOST")
for name in list(os.environ):
    if name.startswith(OURS) or name in OUR_NAMES:
        del os.environ[name]

from core.clock import SteppedClock  # noqa: E402 - the environment is emptied first
from core.config import Config, load_config  # noqa: E402
from core.database import Database  # noqa: E402
from core.embedded import EmbeddedPostgres, EmbeddedValkey  # noqa: E402
from core.live import StillLive  # noqa: E402
from core.metrics import Metrics  # noqa: E402
from core.policy import Policy, load_policy  # noqa: E402
from core.schema import upgrade  # noqa: E402
from core.sealing import Sealer  # noqa: E402
from core.services import Services, install  # noqa: E402
from core.work import InlineWork  # noqa: E402
from tests.databases import DATA_KEY, fresh, named, plain, throwaway_directory  # noqa: E402

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, ten in the morning in Seoul


class BeyondThisMachine(AssertionError):
    """A test tried to reach another machine. Give it a server on the loopback instead."""


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return address[0] in ("localhost", "")


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    for method in ("connect", "connect_ex"):
        real = getattr(socket.socket, method)

        def guarded(self: socket.socket, address: Any, real: Any = real) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address):
                raise BeyondThisMachine(f"a test connects to {address!r}")
            return real(self, address)

        patch.setattr(socket.socket, method, guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def servers_directory() -> Iterator[Path]:
    """A directory with a short name, since sockets live in it."""
    with throwaway_directory("helpline-test-") as directory:
        yield directory


@pytest.fixture(scope="session")
def postgres_url(servers_directory: Path) -> Iterator[str]:
    """The server's maintenance database: TEST_DATABASE_URL, else an embedded server."""
    configured = os.environ.get("TEST_DATABASE_URL")
    if configured:
        yield configured.replace("postgresql://", "postgresql+psycopg://", 1)
        return
    server = EmbeddedPostgres(servers_directory, durable=False)
    server.start()
    yield server.url("postgres")
    server.stop()


def _on_server(url: str, statement: str) -> None:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> Iterator[str]:
    """The name of a database built by the migrations, which each test gets a copy of."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    _on_server(postgres_url, f"CREATE DATABASE {name}")
    upgrade(named(postgres_url, name))
    yield name
    _on_server(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """The address of a fresh, migrated, empty database, dropped after the test."""
    with fresh(postgres_url, template_database) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated, empty database."""
    opened = Database(database_url, pool_size=5)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def _valkey_server(servers_directory: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(servers_directory)
    server.start()
    yield server
    server.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests share a worker and what it began for them, but for those marked `spread`."""
    for item in items:
        if item.get_closest_marker("spread") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(ROOT))))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI nothing may skip but what needs ../shared: any other skip is a failure there."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr)
        if "../shared" not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped in CI, where nothing but ../shared may be missing: {reason}"
    return report


@pytest.fixture
def valkey(_valkey_server: EmbeddedValkey) -> str:
    """The address of an empty Valkey, in redis-py form."""
    import redis

    with redis.Redis.from_url(_valkey_server.url()) as client:
        client.flushall()
    return _valkey_server.url()


@pytest.fixture
def clock() -> SteppedClock:
    """A clock that stands at Monday 2026-03-02 10:00 in Seoul until the test moves it."""
    return SteppedClock(START)


@pytest.fixture
def policy() -> Policy:
    """The policy as shipped, but that a busy test machine is no hung database."""
    return load_policy(turn_seconds_max=10.0)


@pytest.fixture
def config(database_url: str) -> Config:
    """A development configuration that names this test's database."""
    return load_config(
        {
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a test's cookie-signing key, long enough",
            "DATA_KEYS": base64.urlsafe_b64encode(DATA_KEY).decode(),
        }
    )


@pytest.fixture
def sealer() -> Sealer:
    """The seals of the tests' own key."""
    return Sealer((DATA_KEY,))


@pytest.fixture
def services(
    config: Config, database: Database, clock: SteppedClock, sealer: Sealer, policy: Policy
) -> Iterator[Services]:
    """Everything an edge stands on, with work and bells that wait to be carried out."""
    built = Services(
        config=config,
        policy=policy,
        database=database,
        clock=clock,
        sealer=sealer,
        work=InlineWork(),
        live=StillLive(),
        metrics=Metrics(),
    )
    install(built)
    yield built
    install(None)
