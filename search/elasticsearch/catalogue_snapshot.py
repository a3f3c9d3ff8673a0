"""What a process knows of the catalogue, apart for each set of forced filters: each sees a catalogue of its own."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cachetools import LRUCache

from catalog.filter_conditions import NOTHING_FORCED, Forced
from search.autocomplete.memory import Memory
from search.planning.attribute_types import Kinds
from search.planning.facet_selection import Profile

# More credentials with different filters than one process should serve within minutes; then the longest unused goes.
MOST = 100


@dataclass(slots=True)
class View:
    """The kinds of its attributes and a sample of it, which hold `until`; and what suggestions have been counted.

    `profiles` are what was read off the sample, by what was wanted of it: to read it again for every search takes a
    millisecond.
    """

    memory: Memory
    kinds: Kinds = field(default_factory=Kinds)
    sample: dict[str, Any] = field(default_factory=dict)
    visible_at: datetime | None = None
    until: float = 0.0
    profiles: LRUCache[Hashable, Profile] = field(default_factory=lambda: LRUCache(MOST))


class Views:
    """`seconds` is how long a count of suggestions is remembered."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open = View(Memory(seconds))
        self._forced: LRUCache[Forced, View] = LRUCache(MOST)

    def of(self, forced: Forced = NOTHING_FORCED) -> View:
        """The view under these filters."""
        if not forced:
            return self._open
        if forced not in self._forced:
            self._forced[forced] = View(Memory(self._seconds))
        return self._forced[forced]
