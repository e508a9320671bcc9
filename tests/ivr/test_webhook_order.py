"""Late, early, twice, out of order: the same end, and nothing is broken on the way there."""

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from routing.models import Call
from tests.ivr.room import Sent, Talk
from tests.ivr.telephone import Telephone
from tests.routing.line_stage import Stage

EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
shuffles = st.randoms(use_true_random=False)


def delivered(events: Sequence[Sent], random: object) -> list[Sent]:
    """Return the events in some order, some of them twice."""
    doubled = [*events, *random.sample(list(events), len(events) // 2)]  # type: ignore[attr-defined]
    random.shuffle(doubled)  # type: ignore[attr-defined]
    return doubled


@EXAMPLES
@given(shuffles)
def test_a_call_that_ends_in_the_queue_is_closed_once(
    phone: Telephone, stage: Stage, random: object
) -> None:
    sid = f"CA{random.getrandbits(128):032x}"  # type: ignore[attr-defined]
    form = phone.form(sid)
    events = [
        ("voice", phone.form(sid, "ringing")),
        ("menu?menu=main&turn=1&tries=0", form | {"Digits": "5"}),
        ("wait?turn=1", form | {"QueueTime": "0"}),
        ("wait?turn=2", form | {"QueueTime": "31"}),
        ("wait-key?turn=2", form | {"Digits": "9", "QueueTime": "20"}),
        ("queue-left?turn=1", phone.form(sid, "completed", QueueResult="hangup")),
        ("status", phone.form(sid, "completed", CallDuration="40")),
    ]
    for sent in delivered(events, random):
        assert phone.post(*sent, keep=False).status == 200
        stage.check()
    with phone.services.database.transaction() as session:
        call = session.scalars(select(Call).where(Call.carrier_sid == sid)).one()
    assert (call.state, call.closed_at) == ("closed", stage.now)
    assert stage.journal(call.id).count("caller_left") <= 1


@EXAMPLES
@given(shuffles)
def test_joining_in_any_order_ends_in_one_talk(
    phone: Telephone, stage: Stage, random: object
) -> None:
    talk = Talk(phone, stage)
    talk.connect()
    events = [
        talk.left("redirected"),
        talk.joining(),
        talk.event("participant-join", 0, talk.leg),
        talk.event("conference-start", 1),
        talk.event("participant-join", 2, talk.caller),
        ("wait?turn=2", phone.form(talk.caller, QueueTime="31")),
    ]
    for sent in delivered(events, random):
        talk.send(sent)
        stage.check()
    assert stage.get_talk(talk.session).joined_at == stage.now
    assert stage.get_call(talk.call).state == "connected"
    assert stage.journal(talk.call).count("answered") == 1
    talk.over()


@EXAMPLES
@given(shuffles)
def test_the_callers_hanging_up_told_in_any_order_ends_in_the_wrap_up(
    phone: Telephone, stage: Stage, random: object
) -> None:
    talk = Talk(phone, stage)
    talk.talk()
    for sent in delivered(talk.caller_hangs_up(), random):
        talk.send(sent)
        stage.check()
    assert stage.get_call(talk.call).state == "wrapping"
    assert stage.get_talk(talk.session).state == "wrapping"
    assert stage.get_presence(talk.counselor).state == "wrapping"
    assert stage.journal(talk.call).count("caller_left") == 1
    talk.over()


@EXAMPLES
@given(shuffles)
def test_a_lost_counselor_told_in_any_order_puts_the_caller_back(
    phone: Telephone, stage: Stage, random: object
) -> None:
    talk = Talk(phone, stage)
    talk.talk()
    for sent in delivered(talk.counselor_drops(), random):
        talk.send(sent)
        stage.check()
    assert stage.get_call(talk.call).state == "waiting"
    assert stage.get_presence(talk.counselor).state == "free"
    assert stage.journal(talk.call).count("counselor_lost") == 1
    talk.over()


@EXAMPLES
@given(shuffles)
def test_both_gone_at_once_told_in_any_order_loses_nobody(
    phone: Telephone, stage: Stage, random: object
) -> None:
    """Whichever is heard of first: the caller's call ends, the counselor is not stuck."""
    talk = Talk(phone, stage)
    talk.talk()
    for sent in delivered([*talk.caller_hangs_up(), *talk.counselor_drops()], random):
        talk.send(sent)
        stage.check()
    assert stage.get_call(talk.call).state in ("wrapping", "closed")
    assert stage.get_presence(talk.counselor).state in ("wrapping", "free")
    talk.over()


def test_a_whole_recorded_call_replayed_changes_nothing(phone: Telephone, stage: Stage) -> None:
    talk = Talk(phone, stage)
    talk.talk()
    for sent in talk.caller_hangs_up():
        talk.send(sent)
    before = stage.journal(talk.call)
    orders = len(stage.orders())
    for url, form in list(phone.sent):
        assert phone.post(url, form, keep=False).status == 200
    assert stage.journal(talk.call) == before
    assert len(stage.orders()) == orders
