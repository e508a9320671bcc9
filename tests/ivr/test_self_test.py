"""The check at the start finds what would keep the carrier out, over real sockets."""

import dataclasses
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.serving import make_server

from app import create_app
from core.services import Services
from ivr import self_test
from ivr.models import InboxEntry
from tests.stranger import free_port

Wsgi = Callable[..., Any]


@contextmanager
def served(app: Wsgi, port: int) -> Iterator[None]:
    """Serve `app` on this machine."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def at(services: Services, port: int, api_base_url: str = "http://127.0.0.1:9") -> Services:
    """Return the services of a line that is reached at this port."""
    carrier = dataclasses.replace(services.config.carrier, api_base_url=api_base_url)
    config = dataclasses.replace(
        services.config, public_base_url=f"http://127.0.0.1:{port}", carrier=carrier
    )
    return dataclasses.replace(services, config=config)


def says(status: str, body: bytes, content_type: str) -> Wsgi:
    """Return a server that always answers the same."""

    def answer(_environ: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def rewriting(app: Wsgi) -> Wsgi:
    """Return a proxy that decodes the query on its way, as some do."""

    def passed_on(environ: dict[str, Any], start_response: Callable[..., object]) -> Any:
        target = str(environ["REQUEST_URI"]).replace("%2B", "+")
        return app(environ | {"REQUEST_URI": target}, start_response)

    return passed_on


def test_our_own_address_lets_us_in_and_stores_nothing(services: Services) -> None:
    port = free_port()
    held = at(services, port)
    with served(create_app(held), port):
        token = held.config.carrier.auth_tokens[0]
        assert self_test.check_address(held.config.public_base_url, token) == self_test.WELL
    with held.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(InboxEntry)) == 0


def test_a_wrong_token_and_a_rewriting_proxy_are_told(services: Services) -> None:
    port = free_port()
    held = at(services, port)
    base_url, token = held.config.public_base_url, held.config.carrier.auth_tokens[0]
    with served(create_app(held), port):
        assert self_test.check_address(base_url, "another") == self_test.UNSIGNED
    with served(rewriting(create_app(held)), port):
        assert self_test.check_address(base_url, token) == self_test.UNSIGNED


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        ("200 OK", b"<h1>Welcome to nginx!</h1>", "text/html"),
        ("200 OK", b"<Response><Say>Hi</Say></Response>", "text/xml"),
        ("301 Moved", b"", "text/html"),
        ("403 Forbidden", b"no", "text/html"),
    ],
)
def test_somebody_else_at_our_address_is_told(status: str, body: bytes, content_type: str) -> None:
    port = free_port()
    with served(says(status, body, content_type), port):
        found = self_test.check_address(f"http://127.0.0.1:{port}", "token")
    assert found == self_test.SOMEBODY_ELSE


def test_nobody_at_our_address_is_told() -> None:
    found = self_test.check_address(f"http://127.0.0.1:{free_port()}", "token")
    assert found == self_test.UNREACHABLE


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        ("200 OK", b'{"calls": [], "next_page_uri": null}', self_test.WELL),
        ("401 Unauthorized", b'{"code": 20003, "message": "Authenticate"}', self_test.WRONG_TOKEN),
        ("500 Oops", b"{}", self_test.CARRIER_AWAY),
        ("200 OK", b"<h1>Hotel wifi</h1>", self_test.CARRIER_AWAY),
    ],
)
def test_the_account_is_tried(
    services: Services, status: str, body: bytes, found: self_test.Finding
) -> None:
    port = free_port()
    held = at(services, 9, f"http://127.0.0.1:{port}")
    with served(says(status, body, "application/json"), port):
        assert self_test.check_account(held) == found


def test_the_log_and_the_metrics_say_what_is_wrong_without_the_token(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    held = at(services, port, f"http://127.0.0.1:{port}")
    with served(says("200 OK", b"{}", "application/json"), port):
        assert not self_test.run(held, pause_seconds=0)
    page = held.metrics.page().decode()
    assert 'helpline_self_test{check="address"} 0.0' in page
    ours = [record for record in caplog.records if record.name == "ivr.self_test"]
    said = " ".join(str(record.__dict__) for record in ours)
    assert "self_test_failed" in said
    assert held.config.carrier.auth_tokens[0] not in said
