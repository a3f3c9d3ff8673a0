"""How hard to push: batches shrink and pauses grow while Elasticsearch is away or slow, and recover when it is back."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FIRST_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 15.0
MIN_BATCH_SIZE = 10


@dataclass(slots=True)
class Backoff:
    """State of one worker process."""

    max_batch_size: int
    #: A batch that takes longer was too large: the lease on its rows must not run out meanwhile.
    slow_seconds: float = 5.0
    #: Gives seconds; replaced in tests of the arithmetic only.
    clock: Callable[[], float] = time.monotonic
    #: Of the next batch.
    batch_size: int = field(init=False)
    _failures: int = field(default=0, init=False)
    _resume_at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.batch_size = self.max_batch_size

    def pause_left(self) -> float:
        """Seconds until the next attempt is due."""
        return max(0.0, self._resume_at - self.clock())

    def succeeded(self, seconds: float = 0.0) -> None:
        """A batch went through in so many seconds: the next is twice as large, half as large, or the same."""
        self._failures = 0
        if seconds > self.slow_seconds:
            self._shrink()
        elif seconds < self.slow_seconds / 2:
            self.batch_size = min(self.max_batch_size, self.batch_size * 2)

    def failed(self) -> float:
        """Halve the batch and wait longer; the pause in seconds, with full jitter so that workers spread out.

        Source of the rule: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
        """
        longest = min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        self._shrink()
        pause = random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret
        self._resume_at = self.clock() + pause
        return pause

    def _shrink(self) -> None:
        self.batch_size = max(min(MIN_BATCH_SIZE, self.max_batch_size), self.batch_size // 2)
