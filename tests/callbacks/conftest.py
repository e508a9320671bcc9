"""A town for the tests of promises."""

from collections.abc import Iterator

import pytest

from core.services import Services, install
from tests.callbacks.town import Town
from tests.conftest import START


@pytest.fixture
def town(services: Services) -> Iterator[Town]:
    """Nobody yet, on a fresh database, Monday ten in the morning in Seoul."""
    yield Town(services, START)
    install(services)
