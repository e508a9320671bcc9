"""What a person keys in where the line asks for a telephone number, mistakes included."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Final

WRONG_NUMBERS: Final = ("119#", "0600700123#", "12#", "00112125550123#")
SPOKEN: Final = dict(zip("공일이삼사오육칠팔구", "0123456789", strict=True))
READ_OUT: Final = re.compile(r"[공일이삼사오육칠팔구\d](?:[ ,]+[공일이삼사오육칠팔구\d]){7,}")
"""At least eight single digits, Korean or not, with breaths between."""


class Keying:
    """What a person keys in when the line asks for a number to call, mistakes included."""

    def __init__(
        self, rng: random.Random, numbers: Sequence[str], *, other: float, slips: float
    ) -> None:
        """numbers: in E.164, the person's own ones. other, slips: shares of people who want to be
        called at the second one, and who make mistakes."""
        self.given = ""
        wants_other = rng.random() < other
        self._wanted = numbers[1 if wants_other else 0]
        self._mistakes = []
        if rng.random() < slips:
            self._mistakes = [rng.choice(WRONG_NUMBERS), _keyed(_garbled(numbers[0]))]

    def number(self) -> str:
        """Return the keys for the number, at the first tries perhaps wrong ones."""
        keys = self._mistakes.pop(0) if self._mistakes else _keyed(self._wanted)
        self.given = "+82" + keys[1:-1]
        return keys

    def answer(self, said: str) -> str:
        """Return the key after a number was read back: 1 where it is the one, 2 where it is not.

        said: the words that were heard; what the line took down need not be what was keyed in.
        """
        read = read_number(said)
        if read == self._wanted:
            self.given = read
            return "1"
        return "2"


def read_number(said: str) -> str:
    """Return the first number that is read out digit by digit in `said`, in E.164; else ""."""
    found = READ_OUT.search(said)
    if found is None:
        return ""
    digits = "".join(SPOKEN.get(sound, sound) for sound in found.group() if sound not in " ,")
    return "+82" + digits.removeprefix("0")


def _keyed(e164: str) -> str:
    return "0" + e164.removeprefix("+82") + "#"


def _garbled(e164: str) -> str:
    """Two digits at the end changed places, or one is off by one."""
    head, a, b = e164[:-2], e164[-2], e164[-1]
    return head + b + a if a != b else head + a + str((int(b) + 1) % 10)
