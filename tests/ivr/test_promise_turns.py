"""No order and number of webhooks loses a promise, doubles it, or speaks one that is not stored."""

import random
import uuid
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from callbacks.models import Promise
from callbacks.states import OPEN_STATES
from core.services import Services
from ivr import hooks, promise_turns
from routing.models import Call
from tests import invariants
from tests.ivr.telephone import CITIZEN, Answer, Telephone

PROMISED = "약속드립니다"
OTHER = "01088887777"


def promises(services: Services) -> list[Promise]:
    with services.database.transaction() as session:
        return list(session.scalars(select(Promise)))


def sound(services: Services) -> None:
    with services.database.transaction() as session:
        assert invariants.broken(session) == {}


def in_dialogue(phone: Telephone) -> tuple[str, Answer]:
    """A caller who pressed 2 in the menu; the number is being read back."""
    sid, greeting = phone.dial()
    return sid, phone.follow(sid, phone.press(sid, greeting, "2"))


def test_the_promise_is_stored_when_it_is_spoken_and_a_repeat_says_the_same(
    phone: Telephone,
) -> None:
    sid, asked = in_dialogue(phone)
    assert "공 일 공, 오 오 오 공, 일 이 삼 사" in asked.text
    assert promises(phone.services) == []
    spoken = phone.press(sid, asked, "1")
    assert PROMISED in spoken.text
    (stored,) = promises(phone.services)
    url, form = phone.sent[-1]
    assert {phone.post(url, form).body for _ in range(3)} == {spoken.body}
    assert [kept.id for kept in promises(phone.services)] == [stored.id]


def test_a_fault_after_the_promise_was_made_speaks_nothing_of_it(
    phone: Telephone, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid, asked = in_dialogue(phone)

    def fail(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(promise_turns, "_leave_by_promise", fail)
    answer = phone.press(sid, asked, "1")
    assert PROMISED not in answer.text
    assert promises(phone.services) == []
    assert "Redirect" in answer.verbs
    monkeypatch.undo()
    assert PROMISED in phone.press(sid, asked, "1").text
    assert len(promises(phone.services)) == 1


def test_without_a_database_no_promise_is_spoken(
    phone: Telephone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.database import Database, DatabaseAway

    sid, asked = in_dialogue(phone)

    def gone(*_: object, **__: object) -> None:
        raise DatabaseAway("gone")

    monkeypatch.setattr(Database, "run", gone)
    answer = phone.press(sid, asked, "1")
    monkeypatch.undo()
    assert PROMISED not in answer.text
    assert answer.status == 200
    assert promises(phone.services) == []


Turn = Callable[[Telephone, str, Answer, random.Random], Answer]


def _press(phone: Telephone, sid: str, at: Answer, rng: random.Random) -> Answer:
    actions = [link for link in at.links() if "Gather" in at.verbs]
    if not actions:
        return at
    return phone.press(sid, at, rng.choice(["1", "2", "2", "3", "9", "5", OTHER, "119", ""]))


def _follow(phone: Telephone, sid: str, at: Answer, _: random.Random) -> Answer:
    if "Redirect" in at.verbs:
        return phone.follow(sid, at)
    if "Enqueue" in at.verbs:
        return phone.wait(sid, at.link("Enqueue", "waitUrl"))
    return at


def _again(phone: Telephone, _: str, at: Answer, rng: random.Random) -> Answer:
    """An earlier request is delivered once more, late."""
    url, form = rng.choice(phone.sent)
    judge(phone, phone.post(url, form, keep=False))
    return at


def _anything(phone: Telephone, sid: str, at: Answer, rng: random.Random) -> Answer:
    hook = rng.choice([name for name in hooks.HOOKS if name not in ("client", "conference")])
    url = f"{hook}?turn={rng.randrange(4)}&session={uuid.UUID(int=rng.randrange(9))}"
    answer = phone.post(url, phone.form(sid, Digits=rng.choice("129")), keep=False)
    judge(phone, answer)
    return answer if PROMISED in answer.text else at  # a promise spoken here counts as well


def _hang_up(phone: Telephone, sid: str, at: Answer, _: random.Random) -> Answer:
    phone.post("status", phone.form(sid, "completed"))
    return at


TURNS: dict[str, Turn] = {
    "press": _press,
    "follow": _follow,
    "again": _again,
    "anything": _anything,
    "hang up": _hang_up,
}
WEIGHTED = ["press"] * 6 + ["follow"] * 4 + ["again"] * 3 + ["anything"] * 2 + ["hang up"]


def judge(phone: Telephone, answer: Answer) -> None:
    """Whoever hears a promise has one that stands; nobody has two."""
    assert answer.status == 200
    stored = promises(phone.services)
    if answer.body and PROMISED in answer.text:
        assert stored
    standing = [kept for kept in stored if kept.state in OPEN_STATES]
    assert len({kept.citizen_id for kept in standing}) == len(standing)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(WEIGHTED), max_size=25), st.integers(0, 10**6))
def test_no_order_of_webhooks_loses_doubles_or_invents_a_promise(
    phone: Telephone, story: list[str], seed: int
) -> None:
    rng = random.Random(seed)
    before = {kept.id: kept.state for kept in promises(phone.services)}
    sid, at = phone.dial(From=f"+8210{rng.randrange(10**8):08}")
    spoken = 0
    for turn in story:
        at = TURNS[turn](phone, sid, at, rng)
        judge(phone, at)
        spoken += PROMISED in at.text
    after = {kept.id: kept.state for kept in promises(phone.services)}
    assert all(after.get(known) == state for known, state in before.items())
    assert len(after) - len(before) in ((0, 1) if spoken else (0,))
    sound(phone.services)


def test_a_caller_who_promised_and_is_asked_again_stays_gone(phone: Telephone) -> None:
    sid, asked = in_dialogue(phone)
    phone.press(sid, asked, "1")
    phone.post("voice", phone.form(sid))
    for hook in ("wait", "wait-key", "callback", "callback-key", "menu", "queue-left"):
        again = phone.post(f"{hook}?turn=9", phone.form(sid, Digits="1"))
        assert PROMISED in again.text  # they may not have heard it
    with phone.services.database.transaction() as session:
        call = session.scalars(select(Call).where(Call.carrier_sid == sid)).one()
    assert (call.state, call.close_reason) == ("closed", "promised callback")
    assert len(promises(phone.services)) == 1


@pytest.mark.parametrize("hook", ["reached", "reached-key", "reached-join", "reach-leg"])
@pytest.mark.parametrize("session_id", ["", "x", str(uuid.UUID(int=7)), "9" * 4000])
def test_a_leg_we_never_rang_is_let_go(phone: Telephone, hook: str, session_id: str) -> None:
    answer = phone.post(f"{hook}?session={session_id}", phone.form("CA0", Digits="9"))
    assert answer.status == 200
    assert "Dial" not in answer.verbs


def test_no_number_is_in_a_link_or_in_the_clear(phone: Telephone) -> None:
    sid, asked = in_dialogue(phone)
    changed = phone.press(sid, asked, "2")
    back = phone.press(sid, changed, OTHER)
    spoken = phone.press(sid, back, "1")
    for answer in (asked, changed, back, spoken):
        assert all(OTHER[3:] not in link and CITIZEN[3:] not in link for link in answer.links())
    with phone.services.database.transaction() as session:
        call = session.scalars(select(Call).where(Call.carrier_sid == sid)).one()
    assert call.sealed_candidate is not None
    assert OTHER[1:].encode() not in call.sealed_candidate
