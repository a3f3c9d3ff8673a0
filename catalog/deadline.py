"""Until when the caller waits for the answer to the call at hand: bounds what is asked of the servers behind it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from catalog.errors import DeadlineExceeded

_until: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """What runs in this block, and every task that it starts, has so many seconds; None sets no deadline."""
    token = _until.set(None if seconds is None else time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def remaining() -> float | None:
    """Seconds that are left, 0 or less once the deadline has passed; None without one."""
    until = _until.get()
    return None if until is None else until - time.monotonic()


def bounded(seconds: float) -> float:
    """The shorter of `seconds` and what is left. Raises DeadlineExceeded when nothing is."""
    left = remaining()
    if left is None:
        return seconds
    if left <= 0:
        raise DeadlineExceeded
    return min(seconds, left)
