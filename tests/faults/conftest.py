"""One machine with real processes for all fault tests, and the times that they measured."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.config import SIMULATED_SID
from tests.faults.carrier import ACCOUNT, Carrier
from tests.stranger import Stranger, free_port

_MEASURED: list[str] = []


@dataclass(frozen=True)
class House:
    """The running machine and the carrier that it talks to."""

    machine: Stranger
    carrier: Carrier


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """Real PostgreSQL, Valkey, web and worker; the carrier is the test."""
    port = free_port()
    carrier = Carrier(f"http://127.0.0.1:{port}")
    settings = {
        "PORT": str(port),
        "TWILIO_API_BASE_URL": carrier.url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": SIMULATED_SID,
    }
    with tempfile.TemporaryDirectory(prefix="helpline-faults-") as directory:
        machine = Stranger(Path(directory) / "var", settings)
        machine.port = port
        try:
            machine.start()
            yield House(machine, carrier)
        finally:
            machine.give_up()
            carrier.stop()


@pytest.fixture
def measured() -> Callable[[str, float], None]:
    """Note a time in seconds, for the summary at the end."""
    return lambda what, seconds: _MEASURED.append(f"{what}: {seconds:.2f} s")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    if _MEASURED:
        terminalreporter.section("measured under faults")
        for line in _MEASURED:
            terminalreporter.write_line(line)
