"""A request as a value: tamed, never refused, and told apart from its neighbours."""

from hypothesis import given
from hypothesis import strategies as st

from ivr.turn import TURN_MAX, VALUE_LENGTH_MAX, read, tame

FORM = {"CallSid": "CA1", "CallStatus": "in-progress", "Digits": "5"}


@given(st.text())
def test_what_they_say_is_tamed(text: str) -> None:
    tamed = tame(text)
    assert len(tamed) <= VALUE_LENGTH_MAX
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in tamed)


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=9)), st.text(max_size=20))
def test_reading_never_raises(form: dict[str, str], number: str) -> None:
    turn = read("voice", "/ivr/voice", {"turn": number}, form)
    assert 0 <= turn.number("turn") <= TURN_MAX
    assert turn.number("missing") == 0
    assert isinstance(turn.has_ended, bool)


def test_a_number_of_five_thousand_digits_is_none_of_ours() -> None:
    assert read("wait", "/ivr/wait", {"turn": "9" * 5000}, FORM).number("turn") == 0
    assert read("wait", "/ivr/wait", {"turn": "٣"}, FORM).number("turn") == 0


def key(target: str = "/ivr/menu?turn=1", **changed: str) -> str:
    return read("menu", target, {}, FORM | changed).key


def test_the_same_request_has_the_same_key_whatever_comes_along_new() -> None:
    assert key() == key(NewOfTomorrow="x", CallerName="kim")


def test_another_leg_url_sequence_event_or_moment_of_waiting_is_another_event() -> None:
    keys = {
        key(),
        key("/ivr/menu?turn=2"),
        key(CallSid="CA2"),
        key(SequenceNumber="1"),
        key(StatusCallbackEvent="participant-leave"),
        key(QueueTime="30"),
        key(ConferenceSid="CF1"),
    }
    assert len(keys) == 7


def test_fields_do_not_run_into_each_other() -> None:
    assert key(CallSid="CA1", ConferenceSid="23") != key(CallSid="CA12", ConferenceSid="3")
