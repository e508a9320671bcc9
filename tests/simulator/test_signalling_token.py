"""Access tokens: those of the carrier's own library are understood, all others refused."""

import time

import pytest
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from simulator.signalling_token import TokenKeys, TokenRefusedError, mint, verify

KEYS = TokenKeys("AC" + "1" * 32, "SK" + "2" * 32, "secret" * 6)
OTHER_SECRET = TokenKeys(KEYS.account_sid, KEYS.key_sid, "another secret, also long enough")
OTHER_ACCOUNT = TokenKeys("AC" + "9" * 32, KEYS.key_sid, KEYS.key_secret)
NOW = 1_800_000_000


def of_the_library(keys: TokenKeys, incoming: bool) -> str:
    token = AccessToken(keys.account_sid, keys.key_sid, keys.key_secret, identity="lee", ttl=600)
    grant = VoiceGrant(outgoing_application_sid="AP" + "3" * 32, incoming_allow=incoming)
    token.add_grant(grant)
    return str(token.to_jwt())


@pytest.mark.parametrize("incoming", [True, False])
def test_a_token_of_the_carriers_library_is_understood(incoming: bool) -> None:
    grant = verify(KEYS, of_the_library(KEYS, incoming), int(time.time()))
    assert grant.identity == "lee"
    assert grant.incoming is incoming
    assert grant.application_sid == "AP" + "3" * 32


def test_our_own_token_comes_back_whole() -> None:
    grant = verify(KEYS, mint(KEYS, "phone_8225550120", NOW, 60), NOW + 59)
    assert (grant.identity, grant.expires, grant.incoming) == ("phone_8225550120", NOW + 60, True)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (None, 31204),
        ("", 31204),
        ("a.b", 31204),
        ("a.b.c", 31204),
        ("한.글.x", 31204),
        (mint(OTHER_SECRET, "lee", NOW), 31204),
        (mint(OTHER_ACCOUNT, "lee", NOW), 31201),
        (mint(KEYS, "", NOW), 31204),
        (mint(KEYS, "lee", NOW - 7200), 31205),
        (mint(KEYS, "lee", NOW + 60), 31204),
    ],
)
def test_what_is_refused_and_with_which_code(token: object, code: int) -> None:
    with pytest.raises(TokenRefusedError) as refused:
        verify(KEYS, token, NOW)
    assert refused.value.code == code


def test_a_changed_payload_is_refused() -> None:
    header, payload, signature = mint(KEYS, "lee", NOW).split(".")
    other = mint(KEYS, "kim", NOW).split(".")[1]
    with pytest.raises(TokenRefusedError):
        verify(KEYS, f"{header}.{other}.{signature}", NOW)
    assert verify(KEYS, f"{header}.{payload}.{signature}", NOW).identity == "lee"
