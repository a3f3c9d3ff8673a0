"""The arithmetic of a sliding window that is made of two fixed ones. Pure.

A budget of L units in P seconds: the units of the current fixed window count whole, those of the window before it by
the share of it that the last P seconds still cover. So nobody gets twice the budget around the turn of a window, and
one counter is changed for each request (the other one does not change any more).
"""

from dataclasses import dataclass
from zlib import crc32


@dataclass(frozen=True, slots=True)
class Window:
    """`number` names the fixed window, `passed` is the share of it that is over (0 to 1), `seconds` is its length."""

    number: int
    passed: float
    seconds: int

    @property
    def left(self) -> float:
        """Seconds until it ends."""
        return (1 - self.passed) * self.seconds


def window_at(now: float, key: str, seconds: int) -> Window:
    """Each key's windows turn at a moment of their own, so that not everybody comes back at the same one."""
    number, into = divmod(now + crc32(key.encode()) % seconds, seconds)
    return Window(int(number), into / seconds, seconds)


def used(previous: int, current: int, window: Window) -> float:
    return previous * (1 - window.passed) + current


def wait(previous: int, current: int, cost: int, limit: int, window: Window) -> float:
    """Seconds until `cost` more units fit, if nothing else is spent; `current` is without them."""
    room = limit - cost - current
    if room >= 0:
        # The window before this one fades: previous × (1 - passed) has to come down to the room.
        fades_at = 1 - room / previous if previous else 0.0
        return max(0.0, (fades_at - window.passed) * window.seconds)
    # This one has to end, and then to fade like it.
    return window.left + max(0.0, 1 - (limit - cost) / current) * window.seconds
