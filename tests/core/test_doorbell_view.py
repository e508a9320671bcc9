"""What Redis says of the doorbell is shown; what it does not say breaks nothing."""

import uuid
from datetime import UTC, datetime, timedelta

import redis
from rq import SimpleWorker

from core.doorbell_view import look
from core.work import QUEUES, RqWork


def test_queues_and_workers(valkey: str) -> None:
    work = RqWork(valkey)
    work.ring("callbacks", "nowhere.job", uuid.uuid4())
    work.close()
    with redis.Redis.from_url(valkey) as client:
        worker = SimpleWorker(["orders"], connection=client)
        worker.register_birth()
        now = datetime.now(UTC)
        seen = look(valkey, now)
        later = look(valkey, now + timedelta(minutes=2))
        worker.register_death()
    assert seen is not None
    assert [(queue.name, queue.waiting) for queue in seen.queues] == [
        (name, int(name == "callbacks")) for name in QUEUES
    ]
    assert [(one.queues, one.is_silent) for one in seen.workers] == [("orders", False)]
    assert later is not None
    assert [one.is_silent for one in later.workers] == [True]
    assert seen.memory_bytes > 0


def test_redis_away() -> None:
    assert look(None, datetime.now(UTC)) is None
    assert look("redis://127.0.0.1:1/0", datetime.now(UTC)) is None
