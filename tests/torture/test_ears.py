"""Silence is heard as such, in a room that everybody else left as well."""

import pytest

from simulator.journal import BridgeChanged, Journal
from simulator.legs import Leg
from simulator.sounds import Bridge, Silence, Sound, Speech
from tests.simulator.stage import START, Phone, Stage
from tests.torture import ears as ears_module
from tests.torture.ears import ALONE, Ears

ROOM = (
    '<Say>연결</Say><Dial><Conference waitUrl="" endConferenceOnExit="{ends}">room'
    "</Conference></Dial>"
)


class _Listening:
    sid = "CA1"


class Citizen(Phone):
    """A telephone whose every sound the ears are told of, as a citizen of the torture does."""

    def __init__(self, stage: Stage, ears: Ears, address: str) -> None:
        super().__init__(stage, address)
        self._ears = ears

    def hear(self, leg: Leg, sound: Sound) -> None:
        super().hear(leg, sound)
        self._ears.hear(leg, sound)

    def ended(self, leg: Leg, status: str) -> None:
        super().ended(leg, status)
        self._ears.ended(leg)


def test_silence_runs_from_the_end_of_a_sound_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, journal = [100.0], Journal()
    monkeypatch.setattr(ears_module.time, "monotonic", lambda: clock[0])
    ears, listening = Ears(lambda sound: 2.0, journal), _Listening()
    for sid in ("CA1", "CA2"):
        journal.append(BridgeChanged(START, "join", "CF1", sid))
    steps: list[tuple[float, object]] = [
        (0.0, Speech("하나")),
        (5.0, Silence()),  # three seconds after the words were over
        (4.0, Bridge("CF1")),
        (60.0, Speech("둘")),
    ]
    for seconds, sound in steps:
        clock[0] += seconds
        ears.hear(listening, sound)  # type: ignore[arg-type]
    clock[0] += 3.0
    ears.ended(listening)  # type: ignore[arg-type]
    assert [quiet.seconds for quiet in ears.longest] == [7.0, 1.0]


def test_who_is_left_alone_in_a_room_hears_nothing_until_somebody_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    monkeypatch.setattr(ears_module.time, "monotonic", lambda: stage.seconds)
    ears = Ears(lambda sound: 0.5, stage.exchange.journal)
    caller = Citizen(stage, ears, "+821001")
    _, leg = stage.call(ROOM.format(ends="true"), caller)
    stage.run(5)
    stage.answers["/ivr/voice"] = ROOM.format(ends="false")
    _, counselors = stage.call(phone=stage.phone("+821002"))
    stage.run(30)
    assert isinstance(caller.hears, Bridge)
    assert [quiet.before for quiet in ears.longest] == ["Bridge"]
    assert ears.worst_seconds < 6

    counselors.hang_up()
    stage.run(20)
    assert isinstance(caller.hears, Bridge)  # the exchange lets the room go on
    stage.call(phone=stage.phone("+821003"))
    stage.run(30)
    leg.hang_up()
    assert [(quiet.after, quiet.before) for quiet in ears.longest[:1]] == [(ALONE, "Bridge")]
    assert 20 < ears.worst_seconds < 22


def test_who_is_left_alone_to_the_end_heard_nothing_to_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    monkeypatch.setattr(ears_module.time, "monotonic", lambda: stage.seconds)
    ears = Ears(lambda sound: 0.5, stage.exchange.journal)
    caller = Citizen(stage, ears, "+821001")
    stage.call(ROOM.format(ends="true"), caller)
    stage.answers["/ivr/voice"] = ROOM.format(ends="false")
    _, counselors = stage.call(phone=stage.phone("+821002"))
    stage.run(10)
    counselors.hang_up()
    stage.run(40)
    caller_leg = next(iter(stage.exchange.legs.values()))
    caller_leg.hang_up()
    assert (ears.longest[0].after, ears.longest[0].before) == (ALONE, "the end")
    assert ears.worst_seconds == 40
