"""The signature against published and independently computed vectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from simulator.signature import sign, signed_url

TOKEN = "0123456789abcdef0123456789abcdef"
KOREAN = "https://help.example/voice/incoming?lang=ko&n=%ED%95%9C+b%2Fc"
VECTORS = [
    (
        "https://example.com/myapp.php?foo=1&bar=2",
        {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675310",
            "Digits": "1234",
            "From": "+14158675310",
            "To": "+18005551212",
        },
        "12345",
        "L/OH5YylLD5NRKLltdqwSvS0BnU=",
    ),
    (
        KOREAN,
        {
            "CallSid": "CA" + "1" * 32,
            "From": "+821012345678",
            "To": "+82212345678",
            "ToZip": "",
            "CallStatus": "ringing",
        },
        TOKEN,
        "L1cJfpvT+ZyOaY1YFgsGlKoLtfI=",
    ),
    (KOREAN + "&CallSid=CA1&From=%2B8210", {}, TOKEN, "xO9mLhbI8AF60PC1zXYtQyxpQfA="),
]


@pytest.mark.parametrize(("url", "params", "token", "expected"), VECTORS)
def test_known_vectors(url: str, params: dict[str, str], token: str, expected: str) -> None:
    assert sign(token, url, params.items()) == expected


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://a.example:8443/x?y=1#rc=2", "https://a.example/x?y=1"),
        ("http://a.example:8120/x?", "http://a.example:8120/x?"),
        ("https://u:p@a.example:443/x", "https://a.example/x"),
        ("http://u:p@a.example:81/x%2Fy", "http://a.example:81/x%2Fy"),
    ],
)
def test_what_of_a_url_is_signed(url: str, signed: str) -> None:
    assert signed_url(url) == signed


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=8),
    st.sampled_from(["http://s.example:8120/a?b=%2F", "https://s.example/a", KOREAN]),
)
def test_the_carriers_own_library_accepts_it(params: dict[str, str], url: str) -> None:
    assert RequestValidator(TOKEN).validate(url, params, sign(TOKEN, url, params.items()))


def test_repeated_names_are_signed_as_the_library_checks_them() -> None:
    pairs = [("a", "2"), ("a", "1"), ("a", "2"), ("b", "")]
    signature = sign(TOKEN, "https://s.example/a", pairs)

    class Many(dict[str, str]):
        def getlist(self, name: str) -> list[str]:
            return [value for key, value in pairs if key == name]

    many = Many(pairs)
    assert RequestValidator(TOKEN).validate("https://s.example/a", many, signature)
