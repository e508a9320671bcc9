"""The content policy lets a page do what it needs and nothing else."""

import pytest

from core.web.headers import (
    TWILIO_CONNECT,
    content_security_policy,
    security_headers,
    softphone_sources,
)


def _directives(policy: str) -> dict[str, list[str]]:
    parts = [part.split() for part in policy.split("; ")]
    return {name: sources for name, *sources in parts}


def test_nothing_inline_and_nothing_foreign() -> None:
    policy = content_security_policy()
    assert "unsafe" not in policy
    directives = _directives(policy)
    assert directives["script-src"] == ["'self'"]
    assert directives["style-src"] == ["'self'"]
    assert directives["connect-src"] == ["'self'"]
    assert directives["frame-ancestors"] == ["'none'"]


@pytest.mark.parametrize("url", ["https://api.twilio.com", "https://api.dublin.ie1.twilio.com"])
def test_the_carriers_own_edges_for_the_carrier(url: str) -> None:
    assert softphone_sources(url) == TWILIO_CONNECT


def test_a_stand_in_is_reached_where_it_is() -> None:
    sources = softphone_sources("http://127.0.0.1:8121")
    assert "ws://127.0.0.1:8121" in sources
    assert not any("twilio" in source for source in sources)


def test_another_host_that_only_looks_like_the_carriers_is_not_taken_for_it() -> None:
    assert softphone_sources("https://twilio.com.example.net") != TWILIO_CONNECT


def test_https_is_insisted_on_only_where_it_is_spoken() -> None:
    assert "Strict-Transport-Security" in security_headers("", over_https=True)
    assert "Strict-Transport-Security" not in security_headers("", over_https=False)
    assert security_headers("", over_https=False)["Permissions-Policy"].startswith(
        "microphone=(self)"
    )
