"""Reads the numbers that carriers and people write: who calls, whom we may dial, how it is shown.

Rule: nothing raises. What can't be read is a kind of its own, because a caller whose number is
withheld or malformed is queued like any other. Withheld forms: the carrier's words and its older
keypad numbers (reference: Twilio on withheld caller ids).
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from core.special_numbers import SpecialNumber, find_special

CallerKind = Literal[
    "mobile", "fixed", "personal", "voip", "toll_free", "premium", "uan", "special", "foreign",
    "client", "sip", "withheld", "malformed",
]  # fmt: skip

RAW_LENGTH_MAX = 256  # nothing longer is a number or an address of a telephone
KOREA = 82

WITHHELD_WORDS = (
    "anonymous", "unknown", "unavailable", "restricted", "private", "blocked", "withheld",
    "표시제한", "번호제한", "발신제한",
)  # fmt: skip
# Words typed on a keypad: ANONYMOUS, UNAVAILABLE, UNKNOWN, BLOCKED, RESTRICTED.
WITHHELD_DIGITS = frozenset({"266696687", "86282452253", "8656696", "2562533", "7378742833"})

_KINDS: dict[int, CallerKind] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "premium",
    PhoneNumberType.UAN: "uan",
}
_DIALLABLE = frozenset({"mobile", "fixed", "personal", "voip"})


@dataclass(frozen=True)
class Caller:
    """Who a carrier says is calling.

    e164: set when a whole telephone number was given; never for withheld, malformed, special
    (a service's number stands for many people), client and sip.
    """

    kind: CallerKind
    e164: str | None


@dataclass(frozen=True)
class Allowed:
    """The number may be dialled. e164: how to dial it."""

    e164: str


@dataclass(frozen=True)
class Refused:
    """The number may not be dialled.

    reason: emergency, special, premium, foreign, business, withheld or malformed.
    """

    reason: str


def classify_caller(raw: str | None) -> Caller:
    """Return the kind of caller behind `raw` (the carrier's `From`), whatever was sent."""
    text = _tidied(raw)
    if text is None:
        return Caller("malformed", None)
    if _is_withheld(text):
        return Caller("withheld", None)
    if text.startswith("client:"):
        return Caller("client", None)
    if text.startswith(("sip:", "sips:")):
        return Caller("sip", None)
    return _classify_number(text.removeprefix("tel:"))


def special_number(raw: str) -> SpecialNumber | None:
    """Return the service that `raw` reaches (02-120, +82-2-120, 109, ...), or None."""
    text = _tidied(raw) or ""
    if any(mark.isalpha() for mark in text):
        return None
    return find_special(_national_digits(text))


def may_dial(e164: str) -> Allowed | Refused:
    """Say whether we may ring `e164` of our own accord; a person's Korean line, nothing else.

    Services, premium and foreign numbers are refused, and so are businesses' 15xx and 080: they
    are nobody's own telephone.
    """
    caller = classify_caller(e164)
    if caller.kind in _DIALLABLE and caller.e164 is not None:
        return Allowed(caller.e164)
    if caller.kind == "special":
        special = special_number(e164)
        return Refused("emergency" if special and special.kind == "emergency" else "special")
    if caller.kind in {"uan", "toll_free"}:
        return Refused("business")
    if caller.kind in {"premium", "foreign", "withheld"}:
        return Refused(caller.kind)
    return Refused("malformed")


def mask(e164: str) -> str:
    """Return `e164` as screens show it: 010-****-5678, 02-****-7800, +1-****-1234."""
    number = _parsed(e164)
    if number is None:
        return "****"
    last = str(number.national_number)[-4:].rjust(4, "*")
    if number.country_code != KOREA:
        return f"+{number.country_code}-****-{last}"
    groups = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL).split("-")
    if len(groups) == 2:
        return f"{groups[0]}-****"
    return f"{groups[0]}-****-{last}" if len(groups) > 2 else "****"


def _tidied(raw: str | None) -> str | None:
    """Return `raw` trimmed, lower-case, its width and composition folded; None if hopeless."""
    text = (raw or "").strip()
    if len(text) > RAW_LENGTH_MAX:
        return None
    folded = unicodedata.normalize("NFKC", text).strip().lower()
    visible = "".join(mark for mark in folded if unicodedata.category(mark) != "Cf")
    if any(unicodedata.category(mark) in {"Cc", "Cs"} for mark in visible):
        return None
    return visible


def _is_withheld(text: str) -> bool:
    if not text or any(word in text.replace(" ", "") for word in WITHHELD_WORDS):
        return True
    return text.removeprefix("+") in WITHHELD_DIGITS


def _classify_number(text: str) -> Caller:
    if any(mark.isalpha() for mark in text):
        return Caller("malformed", None)
    if find_special(_national_digits(text)) is not None:
        return Caller("special", None)
    number = _parsed(text)
    if number is None:
        return Caller("malformed", None)
    if number.country_code != KOREA:
        return Caller("foreign", _e164(number))
    kind = _KINDS.get(phonenumbers.number_type(number))
    if kind is None:
        return Caller("malformed", None)
    return Caller(kind, _e164(number))


def _parsed(text: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, "KR")
    except NumberParseException:
        return None
    if number.country_code == KOREA:
        return number if phonenumbers.is_valid_number(number) else None
    # Other countries' plans change faster than the tables: a possible length is enough.
    return number if phonenumbers.is_possible_number(number) else None


def _e164(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _national_digits(text: str) -> str:
    digits = "".join(str(unicodedata.decimal(mark)) for mark in text if mark.isdecimal())
    for prefix in ("0082", "00182", "00282"):
        if digits.startswith(prefix):
            return digits.removeprefix(prefix)
    if text.startswith("+"):
        return digits.removeprefix("82") if digits.startswith("82") else ""
    return digits
