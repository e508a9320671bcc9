"""A town for the tests of promises."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.services import Services, install
from tests.callbacks.town import Town
from tests.conftest import START


@pytest.fixture
def town(services: Services) -> Iterator[Town]:
    """Nobody yet, on a fresh database, Tuesday ten in the morning in Seoul; Monday is a holiday."""
    yield Town(services, START + timedelta(days=1))
    install(services)
