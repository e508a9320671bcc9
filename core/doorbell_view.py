"""What Redis says of the doorbell: queues, jobs that failed, workers and when they were heard.

Only shown: nothing rests on it, since every due row is found again without Redis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis
from rq import Queue, Worker
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from core.work import QUEUES, connect

LOOK_SECONDS_MAX = 0.5
WORKER_SILENT_SECONDS_MAX = 60.0


@dataclass(frozen=True)
class QueueView:
    """One queue: rings waiting, being answered, failed."""

    name: str
    waiting: int
    running: int
    failed: int


@dataclass(frozen=True)
class WorkerView:
    """One RQ worker as Redis knows it."""

    name: str
    state: str
    queues: str
    heard_at: datetime | None
    is_silent: bool


@dataclass(frozen=True)
class Doorbell:
    """All of it. memory_bytes: what Redis holds."""

    queues: Sequence[QueueView]
    workers: Sequence[WorkerView]
    memory_bytes: int


def look(url: str | None, now: datetime) -> Doorbell | None:
    """Ask Redis at `url`; None where it is away or not configured. Takes some 20 exchanges."""
    if url is None:
        return None
    try:
        with connect(url, LOOK_SECONDS_MAX) as client:
            return Doorbell(
                queues=[_queue(name, client) for name in QUEUES],
                workers=[_worker(worker, now) for worker in Worker.all(connection=client)],
                memory_bytes=int(client.info("memory")["used_memory"]),
            )
    except (redis.RedisError, OSError):
        return None


def _queue(name: str, client: "redis.Redis") -> QueueView:
    queue = Queue(name, connection=client, serializer=JSONSerializer)
    return QueueView(
        name=name,
        waiting=queue.count,
        running=len(StartedJobRegistry(queue=queue)),
        failed=len(FailedJobRegistry(queue=queue)),
    )


def _worker(worker: Worker, now: datetime) -> WorkerView:
    heard = worker.last_heartbeat
    heard = heard.replace(tzinfo=UTC) if heard and heard.tzinfo is None else heard
    silent_before = now - timedelta(seconds=WORKER_SILENT_SECONDS_MAX)
    return WorkerView(
        name=worker.name[:8],
        state=str(worker.get_state()),
        queues=", ".join(worker.queue_names()),
        heard_at=heard,
        is_silent=heard is None or heard < silent_before,
    )
