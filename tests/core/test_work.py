"""Ringing the worker: quick, never raising, one job for each ring."""

import socket
import time
import uuid
from pathlib import Path

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from core.work import InlineWork, RqWork

carried: list[str] = []


def job(subject_id: str) -> None:
    """Stands in for a room's job."""
    carried.append(subject_id)


JOB = f"{__name__}.job"


def waiting(url: str, queue: str) -> list[str]:
    with redis.Redis.from_url(url) as client:
        return Queue(queue, connection=client, serializer=JSONSerializer).job_ids


def test_every_ring_is_a_job_of_its_own(valkey: str) -> None:
    work, subject = RqWork(valkey), uuid.uuid4()
    work.ring("orders", JOB, subject)
    work.ring("orders", JOB, subject)
    ids = waiting(valkey, "orders")
    work.close()
    assert len(set(ids)) == 2
    assert all(str(subject) in each for each in ids)


def test_redis_is_given_only_an_identifier(valkey: str) -> None:
    work, subject = RqWork(valkey), uuid.uuid4()
    work.ring("callbacks", JOB, subject)
    work.close()
    with redis.Redis.from_url(valkey) as client:
        queue = Queue("callbacks", connection=client, serializer=JSONSerializer)
        (only,) = queue.jobs
        assert (only.func_name, only.args) == (JOB, [str(subject)])


def test_an_unanswered_ring_is_void_after_a_minute(valkey: str) -> None:
    work = RqWork(valkey)
    work.ring("orders", JOB, uuid.uuid4())
    work.close()
    with redis.Redis.from_url(valkey) as client:
        assert 0 < client.ttl(f"rq:job:{waiting(valkey, 'orders')[0]}") <= 60


def test_with_redis_gone_a_ring_is_counted_and_costs_nothing(tmp_path: Path) -> None:
    failures: list[None] = []
    work = RqWork(f"unix://{tmp_path}/nothing.sock", lambda: failures.append(None))
    began = time.monotonic()
    for _ in range(100):
        work.ring("orders", JOB, uuid.uuid4())
    assert time.monotonic() - began < 0.3
    assert len(failures) == 100


def test_with_redis_hanging_a_ring_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=8) as deaf:
        work = RqWork(f"redis://127.0.0.1:{deaf.getsockname()[1]}")
        began = time.monotonic()
        work.ring("orders", JOB, uuid.uuid4())
        assert time.monotonic() - began < 0.3
        work.close()


def test_after_a_rest_redis_is_asked_again(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[None] = []
    work = RqWork(valkey, lambda: failures.append(None))
    with redis.Redis.from_url(valkey) as client:
        client.config_set("maxmemory", "1")
        work.ring("orders", JOB, uuid.uuid4())
        client.config_set("maxmemory", "256mb")
    work.ring("orders", JOB, uuid.uuid4())
    assert len(failures) == 2
    monkeypatch.setattr("core.work.REST_SECONDS", 0.0)
    time.sleep(1.05)
    work.ring("orders", JOB, uuid.uuid4())
    work.close()
    assert len(failures) == 2
    assert len(waiting(valkey, "orders")) == 1


def test_inline_work_waits_until_it_is_carried_out() -> None:
    carried.clear()
    work, late, urgent = InlineWork(), uuid.uuid4(), uuid.uuid4()
    work.ring("reports", JOB, late)
    work.ring("orders", JOB, urgent)
    assert carried == []
    assert work.carry_out() == 2
    assert carried == [str(urgent), str(late)]
    assert work.carry_out() == 0


def test_inline_work_refuses_a_queue_nobody_serves() -> None:
    with pytest.raises(KeyError, match="no queue"):
        InlineWork().ring("misspelt", JOB, uuid.uuid4())
