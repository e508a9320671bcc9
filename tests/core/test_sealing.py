"""Sealing: opens only where it was sealed, under any key still held, and shows nothing."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sealing import KeysWrong, Sealer, Unsealable

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
SEALER = Sealer((NEW, OLD))


@given(st.text(alphabet=st.characters(), max_size=200), st.text(max_size=20))
def test_what_is_sealed_opens_in_its_place(text: str, context: str) -> None:
    assert SEALER.unseal(SEALER.seal(text, context), context) == text


def test_lone_surrogates_survive() -> None:
    assert SEALER.unseal(SEALER.seal("\ud800", "c"), "c") == "\ud800"


def test_it_does_not_open_in_another_place() -> None:
    sealed = SEALER.seal("+821012345678", "calls.number")
    with pytest.raises(Unsealable):
        SEALER.unseal(sealed, "sessions.notes")


def test_every_changed_byte_is_noticed() -> None:
    sealed = SEALER.seal("+821012345678", "calls.number")
    for at in range(len(sealed)):
        damaged = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(Unsealable):
            SEALER.unseal(damaged, "calls.number")


@given(st.binary(max_size=80))
def test_garbage_is_refused_by_its_own_error(garbage: bytes) -> None:
    with pytest.raises(Unsealable):
        SEALER.unseal(garbage, "calls.number")


def test_two_sealings_differ_and_hide_the_text() -> None:
    first, second = SEALER.seal("01012345678", "c"), SEALER.seal("01012345678", "c")
    assert first != second
    assert b"01012345678" not in first


def test_rotation_the_newest_seals_and_all_open() -> None:
    before = Sealer((OLD,)).seal("note", "c")
    assert SEALER.unseal(before, "c") == "note"
    assert SEALER.stale(before)
    assert not SEALER.stale(SEALER.seal("note", "c"))
    with pytest.raises(Unsealable):
        Sealer((NEW,)).unseal(before, "c")


def test_index_is_keyed_stable_and_found_during_rotation() -> None:
    number = "+821012345678"
    assert SEALER.index(number) == Sealer((NEW,)).index(number)
    assert SEALER.index(number) != Sealer((OLD,)).index(number)
    assert Sealer((OLD,)).index(number) in SEALER.indexes(number)
    assert SEALER.index(number) != SEALER.index("+821012345679")


@pytest.mark.parametrize("keys", [(), (b"short",), (OLD, OLD), (os.urandom(33),)])
def test_wrong_keys_are_refused(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(KeysWrong):
        Sealer(keys)


def test_the_keys_do_not_show() -> None:
    assert repr(SEALER) == "Sealer(2 keys)"
