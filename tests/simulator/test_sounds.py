"""How long sounds are taken to last."""

from __future__ import annotations

import pytest

from simulator.sounds import (
    Beep,
    Bridge,
    HoldMusic,
    Silence,
    Sound,
    Speech,
    Tones,
    estimated_seconds,
)


@pytest.mark.parametrize(
    ("sound", "seconds"),
    [
        (Speech("안녕하세요"), 5 * 0.17 + 0.3),
        (Speech("안녕, ok!"), 2 * 0.17 + 2 * 0.065 + 0.3),
        (Speech("  "), 0.0),
        (Tones("1w2"), 0.96),
        (Silence(4.0), 4.0),
        (Silence(), 0.0),
        (Beep(), 0.5),
        (HoldMusic(), 0.0),
        (Bridge("room"), 0.0),
    ],
)
def test_length(sound: Sound, seconds: float) -> None:
    assert estimated_seconds(sound) == pytest.approx(seconds)
