"""Numbers: every form that carriers and people write, and nothing raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.phone_numbers import Allowed, Refused, classify_caller, mask, may_dial, special_number

KINDS = [
    ("+821012345678", "mobile", "+821012345678"),
    ("010-1234-5678", "mobile", "+821012345678"),
    ("０１０－１２３４－５６７８", "mobile", "+821012345678"),
    ("٠١٠١٢٣٤٥٦٧٨", "mobile", "+821012345678"),
    ("+82 010 1234 5678", "mobile", "+821012345678"),
    ("tel:+821012345678", "mobile", "+821012345678"),
    ("\u202e010-1234-5678\u200b", "mobile", "+821012345678"),
    ("02-2133-7800", "fixed", "+82221337800"),
    ("(02) 2133-7800", "fixed", "+82221337800"),
    ("0507-1234-5678", "personal", "+8250712345678"),
    ("0502-123-4567", "personal", "+825021234567"),
    ("070-1234-5678", "voip", "+827012345678"),
    ("080-123-4567", "toll_free", "+82801234567"),
    ("060-700-1234", "premium", "+82607001234"),
    ("1588-1234", "uan", "+8215881234"),
    ("+14155552671", "foreign", "+14155552671"),
    ("02-120", "special", None),
    ("+82-2-120", "special", None),
    ("+8202120", "special", None),
    ("+822120", "special", None),
    ("120", "special", None),
    ("119", "special", None),
    ("109", "special", None),
    ("+82109", "special", None),
    ("1393", "special", None),
    ("1577-0199", "special", None),
    ("client:counselor_1f", "client", None),
    ("sip:desk1@example.com", "sip", None),
    ("+82101234", "malformed", None),
    ("+1", "malformed", None),
    ("+31120", "malformed", None),
    ("1-800-FLOWERS", "malformed", None),
    ("010\x001234-5678", "malformed", None),
    ("9" * 65_536, "malformed", None),
    ("\ud800", "malformed", None),
    ("; DROP TABLE calls", "malformed", None),
]

WITHHELD = [
    None, "", "   ", "anonymous", "Anonymous", "client:Anonymous",
    "sip:anonymous@anonymous.invalid", "unknown", "Unavailable", "RESTRICTED", "private",
    "blocked", "withheld", "발신번호표시제한",
    "발신 번호 표시 제한", "+266696687", "266696687", "+86282452253", "+8656696", "+2562533",
    "+7378742833",
]  # fmt: skip


@pytest.mark.parametrize(("raw", "kind", "e164"), KINDS)
def test_kinds(raw: str, kind: str, e164: str | None) -> None:
    caller = classify_caller(raw)
    assert (caller.kind, caller.e164) == (kind, e164)


@pytest.mark.parametrize("raw", WITHHELD)
def test_withheld_callers_have_no_number(raw: str | None) -> None:
    caller = classify_caller(raw)
    assert (caller.kind, caller.e164) == ("withheld", None)


@given(st.text(alphabet=st.characters(), max_size=300))
def test_nothing_raises(raw: str) -> None:
    caller = classify_caller(raw)
    assert caller.e164 is None or caller.e164.startswith("+")
    mask(raw)
    special_number(raw)
    assert isinstance(may_dial(raw), Allowed | Refused)


@given(st.text(alphabet="+0123456789-() ", max_size=20))
def test_an_e164_reads_as_itself(raw: str) -> None:
    caller = classify_caller(raw)
    if caller.e164 is not None:
        assert classify_caller(caller.e164) == caller


@pytest.mark.parametrize(
    ("e164", "reason"),
    [
        ("+82119", "emergency"),
        ("+82112", "emergency"),
        ("+82109", "special"),
        ("+822120", "special"),
        ("+8215770199", "special"),
        ("+8215881234", "business"),
        ("+82801234567", "business"),
        ("+82607001234", "premium"),
        ("+14155552671", "foreign"),
        ("anonymous", "withheld"),
        ("client:x", "malformed"),
        ("+82101234", "malformed"),
    ],
)
def test_what_is_not_a_persons_line_is_never_dialled(e164: str, reason: str) -> None:
    assert may_dial(e164) == Refused(reason)


@pytest.mark.parametrize("e164", ["+821012345678", "+82221337800", "+8250712345678"])
def test_a_persons_line_may_be_dialled(e164: str) -> None:
    assert may_dial(e164) == Allowed(e164)


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+821012345678", "010-****-5678"),
        ("+82221337800", "02-****-7800"),
        ("+8215881234", "1588-****"),
        ("+14155552671", "+1-****-2671"),
        ("rubbish", "****"),
    ],
)
def test_masks(e164: str, shown: str) -> None:
    assert mask(e164) == shown


def test_the_services_name() -> None:
    special = special_number("+82-2-120")
    assert special is not None
    assert (special.number, special.kind) == ("120", "public")
    assert special_number("010-1234-5678") is None
