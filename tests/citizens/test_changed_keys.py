"""The data key is changed: who was known stays the same person, what was forbidden forbidden."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callbacks import actions as promises
from citizens import actions, records
from citizens.consent import How, Purpose
from citizens.models import NUMBER_CONTEXT, Citizen
from core.database import Database
from core.sealing import Sealer
from core.services import Services
from routing import calls
from routing.models import Call
from routing.states import CallState
from tests.callbacks.worklist_stage import TUESDAY, Worklist
from tests.consented import consented
from tests.databases import DATA_KEY
from tests.ivr.telephone import CITIZEN, Telephone

NEW_KEY = bytes(range(32))
BEFORE, AFTER = Sealer((DATA_KEY,)), Sealer((NEW_KEY, DATA_KEY))
ONLY_NEW = Sealer((NEW_KEY,))


@pytest.fixture
def changed(services: Services) -> Services:
    """The services of a process that was started with a new key before the old one."""
    return replace(services, sealer=AFTER)


def known(session: Session, sealer: Sealer, later: float = 0.0) -> Citizen:
    """Return the citizen, who may be called, as known under these keys."""
    now = TUESDAY + timedelta(seconds=later)
    return consented(session, CITIZEN, sealer, now)


def test_who_was_known_is_the_same_person_under_the_newest_key(database: Database) -> None:
    with database.transaction() as session:
        before = known(session, BEFORE)
        actions.forbid_calls(session, before, "asked", How.SPOKEN, TUESDAY)
    with database.transaction() as session:
        after = actions.know(session, CITIZEN, AFTER, "ko", TUESDAY)
        assert (after.id, after.do_not_call_at) == (before.id, TUESDAY)
    with database.transaction() as session:  # the old key may go
        alone = actions.know(session, CITIZEN, ONLY_NEW, "ko", TUESDAY)
        assert alone.id == before.id
        assert ONLY_NEW.unseal(alone.sealed_number, NUMBER_CONTEXT) == CITIZEN


def twins(session: Session) -> tuple[uuid.UUID, uuid.UUID]:
    """Somebody who became known twice; the younger row is marked."""
    older, younger = known(session, BEFORE), known(session, ONLY_NEW, later=60.0)
    actions.forbid_calls(session, younger, "asked", How.SPOKEN, TUESDAY)
    return older.id, younger.id


def test_who_became_known_twice_is_one_person_with_the_mark_of_either(
    database: Database,
) -> None:
    with database.transaction() as session:
        older, younger = twins(session)
    with database.transaction() as session:
        found = actions.know(session, CITIZEN, AFTER, "ko", TUESDAY)
        assert (found.id, found.do_not_call_at) == (older, TUESDAY)
        assert {records.live_purposes(session, one) for one in (older, younger)} == {frozenset()}
    with database.transaction() as session:
        assert actions.know(session, CITIZEN, ONLY_NEW, "ko", TUESDAY).id == older
        assert actions.know(session, CITIZEN, BEFORE, "ko", TUESDAY).id == younger


def test_a_consent_lifts_the_mark_of_both_for_good(database: Database) -> None:
    with database.transaction() as session:
        twins(session)
    with database.transaction() as session:
        known(session, AFTER, later=120.0)
    with database.transaction() as session:
        found = actions.know(session, CITIZEN, AFTER, "ko", TUESDAY)
        assert found.do_not_call_at is None
        assert records.live_purposes(session, found.id) == {Purpose.CONTACT_BY_PHONE}


def promised(services: Services, sealer: Sealer) -> uuid.UUID:
    """Promise the citizen, as known under these keys, a companion's call."""
    with services.database.transaction() as session:
        wish = promises.Wish(purpose="companion", origin="worklist")
        citizen = known(session, sealer)
        made = promises.make(session, citizen, wish, TUESDAY, services.policy)
        assert isinstance(made, promises.Made)
        return made.promise_id


def test_a_number_that_is_forbidden_is_so_under_every_key(changed: Services) -> None:
    work = Worklist(changed)
    both = [promised(changed, BEFORE), promised(changed, ONLY_NEW)]
    sent = {"number": CITIZEN, "reason": "다시 걸지 말아 달라고 하심"}
    assert work.boss.send("POST", "/do-not-call", sent).json == {"stopped": 2}
    assert {work.promise(str(one)).state for one in both} == {"withdrawn"}
    with changed.database.transaction() as session:
        assert None not in session.scalars(select(Citizen.do_not_call_at)).all()


def test_a_promise_stays_the_only_one_after_the_change(changed: Services) -> None:
    work = Worklist(changed)
    standing = promised(changed, BEFORE)
    again = work.wish()
    assert again.json["id"] == str(standing)


def on_the_line(services: Services, sealer: Sealer) -> None:
    """The citizen's call under these keys came to a talk."""
    with services.database.transaction() as session:
        call = calls.begin(
            session,
            carrier_sid=f"CA{uuid.uuid4().hex}",
            caller_kind="mobile",
            sealed_number=sealer.seal(CITIZEN, NUMBER_CONTEXT),
            number_index=sealer.index(CITIZEN),
            state=CallState.WAITING,
            now=TUESDAY,
            policy=services.policy,
        )
        call.state = CallState.CONNECTED


def test_who_talks_with_us_since_before_the_change_is_not_rung(changed: Services) -> None:
    work = Worklist(changed)
    promise_id = work.promised()
    on_the_line(changed, BEFORE)
    assert work.begin(promise_id).json["reason"] == "on the line with us now"


def test_who_calls_after_the_change_is_found_under_the_newest_key(changed: Services) -> None:
    with changed.database.transaction() as session:
        before = known(session, BEFORE).id
    Telephone(changed).dial()
    with changed.database.transaction() as session:
        found = session.get_one(Citizen, before)
        (call,) = session.scalars(select(Call))
        assert found.number_index == call.number_index == AFTER.index(CITIZEN)


def test_who_keys_in_the_own_number_lifts_the_mark_across_a_change(changed: Services) -> None:
    """The call came before the change: it carries the old key's index, the citizen the newest."""
    phone, after = Telephone(replace(changed, sealer=BEFORE)), Telephone(changed)
    sid, greeting = phone.dial()
    asked = phone.follow(sid, phone.press(sid, greeting, "2"))
    with changed.database.transaction() as session:
        actions.forbid_calls(session, known(session, AFTER), "asked", How.SPOKEN, TUESDAY)
    assert "약속드립니다" in after.press(sid, asked, "1").text
