"""What was found a few seconds ago, so that the next one who types the same need not wait for it again."""

import time
from collections.abc import Iterable, Mapping

# More than is typed within a few seconds; then all of it is forgotten.
MOST = 20_000
# Smaller numbers are counted every time: there, one product more or less is seen.
LARGE = 100


class Memory:
    """Large counts, by what was counted; and typed texts that needed no look for typing errors.

    Neither decides whether a suggestion finds anything: that is seen in the index every time.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held: dict[tuple[str | None, str], tuple[float, int]] = {}

    def counts(self, category: str | None, names: Iterable[str]) -> dict[str, int]:
        """The counts that are known of these."""
        now = time.monotonic()
        held = {name: self._held.get((category, name)) for name in names}
        return {name: found[1] for name, found in held.items() if found is not None and found[0] > now}

    def remember(self, category: str | None, counts: Mapping[str, int]) -> None:
        until = time.monotonic() + self._seconds
        if len(self._held) > MOST:
            self._held.clear()
        for name, count in counts.items():
            if count >= LARGE:
                self._held[category, name] = until, count
