"""Sends prepared requests over kept-alive connections, several at once, and takes the time."""

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

from simulator.signature import sign

CONNECTIONS = 8


def prepare(token: str, url: str, params: Sequence[tuple[str, str]]) -> bytes:
    """The bytes of a signed webhook, so that no time is spent on them while measuring."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    body = urlencode(params).encode()
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        "User-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        f"X-Twilio-Signature: {sign(token, url, params)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send_all(port: int, requests: Sequence[bytes]) -> tuple[float, list[bytes]]:
    """Send every request, CONNECTIONS at a time; seconds it took, and the bodies in order.

    Raises RuntimeError at the first answer that is not 200.
    """
    shares = [range(start, len(requests), CONNECTIONS) for start in range(CONNECTIONS)]
    bodies: list[bytes] = [b""] * len(requests)

    def work(share: range) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in share:
                bodies[number] = _exchange(connection, requests[number])

    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(work, shares))
    return time.perf_counter() - began, bodies


def _exchange(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"an answer was not 200: {head[:200]!r}")
    length = _content_length(head)
    while len(body) < length:
        body += _more(connection)
    return body


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise RuntimeError("the server closed the connection")
    return received


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
