"""Signing in: lock-out counted one by one, idle and absolute ends, only hashes kept."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from core import sign_ins
from core.clock import SteppedClock
from core.database import Database
from core.models import Account, SignIn
from core.policy import Policy
from core.sign_ins import Opened, Refused, SignedIn
from tests.core.people import PASSWORD, add_account


def attempt(
    database: Database, clock: SteppedClock, policy: Policy, password: str, login: str = "kim"
) -> Opened | Refused:
    with database.transaction() as session:
        return sign_ins.sign_in(session, login, password, "token", clock.now(), policy)


def opened(database: Database, clock: SteppedClock, policy: Policy) -> Opened:
    found = attempt(database, clock, policy, PASSWORD)
    assert isinstance(found, Opened)
    return found


def find(database: Database, clock: SteppedClock, policy: Policy, secret: str) -> SignedIn | None:
    with database.transaction() as session:
        return sign_ins.find(session, secret, clock.now(), policy)


def test_the_secret_proves_who_it_is_and_is_not_stored(
    database: Database, clock: SteppedClock, policy: Policy
) -> None:
    add_account(database, clock)
    found = opened(database, clock, policy)
    who = find(database, clock, policy, found.secret)
    assert who is not None
    assert (who.login, who.role, who.kind) == ("kim", "counselor", "token")
    with database.transaction() as session:
        row = session.scalars(select(SignIn)).one()
    assert found.secret not in (row.digest, row.csrf)
    assert find(database, clock, policy, found.secret + "x") is None
    assert find(database, clock, policy, "\ud800") is None


def test_wrong_passwords_lock_and_the_lock_ends(
    database: Database, clock: SteppedClock, policy: Policy
) -> None:
    add_account(database, clock)
    for _ in range(policy.login_failures_max - 1):
        assert attempt(database, clock, policy, "wrong") == Refused("wrong")
    refused = attempt(database, clock, policy, "wrong")
    assert isinstance(refused, Refused)
    assert refused.reason == "locked"
    assert attempt(database, clock, policy, PASSWORD) == refused
    clock.step(policy.login_lock_seconds - 1)
    assert attempt(database, clock, policy, PASSWORD) == refused
    clock.step(1)
    assert isinstance(attempt(database, clock, policy, PASSWORD), Opened)


def test_a_right_password_forgets_the_failures(
    database: Database, clock: SteppedClock, policy: Policy
) -> None:
    add_account(database, clock)
    attempt(database, clock, policy, "wrong")
    opened(database, clock, policy)
    with database.transaction() as session:
        assert session.scalars(select(Account.failures)).one() == 0


def test_guesses_at_the_same_moment_are_all_counted(
    database: Database, clock: SteppedClock, policy: Policy
) -> None:
    add_account(database, clock)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: attempt(database, clock, policy, "wrong"), range(8)))
    reasons = [refused.reason for refused in found if isinstance(refused, Refused)]
    assert reasons.count("wrong") == policy.login_failures_max - 1
    assert reasons.count("locked") == 8 - reasons.count("wrong")


def test_unknown_logins_are_refused(
    database: Database, clock: SteppedClock, policy: Policy
) -> None:
    for login in ("nobody", "", "x" * 10_000, "a\x00b", "'; DROP TABLE accounts; --"):
        assert attempt(database, clock, policy, PASSWORD, login) == Refused("wrong")


def test_idle_ends_it_and_use_keeps_it(
    database: Database, clock: SteppedClock, policy: Policy
) -> None:
    add_account(database, clock)
    secret = opened(database, clock, policy).secret
    clock.step(policy.session_idle_seconds_max - 1)
    assert find(database, clock, policy, secret) is not None
    clock.step(policy.session_idle_seconds_max - 1)
    assert find(database, clock, policy, secret) is not None
    clock.step(policy.session_idle_seconds_max)
    assert find(database, clock, policy, secret) is None


def test_it_ends_absolutely_and_its_row_is_removed(
    database: Database, clock: SteppedClock, policy: Policy
) -> None:
    add_account(database, clock)
    secret = opened(database, clock, policy).secret
    for _ in range(policy.session_seconds_max // 1000):
        clock.step(1000)
        assert find(database, clock, policy, secret) is not None
    clock.step(policy.session_seconds_max % 1000)
    assert find(database, clock, policy, secret) is None
    with database.transaction() as session:
        assert sign_ins.remove_ended(session, clock.now(), 10) == 1


def test_signing_out_ends_one_and_end_all_ends_all(
    database: Database, clock: SteppedClock, policy: Policy
) -> None:
    account_id = add_account(database, clock)
    first, second = (opened(database, clock, policy).secret for _ in range(2))
    with database.transaction() as session:
        sign_ins.sign_out(session, first)
        sign_ins.sign_out(session, first)
    assert find(database, clock, policy, first) is None
    assert find(database, clock, policy, second) is not None
    with database.transaction() as session:
        sign_ins.end_all(session, account_id)
    assert find(database, clock, policy, second) is None
