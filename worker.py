"""The worker process: carries out what RQ rings for, and sweeps what was never rung.

Redis may come and go: each thread comes back by itself, and the sweep does what was missed.
"""

import os
import signal
import sys
import threading
import time

import redis
from prometheus_client import start_http_server
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from rq.worker import SimpleWorker

from app import refuse_old_schema
from core.config import ConfigError, load_config
from core.defaults import with_defaults
from core.log import event_log, set_up_logging
from core.schema import OldSchema
from core.services import Services, build_services, install
from core.work import QUEUES
from ivr.dispatcher import Dispatcher

log = event_log("worker")

# Four share all queues, most urgent first; one more keeps a place free for ringing people.
CREW = (QUEUES, QUEUES, QUEUES, QUEUES, QUEUES[:1])
LISTEN_SECONDS = 2  # between two looks whether to stop
REDIS_REST_SECONDS = 0.5
STOP_SECONDS_MAX = 3.0


class ThreadWorker(SimpleWorker):  # type: ignore[misc]  # rq is not typed whole
    """An RQ worker that lives in a thread: no fork, no signal handlers, no remote commands."""

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = REDIS_REST_SECONDS

    def _install_signal_handlers(self) -> None:
        """Leave signals to the main thread."""

    def subscribe(self) -> None:
        """Take no commands over Redis; whoever writes there must not steer us."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""

    def procline(self, message: str) -> None:
        """Leave the process its name; threads share it."""

    def stop_soon(self) -> None:
        """Take no further job."""
        self._stop_requested = True

    def dequeue_job_and_maintain_ttl(self, timeout, max_idle_time=None):  # type: ignore[no-untyped-def]
        """Return the next job, looking every LISTEN_SECONDS whether to stop; None then."""
        while not self._stop_requested:
            found = super().dequeue_job_and_maintain_ttl(timeout, LISTEN_SECONDS)
            if found is not None:
                return found
        return None


class Crew:
    """The worker's threads, one RQ worker each."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._stopping = threading.Event()
        self._current: dict[int, ThreadWorker] = {}
        self._threads = [
            threading.Thread(
                target=self._run, args=(seat, queues), name=f"crew-{seat}", daemon=True
            )
            for seat, queues in enumerate(CREW)
        ]

    def start(self) -> None:
        """Begin to carry out jobs."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let jobs in progress end, for STOP_SECONDS_MAX; what is cut is found by the sweep."""
        self._stopping.set()
        for worker in tuple(self._current.values()):
            worker.stop_soon()
        deadline = time.monotonic() + STOP_SECONDS_MAX
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self, seat: int, queues: tuple[str, ...]) -> None:
        told_away = False
        while not self._stopping.is_set():
            try:
                self._work(seat, queues)
                told_away = False
            except (redis.RedisError, OSError) as away:
                if not told_away:
                    log.warning("redis_away", seat=seat, error=type(away).__name__)
                told_away = True
            except Exception as error:
                log.error("crew_member_failed", error, seat=seat)
            self._stopping.wait(REDIS_REST_SECONDS)

    def _work(self, seat: int, queues: tuple[str, ...]) -> None:
        with redis.Redis.from_url(self._url) as connection:
            worker = ThreadWorker(
                list(queues),
                connection=connection,
                serializer=JSONSerializer,
                log_job_description=False,
                disable_default_exception_handler=False,
            )
            self._current[seat] = worker
            if not self._stopping.is_set():
                worker.work(logging_level="WARNING")


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    set_up_logging()
    try:
        config = load_config(with_defaults(os.environ))
        services = build_services(config)
        refuse_old_schema(services)
    except (ConfigError, OldSchema) as refused:
        sys.stderr.write(f"{refused}\n")
        return 2
    install(services)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    _run(services, config.redis_url or "", ended)
    return 0


def _run(services: Services, redis_url: str, ended: threading.Event) -> None:
    services.live.start()
    metrics_port = services.config.worker_metrics_port
    if metrics_port is not None:
        start_http_server(metrics_port, "127.0.0.1", services.metrics.registry)
    dispatcher, crew = Dispatcher(services, eager=False), Crew(redis_url)
    dispatcher.start()
    crew.start()
    log.info("worker_started", seats=len(CREW))
    while not ended.wait(1.0):
        pass
    crew.stop()
    dispatcher.stop()
    services.live.stop()
    log.info("worker_stopped")


if __name__ == "__main__":
    sys.exit(main())
