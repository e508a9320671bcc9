"""The outcome: the taxonomy's codes and no others, and what must go together."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from counselors import taxonomy
from counselors.outcome import Outcome, complete, faults, stored

TALK = {
    "contact_kind": "loneliness_talk",
    "outcome": "eased_closed",
    "main_reason": "loneliness",
    "risk": "none",
}
ENUMS = {
    field.name: taxonomy.codes(field.terms)
    for field in taxonomy.FIELDS
    if field.shape == "one" and not field.numeric
}


def wrong(said: dict[str, Any]) -> set[str]:
    """Return the names of the fields found wrong."""
    try:
        outcome = complete(Outcome.model_validate(said))
    except ValidationError as error:
        return {".".join(str(step) for step in found["loc"]) for found in error.errors()}
    return {fault.field for fault in faults(outcome)}


@pytest.mark.parametrize("kind", taxonomy.BRIEF_OUTCOMES)
def test_a_brief_kind_needs_nothing_else(kind: str) -> None:
    assert wrong({"contact_kind": kind}) == set()
    outcome = complete(Outcome(contact_kind=kind))
    assert stored(outcome)["outcome"] == taxonomy.BRIEF_OUTCOMES[kind]
    assert stored(outcome)["risk"] == "not_assessed"


@pytest.mark.parametrize("kind", sorted(taxonomy.TALKS))
def test_a_talk_needs_outcome_main_reason_and_risk(kind: str) -> None:
    assert wrong({"contact_kind": kind}) == {"outcome", "main_reason", "risk"}


def test_a_talk_is_stored_without_its_notes() -> None:
    outcome = complete(Outcome.model_validate({**TALK, "notes": "긴 이야기", "isolation_level": 2}))
    assert faults(outcome) == ()
    kept = stored(outcome)
    assert "notes" not in kept
    assert (kept["reasons"], kept["isolation_level"], kept["channel"]) == (
        ["loneliness"],
        2,
        "inbound_phone",
    )


@pytest.mark.parametrize("field", ENUMS)
def test_every_code_is_known_and_no_other(field: str) -> None:
    for code in ENUMS[field]:
        assert field not in wrong({"contact_kind": "test", field: code}) or field == "contact_kind"
    for bad in ("", "nonsense", "자살", "NONE", 1, True, [], {}, "none\x00"):
        assert field in wrong({"contact_kind": "test", field: bad})


CASES = [
    ({"main_reason": "housing", "reasons": ["debt_hardship"]}, "main_reason"),
    ({"reasons": ["housing", "housing"]}, "reasons"),
    ({"reasons": ["housing", "x"]}, "reasons.1"),
    ({"risk": "not_assessed"}, "risk_reason"),
    ({"contact_kind": "crisis"}, "risk"),
    ({"outcome": "referred"}, "referrals"),
    ({"outcome": "escalated_emergency", "referrals": [{"kind": "youth_1388"}]}, "referrals"),
    ({"referrals": [{"kind": "youth_1388"}, {"kind": "youth_1388"}]}, "referrals"),
    ({"referrals": [{"kind": "x"}]}, "referrals.0.kind"),
    ({"referrals": [{"kind": "youth_1388", "state": "x"}]}, "referrals.0.state"),
    ({"referrals": [{"kind": "emergency_intervention", "state": "closed"}]}, "referrals.0.reason"),
    ({"referrals": "youth_1388"}, "referrals"),
    ({"outcome": "counselor_ended_abuse"}, "contact_kind"),
    ({"under_14": True, "age_band": "older"}, "age_band"),
    ({"under_14": True, "consents": ["sensitive"]}, "consents"),
    ({"under_14": "yes"}, "under_14"),
    ({"consents": ["none_anonymous", "recording"]}, "consents"),
    ({"isolation_level": 5}, "isolation_level"),
    ({"isolation_level": -1}, "isolation_level"),
    ({"isolation_level": "2"}, "isolation_level"),
    ({"isolation_level": 2.5}, "isolation_level"),
    ({"isolation_level": 2**63}, "isolation_level"),
    ({"notes": "x" * (taxonomy.NOTES_LENGTH_MAX + 1)}, "notes"),
    ({"notes": "a\x00b"}, "notes"),
    ({"call_id": "x"}, "call_id"),
]


@pytest.mark.parametrize(("change", "field"), CASES)
def test_what_does_not_go_together(change: dict[str, Any], field: str) -> None:
    assert wrong({**TALK, **change}) == {field}


def test_what_goes_together() -> None:
    emergency = {"kind": "emergency_intervention", "state": "sent"}
    said = {**TALK, "contact_kind": "crisis", "risk": "imminent", "outcome": "escalated_emergency"}
    assert wrong({**said, "referrals": [emergency]}) == set()
    assert wrong({**TALK, "risk": "not_assessed", "risk_reason": "끊김"}) == set()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(list(Outcome.model_fields)), json_values))
def test_nothing_else_raises(said: dict[str, Any]) -> None:
    wrong(said)


def test_codes_are_stable_and_labelled() -> None:
    for field in taxonomy.FIELDS:
        known = taxonomy.codes(field.terms)
        assert len(set(known)) == len(known)
        assert all(term.ko and term.en for term in field.terms)
        assert field.name in Outcome.model_fields
    assert set(taxonomy.BRIEF_OUTCOMES) | taxonomy.TALKS | {"information"} == set(
        taxonomy.codes(taxonomy.CONTACT_KINDS)
    )


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(0, "under_5"), (299, "under_5"), (300, "5_20"), (1199.9, "5_20"), (1200, "20_30"),
     (1800, "30_60"), (3600, "over_60"), (90_000, "over_60")],
)  # fmt: skip
def test_duration_classes(seconds: float, code: str) -> None:
    assert taxonomy.duration_class(seconds) == code
