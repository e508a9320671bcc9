"""Passwords: only the right one matches, and nobody's takes as long as anybody's."""

import time
from statistics import median

from core.passwords import hash_password, is_outdated, matches

HASH = hash_password("correct horse battery")


def test_only_the_right_password_matches() -> None:
    assert matches(HASH, "correct horse battery")
    assert not matches(HASH, "correct horse batterY")
    assert not matches(None, "correct horse battery")
    assert not matches("not a hash", "correct horse battery")
    assert not matches(HASH, "\ud800")


def test_hashes_are_argon2id_and_salted() -> None:
    assert HASH.startswith("$argon2id$")
    assert hash_password("correct horse battery") != HASH
    assert not is_outdated(HASH)
    assert is_outdated(HASH.replace("t=2", "t=1"))


def test_an_unknown_login_costs_the_same_time() -> None:
    def seconds(password_hash: str | None) -> float:
        begun = time.perf_counter()
        matches(password_hash, "wrong")
        return time.perf_counter() - begun

    known = median(seconds(HASH) for _ in range(7))
    unknown = median(seconds(None) for _ in range(7))
    assert 0.4 < unknown / known < 2.5
