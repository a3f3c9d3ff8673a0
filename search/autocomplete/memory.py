"""What was found within the last minute, so that those who type the same need not wait for it again."""

import time
from collections.abc import Iterable, Mapping

from cachetools import TTLCache

from search.autocomplete.counts import Counted

# More than is typed within a minute. Then the longest unused count is forgotten, and all beginnings are.
MOST_COUNTS, MOST_BEGINNINGS = 20_000, 100_000
# Smaller numbers are counted every time: there, one product more or less is seen.
LARGE = 20
SHORTEST = 3


class Memory:
    """Large counts, by what was counted, and the words that suggestions were made of. With 0 seconds, nothing is kept.

    Neither decides whether a suggestion finds anything: that is seen in the index every time.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._counts: TTLCache[tuple[str | None, Counted], int] = TTLCache(MOST_COUNTS, seconds)
        # A set: a TTLCache takes five times as long for the thousand beginnings of one answer.
        self._beginnings: set[str] = set()
        self._beginnings_until = 0.0

    def counts(self, category: str | None, items: Iterable[Counted]) -> dict[Counted, int]:
        """The counts that are known of these."""
        counts = {item: self._counts.get((category, item)) for item in items}
        return {item: count for item, count in counts.items() if count is not None}

    def remember(self, category: str | None, counts: Mapping[Counted, int]) -> None:
        for item, count in counts.items():
            if count >= LARGE:
                self._counts[category, item] = count

    def knows(self, part: str) -> bool:
        """Whether a word of a suggestion began with it: then it is no typing error."""
        return part in self._beginnings and time.monotonic() < self._beginnings_until

    def learn(self, words: Iterable[str]) -> None:
        """Words of the catalogue."""
        now = time.monotonic()
        if now >= self._beginnings_until or len(self._beginnings) > MOST_BEGINNINGS:
            self._beginnings.clear()
            self._beginnings_until = now + self._seconds
        for word in words:
            self._beginnings.update(word[:length] for length in range(SHORTEST, len(word) + 1))
