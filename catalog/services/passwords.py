"""Passwords: argon2id. Both functions take tens of milliseconds of processor time: call them in a thread."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD = 8
MAX_PASSWORD = 1024

_hasher = PasswordHasher()


@cache
def _unknown_user_hash() -> str:
    """What a password is compared with when there is no such user, so that the answer takes as long as a wrong
    password's. Made on first use: most commands that import this module compare no password."""
    return _hasher.hash("no user has this password")


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether the password is right; without a hash the work is done all the same and the answer is no."""
    try:
        right = _hasher.verify(password_hash or _unknown_user_hash(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return right and password_hash is not None
