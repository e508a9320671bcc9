"""Asked for in the menu or the wait, kept in the queue's order: through the exchange."""

import pytest

from callbacks.sweep import DUE_MAX
from core.clock import SEOUL
from tests.callbacks.town import CITIZEN, Person, Town

ASK_IN_MENU = ("오 번", "2")
JOIN_QUEUE = ("오 번", "5")
RIGHT = ("맞으면 일 번", "1")
OTHER_NUMBER = ("맞으면 일 번", "2")
WAITING = "기다"
SOMEBODY_ELSE = "+821088887777"


def keyed(number: str) -> tuple[str, str]:
    return ("우물 정", f"{number}#")


def promised(town: Town, **habits: object) -> Person:
    """A citizen who asked in the menu to be called, and put the receiver back."""
    citizen = town.person(presses=[ASK_IN_MENU, RIGHT], **habits)
    citizen.dial()
    town.run(45)
    assert not citizen.leg.live
    return citizen


def test_key_2_in_the_menu_becomes_a_kept_promise(town: Town) -> None:
    citizen = promised(town)
    promise = town.only()
    assert (promise.state, promise.origin) == ("planned", "menu")
    assert citizen.heard("약속드립니다")
    counselor_id, _ = town.counselor()
    town.run(60)
    assert citizen.heard("부탁하신 전화")
    assert town.get(promise.id).state == "calling"
    assert set(citizen.rooms) == {citizen.rooms[0]}
    town.finish(counselor_id)
    town.run(20)
    assert [call.state for call in town.calls("outward")] == ["closed"]
    assert town.outcomes(promise.id) == ["reached"]
    assert not citizen.leg.live
    assert len(town.dials()) == 1
    assert town.complaints() == []


def test_who_hangs_up_while_being_put_through_is_called_again(town: Town) -> None:
    """They heard "you are connected" and nobody: no promise is kept by that."""
    citizen = promised(town, talk_seconds=0.5)
    town.counselor()
    town.run(90)
    assert len(citizen.rooms) == 1
    town.talk_over()
    promise = town.only()
    assert (promise.state, town.outcomes(promise.id)) == ("planned", ["failed"])
    assert town.complaints() == []


def test_who_asks_while_counselors_are_free_is_rung_after_putting_the_receiver_back(
    town: Town,
) -> None:
    """Ringing at once would find the line busy with our own goodbye, and spend a try on it."""
    town.counselor()
    citizen = town.person(presses=[ASK_IN_MENU, RIGHT])
    citizen.dial()
    town.run(120)
    town.talk_over()
    assert town.only().state == "kept"
    assert town.outcomes(town.only().id) == ["reached"]
    assert len(town.dials()) == 1


def test_who_asks_anew_is_not_rung_before_the_receiver_is_back(town: Town) -> None:
    """The promise stands and is due: it would ring while its own goodbye is still spoken."""
    citizen = promised(town)
    citizen.presses = [JOIN_QUEUE]
    leg = citizen.dial()
    town.run(40)
    citizen.presses = [RIGHT]
    leg.press("2")
    while not any("약속드립니다" in words for words in citizen.words[-1:]):
        town.run(1)
    assert leg.live
    town.counselor()
    town.run(120)
    town.talk_over()
    promise = town.only()
    assert (promise.state, town.outcomes(promise.id)) == ("kept", ["reached"])
    assert len(town.dials()) == 1
    assert town.complaints() == []


def test_who_asks_anew_when_nobody_may_be_rung_any_more_hears_when_it_will_be(town: Town) -> None:
    """The promise is due and stands; they called in before nine and ask after."""
    citizen = promised(town)
    evening = town.now.replace(hour=11, minute=58, second=0)  # in Seoul two minutes before nine
    town.kernel.run_until(evening)
    citizen.presses = [JOIN_QUEUE]
    leg = citizen.dial()
    town.run(240)
    citizen.presses = [RIGHT]
    leg.press("2")
    town.run(60)
    promise = town.only()
    assert promise.next_at.astimezone(SEOUL).hour == 8
    assert any("약속드립니다" in words and "8시" in words for words in citizen.words)
    assert promise.state == "planned"


