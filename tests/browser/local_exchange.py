"""The exchange with its phones page in a thread of its own, for tests that drive a browser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.simulator.phone_exchange import Answers, RunningExchange, running

_START_SECONDS_MAX = 10


@contextmanager
def exchange_in_thread(answers: Answers, port: int = 0) -> Iterator[RunningExchange]:
    """Run an exchange whose line gives `answers` while the block lasts; port 0 is any."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    ready = threading.Event()
    held: list[RunningExchange] = []

    async def serve() -> None:
        async with running(answers, port) as exchange:
            held.append(exchange)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    try:
        assert ready.wait(_START_SECONDS_MAX), "the exchange did not start"
        yield held[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_START_SECONDS_MAX)
        loop.close()
