"""Passwords, hashed by argon2id with the parameters that RFC 9106 recommends where memory is scarce."""

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tracker.problems import Busy

AT_ONCE = 2
"""Hashes computed at once: each takes 64 MiB, and as much of a processor as there is."""
PATIENCE = 5
"""Seconds that one waits for its turn."""

_hasher = PasswordHasher()
_slots = BoundedSemaphore(AT_ONCE)
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$bug3MdsaThC+N1+AfkoPqA$xWHeqvK7I1AObkGPKwJJXeh1zGo3yGtxri0ZAu1rolo"
"""Compared where there is no account, so that it takes as long as where there is."""


def hash_password(password: str) -> str:
    """What is kept of a password.

    :raises Busy: where too many are being hashed.
    """
    with _Turn():
        return _hasher.hash(password)


def is_password(password: str, kept: str | None) -> bool:
    """Whether it is the password of which ``kept`` is kept. It takes the same time whatever the answer, and for None.

    :raises Busy: where too many are being hashed.
    """
    with _Turn():
        try:
            _hasher.verify(kept or _NOBODYS, password)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was hashed with other parameters than one would take now."""
    return _hasher.check_needs_rehash(kept)


class _Turn:
    def __enter__(self) -> None:
        if not _slots.acquire(timeout=PATIENCE):
            raise Busy

    def __exit__(self, *_: object) -> None:
        _slots.release()