def test_people_on_the_line_keep_no_other_promise_from_the_queue(town: Town) -> None:
    """However many were promised a call and wait on the line meanwhile."""
    numbers = [f"+8210222{n:05}" for n in range(DUE_MAX)]
    for number in numbers:
        town.promise(e164=number)
        caller = town.person(number, presses=[JOIN_QUEUE])
        caller.dial()
    town.run(25)
    other = town.promise(e164=SOMEBODY_ELSE)
    town.run(3)
    assert town.get(other).entry_call_id is not None


def test_who_calls_in_again_is_not_rung_into_their_own_wait(town: Town) -> None:
    """The telephone would be busy with our own music, and one of two tries be spent."""
    citizen = promised(town)
    town.run(30)
    assert [call.state for call in town.calls("outward")] == ["waiting"]
    citizen.presses = [JOIN_QUEUE]
    citizen.dial()
    town.run(30)
    town.counselor()
    town.run(30)
    assert town.dials() == []
    assert len(citizen.rooms) == 1
    citizen.leg.hang_up()
    town.run(5)
    promise = town.only()
    assert (promise.state, town.outcomes(promise.id)) == ("planned", [])
    assert town.complaints() == []


def test_asked_for_in_the_wait_the_place_stays_in_front_of_later_callers(town: Town) -> None:
    citizen = town.person(presses=[JOIN_QUEUE])
    leg = citizen.dial()
    town.run(40)
    arrived = town.calls("inbound")[0].queued_at
    citizen.presses = [RIGHT]
    leg.press("2")
    town.run(60)
    assert not leg.live
    promise = town.only()
    assert (promise.origin, promise.queued_at) == ("wait", arrived)
    later = town.person("+821022223333", presses=[JOIN_QUEUE])
    later.dial()
    town.run(30)
    town.counselor()
    town.run(60)
    assert citizen.heard("부탁하신 전화")
    assert later.rooms == []
    assert town.complaints() == []


def test_the_safety_key_pressed_before_still_counts_for_the_place(town: Town) -> None:
    citizen = town.person(presses=[JOIN_QUEUE])
    leg = citizen.dial()
    town.run(30)
    leg.press("9")
    town.run(20)
    citizen.presses = [RIGHT]
    leg.press("2")
    town.run(80)
    assert [call.priority for call in town.calls("outward")] == [1]


def test_another_number_is_keyed_in_and_read_back(town: Town) -> None:
    citizen = town.person(presses=[ASK_IN_MENU, OTHER_NUMBER, keyed("01088887777"), RIGHT])
    other = town.person(SOMEBODY_ELSE)
    citizen.dial()
    town.run(90)
    assert citizen.heard("공 일 공, 팔 팔 팔 팔, 칠 칠 칠 칠")
    town.counselor()
    town.run(60)
    assert other.heard("부탁하신 전화")
    assert town.dials(CITIZEN) == []
    town.talk_over()
    assert town.only().state == "kept"


def test_a_withheld_caller_is_asked_for_a_number(town: Town) -> None:
    citizen = town.person("anonymous", presses=[ASK_IN_MENU, keyed("01088887777"), RIGHT])
    other = town.person(SOMEBODY_ELSE)
    citizen.dial()
    town.run(90)
    town.counselor()
    town.run(60)
    assert other.heard("부탁하신 전화")


@pytest.mark.parametrize("number", ["119", "112", "0600700123", "00112125550123", "12", "114"])
def test_a_number_that_may_not_be_dialled_is_refused_and_asked_for_again(
    town: Town, number: str
) -> None:
    citizen = town.person(
        "anonymous", presses=[ASK_IN_MENU, keyed(number), keyed("01088887777"), RIGHT]
    )
    citizen.dial()
    town.run(90)
    assert citizen.heard("전화드릴 수 없습니다")
    assert citizen.heard("약속드립니다")


