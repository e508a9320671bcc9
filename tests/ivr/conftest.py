"""A stage of calls and counselors for the tests of this room."""

import pytest

from core.clock import SteppedClock
from core.database import Database
from core.policy import Policy
from core.services import Services
from tests.ivr.telephone import Telephone
from tests.routing.line_stage import Stage


@pytest.fixture
def stage(database: Database, clock: SteppedClock, policy: Policy) -> Stage:
    """An empty line on a fresh database."""
    return Stage(database, clock, policy)


@pytest.fixture
def phone(services: Services) -> Telephone:
    """A carrier that calls the whole application."""
    return Telephone(services)
