"""Strangers' requests are counted exactly, for an hour, under hashes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import func, select

from core.clock import SteppedClock
from core.database import Database
from core.models import RateMark
from core.rate_limit import may_ask, rate_key
from core.sealing import Sealer


def test_the_fifth_may_and_the_sixth_may_not_until_an_hour_has_passed(
    database: Database, clock: SteppedClock
) -> None:
    def ask(*keys: str) -> bool:
        with database.transaction() as session:
            return may_ask(session, keys, clock.now(), 5)

    assert [ask("a") for _ in range(6)] == [True] * 5 + [False]
    assert ask("b")
    assert not ask("b", "a")
    clock.step(timedelta(hours=1).total_seconds())
    assert ask("b", "a")
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(RateMark)) == 2


def test_two_at_once_do_not_pass_the_limit(database: Database, clock: SteppedClock) -> None:
    def ask(_: int) -> bool:
        with database.transaction() as session:
            return may_ask(session, ("x", "y"), clock.now(), 3)

    with ThreadPoolExecutor(8) as hands:
        assert sum(hands.map(ask, range(16))) == 3


def test_a_key_says_nothing_about_whom_it_counts(sealer: Sealer) -> None:
    key = rate_key(sealer, "number", "+821012345678")
    assert "5678" not in key
    assert key != rate_key(sealer, "address", "+821012345678")