def test_who_can_give_no_number_waits_instead_of_being_dropped(town: Town) -> None:
    citizen = town.person("anonymous", presses=[ASK_IN_MENU, *[keyed("119")] * 3])
    citizen.dial()
    town.run(90)
    assert citizen.leg.live
    assert town.promises() == []
    assert [call.state for call in town.calls("inbound")] == ["waiting"]
    town.counselor()
    town.run(30)
    assert citizen.rooms != []
    assert town.complaints() == []


@pytest.mark.parametrize("after", range(8, 40, 3))
def test_hanging_up_in_the_dialogue_leaves_a_promise_only_where_it_was_confirmed(
    town: Town, after: int
) -> None:
    citizen = town.person(presses=[ASK_IN_MENU, RIGHT])
    leg = citizen.dial()
    town.run(after)
    said, made = citizen.heard("약속드립니다"), town.promises()
    leg.hang_up()
    town.run(5)
    assert town.promises() == [] if not made else len(town.promises()) == 1
    assert made or not said
    assert [call.state for call in town.calls("inbound")] == ["closed"]


@pytest.mark.parametrize("answered", [True, False])
def test_a_counselor_is_offered_during_the_dialogue(town: Town, answered: bool) -> None:
    """The caller is not dropped, and is either joined or waits on; the carrier complains not."""
    citizen = town.person(presses=[JOIN_QUEUE])
    leg = citizen.dial()
    town.run(40)
    leg.press("2")
    town.run(2)
    town.counselor(answer_after=6.0 if answered else None)
    citizen.presses = [RIGHT]
    town.run(90)
    assert town.complaints() == []
    if answered:
        assert citizen.rooms != []
        assert town.promises() == []
        return
    assert leg.live or len(town.promises()) == 1


def test_whoever_asks_twice_has_one_promise_with_the_first_place(town: Town) -> None:
    citizen = promised(town)
    first = town.only()
    town.run(600)
    citizen.presses = [ASK_IN_MENU, RIGHT]
    citizen.dial()
    town.run(60)
    second = town.only()
    assert (second.id, second.queued_at) == (first.id, first.queued_at)


def test_asking_again_while_a_person_was_to_decide_plans_anew(town: Town) -> None:
    """What is spoken must be what is stored: somebody will call."""
    promise_id = town.promise()
    with town.look() as session:
        from callbacks import actions, records
        from callbacks.states import PromiseEvent

        held = records.locked(session, promise_id)
        assert held is not None
        actions.move(held, PromiseEvent.TRIES_SPENT, town.now, "2 tries, last no_answer")
    citizen = promised(town)
    assert citizen.heard("약속드립니다")
    town.counselor()
    town.run(90)
    town.talk_over()
    assert town.get(promise_id).state == "kept"
    assert len(town.promises()) == 1


def test_do_not_call_can_not_be_lifted_by_somebody_who_keys_in_the_number(town: Town) -> None:
    town.forbid(SOMEBODY_ELSE)
    other = town.person(SOMEBODY_ELSE)
    citizen = town.person(presses=[ASK_IN_MENU, OTHER_NUMBER, keyed("01088887777"), RIGHT])
    citizen.dial()
    town.run(120)
    assert town.promises() == []
    assert not citizen.heard("약속드립니다")
    assert citizen.leg.live
    town.counselor()
    town.run(60)
    assert other.legs == []


def test_who_forbade_calls_and_asks_from_the_same_number_is_called(town: Town) -> None:
    town.forbid()
    promised(town)
    town.counselor()
    town.run(90)
    town.talk_over()
    assert town.only().state == "kept"


def test_asked_for_at_night_it_is_kept_in_the_morning_at_its_place(town: Town) -> None:
    town.days(0.5)  # 22:00 in Seoul
    citizen = promised(town)
    assert citizen.heard("8시 이후")
    town.counselor()
    town.days(9.8 / 24)
    assert town.dials() == []
    town.days(0.5 / 24)
    assert len(town.dials()) == 1
    town.talk_over()
    assert town.only().state == "kept"
