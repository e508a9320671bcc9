"""`python -m simulator`: one exchange on this machine, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from simulator.server import serve_until
from simulator.settings import Settings, from_environment


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve_until(settings, stop)


def main() -> int:
    """Read the environment and serve; 2 when a setting is malformed or the port is taken."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(_main(from_environment(os.environ)))
    except (ValueError, OSError) as why:
        sys.stderr.write(f"The simulator cannot start: {why}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
