"""What a process stands on, put together once: settings, limits, database, clock, seals, bells."""

from dataclasses import dataclass

from flask import current_app, has_app_context

from core.clock import Clock, WallClock
from core.config import Config
from core.database import Database
from core.live import Live, PgLive
from core.metrics import Metrics
from core.policy import Policy, load_policy
from core.sealing import Sealer
from core.work import RqWork, Work

EXTENSION = "services"
_installed: "Services | None" = None


class NotInstalled(RuntimeError):
    """A job asked for the services before the process put them together: call install first."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything an edge hands inward. Adapters are chosen here and nowhere else."""

    config: Config
    policy: Policy
    database: Database
    clock: Clock
    sealer: Sealer
    work: Work
    live: Live
    metrics: Metrics


def build_services(config: Config) -> Services:
    """Return the services of a real process. Nothing is connected or started yet.

    config: must name a database and a Redis (core/defaults.py fills in the embedded ones).
    """
    if config.database_url is None or config.redis_url is None:
        raise NotInstalled("DATABASE_URL and REDIS_URL must be set for a process of its own.")
    metrics = Metrics()
    return Services(
        config=config,
        policy=load_policy(config.policy_path),
        database=Database(config.database_url),
        clock=WallClock(),
        sealer=Sealer(config.data_keys),
        work=RqWork(config.redis_url, metrics.doorbell_failures.inc),
        live=PgLive(config.database_url),
        metrics=metrics,
    )


def install(services: Services | None) -> None:
    """Make `services` the process's own, for jobs, which have no Flask app; None takes it away."""
    global _installed
    _installed = services


def services() -> Services:
    """Return the current app's services, else the process's. Raises NotInstalled."""
    if has_app_context():
        held: Services = current_app.extensions[EXTENSION]
        return held
    if _installed is None:
        raise NotInstalled(NotInstalled.__doc__)
    return _installed
