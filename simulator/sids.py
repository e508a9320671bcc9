"""Names of things as the carrier makes them: two letters and 32 hexadecimal digits."""

from __future__ import annotations

from hashlib import blake2b


class Sids:
    """Makes SIDs from a seed and a count, so that the same story has the same names."""

    def __init__(self, seed: str) -> None:
        """Start counting; two exchanges with the same `seed` make the same SIDs."""
        self._seed = seed.encode()
        self._count = 0

    def new(self, prefix: str) -> str:
        """The next SID, such as CA.. for `prefix` "CA"."""
        self._count += 1
        return prefix + self.hex(f"{prefix}{self._count}")

    def hex(self, name: str) -> str:
        """32 hexadecimal digits that belong to `name` under this seed."""
        return blake2b(name.encode(), key=self._seed[:64], digest_size=16).hexdigest()
