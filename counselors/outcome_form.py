"""Lays the outcome form out for the desk: which questions in which order, in one language. Pure.

Rule: the kind of call is asked first; a brief kind (a wrong number, a silent call) asks no more,
and what a session seldom turns on waits behind "more detail", so that writing takes under a minute.
"""

from typing import Any

from counselors.taxonomy import (
    BRIEF_OUTCOMES,
    FIELDS,
    NOTES_LENGTH_MAX,
    REFERRAL_STATES,
    RISK_REASON_LENGTH_MAX,
    TALKS,
    Field,
    Term,
)

#: Asked in this order; a field of the taxonomy that is not named here comes under more detail.
FIRST = ("contact_kind", "reasons", "main_reason", "risk", "risk_reason", "outcome", "referrals")
LAST = ("notes",)

#: What must be answered: of every call, and of a talk about somebody's trouble.
REQUIRED_ALWAYS = frozenset({"contact_kind", "outcome"})
REQUIRED_OF_TALKS = frozenset({"reasons", "main_reason", "risk"})

#: A yes or no beside the taxonomy's fields: a child needs a legal representative's consent.
UNDER_14 = "under_14"

LENGTHS_MAX = {"notes": NOTES_LENGTH_MAX, "risk_reason": RISK_REASON_LENGTH_MAX}


def outcome_form(language: str) -> dict[str, Any]:
    """Return the form as plain JSON values with labels in `language` (`ko` or `en`).

    fields: in the order of asking, each with name, shape (one, several, referrals, text, flag),
    label, required ("always", "talk" or ""), options, length_max and, for referrals, states.
    more: names of the fields behind "more detail". brief_kinds, talk_kinds: kinds of call that
    ask for nothing else, or for more.
    """
    by_name = {field.name: field for field in FIELDS}
    more = [name for name in by_name if name not in FIRST + LAST]
    order = [name for name in (*FIRST, *more, *LAST) if name in by_name]
    fields = [_asked(by_name[name], language) for name in order]
    fields.insert(len(fields) - len(LAST), _under_14(language))
    return {
        "fields": fields,
        "more": [*more, UNDER_14],
        "brief_kinds": sorted(BRIEF_OUTCOMES),
        "talk_kinds": sorted(TALKS),
    }


def _asked(field: Field, language: str) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "name": field.name,
        "shape": field.shape,
        "label": _label(field, language),
        "required": _required(field.name),
        "numeric": field.numeric,
        "options": _options(field.terms, language),
        "length_max": LENGTHS_MAX.get(field.name),
    }
    if field.shape == "referrals":
        asked["states"] = _options(REFERRAL_STATES, language)
    return asked


def _under_14(language: str) -> dict[str, Any]:
    label = "만 14세 미만입니다" if language == "ko" else "Under 14 years old"
    return {"name": UNDER_14, "shape": "flag", "label": label, "required": "", "options": []}


def _required(name: str) -> str:
    if name in REQUIRED_ALWAYS:
        return "always"
    return "talk" if name in REQUIRED_OF_TALKS else ""


def _options(terms: tuple[Term, ...], language: str) -> list[dict[str, str]]:
    return [{"code": term.code, "label": _label(term, language)} for term in terms]


def _label(spoken: Field | Term, language: str) -> str:
    if language == "ko":
        return spoken.ko
    # English labels are written small in the taxonomy, for running text.
    return spoken.en[:1].upper() + spoken.en[1:]
