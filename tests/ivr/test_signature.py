"""The carrier's published vectors, and every way in which a framework spoils them."""

import pytest
from werkzeug.datastructures import MultiDict

from ivr.signature import SETTINGS, SIGNATURE, is_signed, raw_target
from simulator.signature import sign

T = "0123456789abcdef0123456789abcdef"
KOREAN = "/voice/incoming?lang=ko&n=%ED%95%9C+b%2Fc"
KOREAN_FORM = {
    "CallSid": "CA" + "1" * 32,
    "From": "+821012345678",
    "To": "+82212345678",
    "ToZip": "",
    "CallStatus": "ringing",
}
PUBLISHED_FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675310",
    "Digits": "1234",
    "From": "+14158675310",
    "To": "+18005551212",
}
BASE = "https://help.example"


def signed(
    signature: str | None,
    target: str = KOREAN,
    form: object = KOREAN_FORM,
    tokens: tuple[str, ...] = (T,),
    base: str = BASE,
    **headers: str,
) -> bool:
    sent = dict(headers) | ({SIGNATURE: signature} if signature is not None else {})
    return is_signed(base, target, form, sent, tokens)  # type: ignore[arg-type]


def test_the_carriers_own_vector() -> None:
    assert signed(
        "L/OH5YylLD5NRKLltdqwSvS0BnU=",
        "/myapp.php?foo=1&bar=2",
        PUBLISHED_FORM,
        ("12345",),
        "https://example.com",
    )


def test_korean_escapes_and_a_blank_parameter() -> None:
    assert signed("L1cJfpvT+ZyOaY1YFgsGlKoLtfI=")


def test_the_same_by_sha256_when_the_settings_header_says_so() -> None:
    value = "j0gltt6pWOU+hWC1w0QKyShOVFN9uEvNh/BpA1GQ83U="
    assert signed(value, **{SETTINGS: "key=SK1,algorithm=HMAC_SHA256"})
    assert not signed(value)
    assert not signed(value, **{SETTINGS: "nonsense"})


def test_a_get_signs_the_query_alone() -> None:
    target = f"{KOREAN}&CallSid=CA1&From=%2B8210"
    assert signed("xO9mLhbI8AF60PC1zXYtQyxpQfA=", target, {})


@pytest.mark.parametrize("tokens", [(T, "other"), ("other", T)])
def test_either_token_during_a_rotation(tokens: tuple[str, ...]) -> None:
    assert signed("L1cJfpvT+ZyOaY1YFgsGlKoLtfI=", tokens=tokens)


def test_a_token_that_is_not_ours() -> None:
    assert not signed("L1cJfpvT+ZyOaY1YFgsGlKoLtfI=", tokens=("other", "another"))


@pytest.mark.parametrize("value", [None, "", "x", "한글", "L1cJfpvT+ZyOaY1YFgsGlKoLtfI"])
def test_a_missing_or_broken_signature_is_a_no_and_never_an_error(value: str | None) -> None:
    assert not signed(value)


def test_one_changed_letter_anywhere_is_a_no() -> None:
    value = "L1cJfpvT+ZyOaY1YFgsGlKoLtfI="
    assert not signed(value, KOREAN.replace("b%2Fc", "b/c"))
    assert not signed(value, form=KOREAN_FORM | {"ToZip": "1"})
    assert not signed(value, form={k: v for k, v in KOREAN_FORM.items() if k != "CallStatus"})
    assert not signed(value, base="http://help.example")


@pytest.mark.parametrize(
    "target",
    [
        "/ivr/voice?a=d%2Fe",
        "/ivr/voice?a=%ED%95%9C",
        "/ivr/%7Evoice",
        "/ivr/voice?a=b+c%20d",
        "/ivr/voice?menu=a%26b",
        "/ivr/voice?x=&y=",
    ],
)
def test_the_raw_target_is_what_was_signed(target: str) -> None:
    environ = {"REQUEST_URI": target, "PATH_INFO": "/decoded", "QUERY_STRING": "spoilt"}
    assert raw_target(environ) == target
    assert raw_target({"RAW_URI": target}) == target
    value = sign(T, BASE + target, KOREAN_FORM.items())
    assert signed(value, raw_target(environ))


def test_without_a_raw_target_the_path_is_quoted_again() -> None:
    environ = {
        "PATH_INFO": "/ivr/한".encode().decode("latin-1"),
        "QUERY_STRING": "n=%ED%95%9C",
    }
    assert raw_target(environ) == "/ivr/%ED%95%9C?n=%ED%95%9C"
    assert raw_target({"REQUEST_URI": "http://proxy/ivr/x", "PATH_INFO": "/ivr/x"}) == "/ivr/x"


def test_repeated_names_are_checked_as_the_carrier_signs_them() -> None:
    form = MultiDict([("a", "2"), ("a", "1"), ("b", "")])
    value = sign(T, f"{BASE}/x", [("a", "2"), ("a", "1"), ("b", "")])
    assert signed(value, "/x", form)


def test_a_port_is_signed_or_not_as_the_carrier_pleases() -> None:
    with_port = "https://help.example:8443"
    assert signed(sign(T, f"{BASE}/x", KOREAN_FORM.items()), "/x", base=with_port)
    assert signed(sign(T, f"{BASE}/x", KOREAN_FORM.items()), "/x", base=BASE)


def test_a_body_hash_in_the_url_does_not_raise() -> None:
    assert not signed("x", f"/x?bodySHA256={'0' * 64}")
    assert not signed("x", "/x?bodySHA256=", "a body that is text")
