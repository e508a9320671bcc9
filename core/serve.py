"""Serves the web app by waitress: threads for calls, streams and people; a clean end."""

import functools
import signal
import socket
import sys

from flask import Flask
from waitress.server import create_server

from core.config import Config

THREADS = 48  # 36 may be held by event streams (core/streams.py); the rest answer the carrier
BODY_BYTES_MAX = 1_000_000  # beyond it the server itself answers 413
SWITCH_SECONDS = 0.0005
"""How long a busy thread keeps the interpreter from one whose database has answered. The default
(5 ms) is paid again at each of a turn's statements."""
CHANNEL_SECONDS_MAX = 30  # a silent connection is closed
UNHEARD_SECONDS_MAX = 10  # what a reader does not acknowledge by then ends the connection
STOP_SECONDS_MAX = 2  # for turns in progress; streams are cut, their pages come back


def serve(app: Flask, config: Config) -> None:
    """Listen on the configured address until SIGTERM or SIGINT, then end turns in progress.

    In production a proxy on this machine is believed about whom it speaks for; nobody else is.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    proxy = "127.0.0.1" if config.production else None
    server = create_server(
        app,
        host=config.host,
        port=config.port,
        threads=THREADS,
        max_request_body_size=BODY_BYTES_MAX,
        channel_timeout=CHANNEL_SECONDS_MAX,
        cleanup_interval=10,
        connection_limit=1000,
        backlog=1024,
        asyncore_use_poll=True,
        # A closed connection is noticed while a stream has nothing to send, too.
        channel_request_lookahead=1,
        clear_untrusted_proxy_headers=True,
        ident="",
        trusted_proxy=proxy,
        trusted_proxy_headers={"x-forwarded-for"} if proxy else set(),
    )
    # No argument of create_server; the servers of all addresses share what is set here.
    server.adj.socket_options = _socket_options()
    dispatcher = server.task_dispatcher
    # waitress calls it without a limit of ours when it ends
    shutdown = functools.partial(dispatcher.shutdown, timeout=STOP_SECONDS_MAX)
    dispatcher.shutdown = shutdown  # type: ignore[method-assign]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    server.run()


def _socket_options() -> list[tuple[int, int, int]]:
    """Return what each connection is set to: no delay, and an end when the other side is lost.

    Without the latter a laptop whose lid closed would seem to read its stream for minutes.
    """
    options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if sys.platform == "linux":
        limit_ms = UNHEARD_SECONDS_MAX * 1000
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit_ms))
    return options
