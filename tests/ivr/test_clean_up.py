"""What is past its time goes, by itself, a bounded lot at a time; what may still be asked stays."""

import time
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import idempotency, sign_ins
from core.models import SignIn, StoredAnswer
from core.services import Services, install
from core.work import InlineWork, Ring
from ivr import clean_up, jobs
from ivr.dispatcher import REMOVE, Dispatcher
from ivr.models import InboxEntry
from tests.core.people import PASSWORD, add_account
from tests.ivr.telephone import Telephone
from tests.routing.line_stage import Stage

TABLES = (SignIn, StoredAnswer, InboxEntry)


def leave_traces(phone: Telephone, stage: Stage) -> None:
    """Sign in, keep an answer, call: one row of each kind."""
    account = add_account(stage.database, stage.clock)
    request = idempotency.Request(account, uuid.uuid4().hex, "digest")
    sealer = phone.services.sealer
    with stage.database.transaction() as session:
        sign_ins.sign_in(session, "kim", PASSWORD, "token", stage.now, stage.policy)
        idempotency.keep(session, request, idempotency.Answer(200, {}), stage.now, sealer)
    phone.dial()


def rows(stage: Stage) -> list[int]:
    with stage.database.transaction() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


def cleaned(stage: Stage) -> clean_up.Removed:
    with stage.database.transaction() as session:
        return clean_up.clean_up(session, stage.now, stage.policy)


def rung(services: Services) -> list[Ring]:
    assert isinstance(services.work, InlineWork)
    return [ring for ring in services.work.rings if (ring.queue, ring.job) == ("reports", REMOVE)]


def test_each_kind_goes_at_its_own_time(phone: Telephone, stage: Stage) -> None:
    leave_traces(phone, stage)
    assert cleaned(stage) == clean_up.Removed()
    stage.later(stage.policy.session_seconds_max + 3600)
    assert cleaned(stage) == clean_up.Removed(sign_ins=1)
    stage.clock.set(stage.now + timedelta(hours=25))
    assert cleaned(stage) == clean_up.Removed(answers=1)
    stage.clock.set(stage.now + timedelta(days=stage.policy.inbox_days_max))
    assert cleaned(stage) == clean_up.Removed(inbox=1)
    assert rows(stage) == [0, 0, 0]


def test_nothing_is_due_before_the_hour_is_over(phone: Telephone, stage: Stage) -> None:
    leave_traces(phone, stage)
    stage.later(stage.policy.session_seconds_max + 3599)
    assert cleaned(stage) == clean_up.Removed()


def test_a_great_backlog_goes_in_lots(
    phone: Telephone, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_up, "ROWS_MAX", 2)
    for _ in range(3):
        phone.dial()
    stage.clock.set(stage.now + timedelta(days=stage.policy.inbox_days_max, hours=2))
    assert [cleaned(stage).inbox for _ in range(3)] == [2, 1, 0]


def test_the_tick_rings_for_it_and_the_job_does_it(
    phone: Telephone, stage: Stage, services: Services
) -> None:
    leave_traces(phone, stage)
    stage.clock.set(stage.now + timedelta(days=stage.policy.inbox_days_max + 1))
    dispatcher = Dispatcher(services, eager=False)
    dispatcher.start()
    until = time.monotonic() + 10
    while time.monotonic() < until and not rung(services):
        time.sleep(0.05)
    dispatcher.stop()
    (ring,) = rung(services)
    install(services)
    try:
        jobs.remove_what_is_old(str(ring.subject_id))
    finally:
        install(None)
    assert rows(stage) == [0, 0, 0]
