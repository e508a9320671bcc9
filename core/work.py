"""Wakes the worker. Redis carries only which row to look at; PostgreSQL says what is to be done.

A ring may be lost at any moment: the sweep finds every due row again. So ringing never raises and
never holds up a turn of a call.
"""

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from core.log import event_log

log = event_log(__name__)

QUEUES = ("orders", "callbacks", "reports")  # most urgent first
RING_SECONDS_MAX = 0.1  # for one exchange with Redis; a ring takes two at most
REST_SECONDS = 1.0  # Redis is left alone for this long after it failed
WAITING_SECONDS_MAX = 60  # a ring that nobody answered by then is void: the sweep rang again
JOB_SECONDS_MAX = 60


class Work(Protocol):
    """Rings for work that a row in PostgreSQL describes."""

    def ring(self, queue: str, job: str, subject_id: UUID) -> None:
        """Ask that `job` (dotted path of a function of one text) be run soon for `subject_id`.

        queue: one of QUEUES. Never raises; a lost ring costs one sweep.
        """
        ...


class RqWork:
    """Rings through RQ.

    Each ring has its own job id: with the row's id alone, a ring during a run of the same job
    would vanish with that run's result, and one stuck in a dead worker would block all later.
    """

    def __init__(self, url: str, on_failure: Callable[[], None] = lambda: None) -> None:
        self._redis = connect(url, RING_SECONDS_MAX)
        self._queues = {
            name: Queue(name, connection=self._redis, serializer=JSONSerializer) for name in QUEUES
        }
        self._on_failure = on_failure
        self._rest_until = 0.0

    def ring(self, queue: str, job: str, subject_id: UUID) -> None:
        """Enqueue `job` for `subject_id`, or count the failure and return."""
        if time.monotonic() < self._rest_until:
            self._on_failure()
            return
        try:
            self._queues[queue].enqueue_call(
                job,
                args=(str(subject_id),),
                job_id=f"{job.replace('.', '-')}-{subject_id}-{uuid.uuid4().hex[:8]}",
                timeout=JOB_SECONDS_MAX,
                result_ttl=0,
                failure_ttl=WAITING_SECONDS_MAX,
                ttl=WAITING_SECONDS_MAX,
                description=job,
            )
        except (redis.RedisError, OSError) as error:
            self._rest_until = time.monotonic() + REST_SECONDS
            self._on_failure()
            log.warning("doorbell_failed", job=job, error=type(error).__name__)

    def close(self) -> None:
        """Close the connections to Redis."""
        self._redis.close()


def connect(url: str, seconds_max: float) -> "redis.Redis":
    """Return a client that waits at most `seconds_max` for one exchange and tries it once."""
    patience: dict[str, Any] = {"socket_timeout": seconds_max}
    if not url.startswith("unix:"):
        patience |= {"socket_connect_timeout": seconds_max, "socket_keepalive": True}
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **patience)


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring, as it was made."""

    queue: str
    job: str
    subject_id: UUID


class InlineWork:
    """Keeps rings until `carry_out`: one process does all the work, when it chooses to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rings: list[Ring] = []

    def ring(self, queue: str, job: str, subject_id: UUID) -> None:
        """Keep the ring. Raises KeyError for a queue that no worker serves."""
        if queue not in QUEUES:
            raise KeyError(f"There is no queue {queue!r}; the queues are {QUEUES}.")
        with self._lock:
            self._rings.append(Ring(queue, job, subject_id))

    def close(self) -> None:
        """Nothing is open."""

    @property
    def rings(self) -> Sequence[Ring]:
        """What was rung and not yet carried out, oldest first."""
        return tuple(self._rings)

    def take(self) -> Sequence[Ring]:
        """Return the kept rings, most urgent queue first, and forget them: a worker's pick, or
        what an emptied Redis loses."""
        with self._lock:
            taken, self._rings = self._rings, []
        return sorted(taken, key=lambda ring: QUEUES.index(ring.queue))

    def carry_out(self) -> int:
        """Run every kept ring's job as a worker would; return how many were run."""
        taken = self.take()
        for ring in taken:
            module, name = ring.job.rsplit(".", 1)
            getattr(import_module(module), name)(str(ring.subject_id))
        return len(taken)
