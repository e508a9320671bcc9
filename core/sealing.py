"""Seals numbers and notes at rest: AES-256-GCM under rotating keys, and a keyed index for lookup.

Rule: a sealed value opens only under the context it was sealed for, so that a value copied from
one row or column into another does not open there.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_FORM = b"\x01"
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12
_ID_END = len(_FORM) + _KEY_ID_BYTES
_HEAD_BYTES = _ID_END + _NONCE_BYTES


class KeysWrong(ValueError):
    """DATA_KEYS must hold at least one key, each of 32 random bytes, none of them twice."""


class Unsealable(Exception):
    """A sealed value does not open: damaged, moved to another place, or its key is gone."""


@dataclass(frozen=True)
class _Key:
    """One data key, split into what seals and what indexes."""

    key_id: bytes
    seal: AESGCM
    index: bytes


class Sealer:
    """Seals under the newest key, opens under any.

    keys: newest first, each 32 random bytes (DATA_KEYS). Raises KeysWrong.
    """

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys) or len(set(keys)) < len(keys):
            raise KeysWrong(KeysWrong.__doc__)
        self._keys = tuple(_key(key) for key in keys)
        self._by_id = {key.key_id: key for key in self._keys}

    def __repr__(self) -> str:
        """Name the number of keys; never a key."""
        return f"Sealer({len(self._keys)} keys)"

    def seal(self, text: str, context: str) -> bytes:
        """Return `text` encrypted; it opens only with the same `context` (such as "calls.number").

        The answer differs each time: form, key id, nonce, ciphertext with its tag.
        """
        key = self._keys[0]
        nonce = os.urandom(_NONCE_BYTES)
        head = _FORM + key.key_id
        plain = text.encode("utf-8", "surrogatepass")
        return head + nonce + key.seal.encrypt(nonce, plain, head + context.encode())

    def unseal(self, sealed: bytes, context: str) -> str:
        """Return the text that `seal` was given with the same `context`. Raises Unsealable."""
        sealed = bytes(sealed)
        head, nonce = sealed[:_ID_END], sealed[_ID_END:_HEAD_BYTES]
        key = self._by_id.get(head[1:])
        if len(sealed) <= _HEAD_BYTES or head[:1] != _FORM or key is None:
            raise Unsealable(
                "The value is not sealed under any of DATA_KEYS; put its old key back at the end."
            )
        try:
            plain = key.seal.decrypt(nonce, sealed[_HEAD_BYTES:], head + context.encode())
        except InvalidTag:
            raise Unsealable(
                f"The value was changed, or was sealed for another place than {context!r}."
            ) from None
        return plain.decode("utf-8", "surrogatepass")

    def stale(self, sealed: bytes) -> bool:
        """Tell whether `sealed` is under an older key and should be sealed anew."""
        return bytes(sealed)[len(_FORM) : _ID_END] != self._keys[0].key_id

    def index(self, text: str) -> str:
        """Return the keyed hash of `text` under the newest key: what a row is stored with."""
        return _index(self._keys[0], text)

    def indexes(self, text: str) -> tuple[str, ...]:
        """Return the keyed hashes of `text` under every key: what rows are looked up by.

        During a rotation older rows still carry the older key's hash.
        """
        return tuple(_index(key, text) for key in self._keys)


def _index(key: _Key, text: str) -> str:
    plain = text.encode("utf-8", "surrogatepass")
    return hmac.new(key.index, plain, hashlib.sha256).hexdigest()


def _key(key: bytes) -> _Key:
    """Derive the sealing key, the index key and the public id, so that none gives another away."""
    return _Key(
        key_id=_derived(key, b"helpline key id", _KEY_ID_BYTES),
        seal=AESGCM(_derived(key, b"helpline seal", KEY_BYTES)),
        index=_derived(key, b"helpline index", KEY_BYTES),
    )


def _derived(key: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(key)
