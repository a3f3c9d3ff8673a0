"""A circuit breaker: while a server is away nobody waits for it, and a single probe at a time looks whether it is back.

One instance guards one server for one process and its event loop; it does no I/O and never waits itself.
"""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Limits:
    """`failures` in a row open it, or a `share` of at least `least` calls within `window` seconds.

    It then pauses for `pause` seconds, and twice as long after every probe that fails, up to `longest_pause`
    where that is longer.
    """

    failures: int = 5
    share: float = 0.5
    least: int = 20
    window: float = 10.0
    pause: float = 1.0
    longest_pause: float = 5.0


class Breaker:
    """Closed: calls go through. Open: none does. Half open: none does but one probe, whose outcome decides.

    Callers say how their call ended with `succeeded` or `failed`. What a call that began before ends like while the
    breaker is open changes nothing: it tells of a time that is over.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        now: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2),  # noqa: S311 - no secret
    ) -> None:
        self.limits = limits
        self.state: State = "closed"
        self.opened = self.probes = 0
        self._now = now
        self._jitter = jitter
        self._in_row = 0
        # (when it ended, whether it failed) of the calls within the window.
        self._calls: deque[tuple[float, bool]] = deque()
        self._failed = 0
        self._pause = limits.pause
        self._until = 0.0

    @property
    def closed(self) -> bool:
        """Whether calls go through."""
        return self.state == "closed"

    def succeeded(self) -> None:
        """A call was answered."""
        if self.closed:
            self._in_row = 0
            self._count(failed=False)

    def failed(self) -> None:
        """A call found the server away, or waited in vain."""
        if not self.closed:
            return
        self._in_row += 1
        self._count(failed=True)
        limits, calls = self.limits, len(self._calls)
        if self._in_row >= limits.failures or (calls >= limits.least and self._failed / calls >= limits.share):
            self.opened += 1
            self._pause = limits.pause
            self._open()

    def begin_probe(self) -> bool:
        """Whether the caller is to probe now. It must say how that ended; until then nobody else is told to."""
        if self.state != "open" or self._now() < self._until:
            return False
        self.state = "half_open"
        self.probes += 1
        return True

    def end_probe(self, *, well: bool) -> None:
        """The outcome of the probe: closed with everything forgotten, or open for a longer pause."""
        if self.state != "half_open":
            return
        if well:
            self.state = "closed"
            self._in_row = self._failed = 0
            self._calls.clear()
            return
        self._pause = min(2 * self._pause, max(self.limits.pause, self.limits.longest_pause))
        self._open()

    def _open(self) -> None:
        self.state = "open"
        self._until = self._now() + self._pause * self._jitter()

    def _count(self, *, failed: bool) -> None:
        now = self._now()
        self._calls.append((now, failed))
        self._failed += failed
        while self._calls[0][0] <= now - self.limits.window:
            self._failed -= self._calls.popleft()[1]
