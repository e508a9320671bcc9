"""Hashes and checks passwords with argon2id, at one cost whether or not the login exists.

Parameters: the OWASP Password Storage Cheat Sheet's minimum for argon2id (19 MiB, 2 passes), since
every web thread may be hashing at once.
"""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 256

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _HASHER.hash("the password of nobody; hashing against it takes as long as any other")


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password` with its parameters and salt."""
    return _HASHER.hash(password.encode("utf-8", "surrogatepass"))


def matches(password_hash: str | None, password: str) -> bool:
    """Tell whether `password` is the one behind `password_hash`.

    None (no such login) takes the same time and never matches.
    """
    guess = password[: PASSWORD_LENGTH_MAX + 1].encode("utf-8", "surrogatepass")
    try:
        right = _HASHER.verify(password_hash or _NOBODY, guess)
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Tell whether the hash was made with other parameters and should be made anew."""
    return _HASHER.check_needs_rehash(password_hash)
