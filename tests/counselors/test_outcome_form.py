"""The form asks every field of the taxonomy once, the kind of call first."""

import json

import pytest

from counselors.outcome_form import FIRST, outcome_form
from counselors.taxonomy import FIELDS


@pytest.mark.parametrize("language", ["ko", "en"])
def test_each_field_is_asked_once_and_the_kind_first(language: str) -> None:
    form = outcome_form(language)
    names = [field["name"] for field in form["fields"]]
    assert names[0] == "contact_kind"
    assert names[-1] == "notes"
    assert sorted(names) == sorted([*(field.name for field in FIELDS), "under_14"])
    assert set(form["more"]) == set(names) - set(FIRST) - {"notes"}


def test_choices_have_labels_and_referrals_have_states() -> None:
    form = outcome_form("ko")
    for field in form["fields"]:
        assert field["label"]
        if field["shape"] == "text":
            assert field["length_max"]
        elif field["shape"] != "flag":
            assert all(option["label"] for option in field["options"])
    states = next(field for field in form["fields"] if field["shape"] == "referrals")["states"]
    assert states[0]["code"] == "proposed"


def test_brief_kinds_and_talks_are_kinds_and_never_both() -> None:
    form = outcome_form("en")
    kinds = {option["code"] for option in form["fields"][0]["options"]}
    assert set(form["brief_kinds"]) <= kinds
    assert set(form["talk_kinds"]) <= kinds
    assert not set(form["brief_kinds"]) & set(form["talk_kinds"])


def test_it_can_be_written_into_a_page() -> None:
    assert json.loads(json.dumps(outcome_form("en"))) == outcome_form("en")
