"""What a process knows of the catalogue, apart for each set of forced filters: each sees a catalogue of its own."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.filter_conditions import NOTHING_FORCED, Forced
from search.autocomplete.memory import Memory
from search.planning.attribute_types import Kinds
from search.planning.facet_selection import Profile

# More credentials with different filters than one process should serve within minutes; then the longest unused goes.
MOST = 100


@dataclass(slots=True)
class View:
    """The kinds of its attributes and a sample of it, which hold `until`; and what suggestions have been counted.

    `profiles` are what was read off the sample, by what was wanted of it.
    """

    memory: Memory
    kinds: Kinds = field(default_factory=Kinds)
    sample: dict[str, Any] = field(default_factory=dict)
    visible_at: datetime | None = None
    until: float = 0.0
    profiles: dict[Hashable, Profile] = field(default_factory=dict)

    def remember(self, key: Hashable, profile: Profile) -> None:
        """What was read off this sample: to read it again for every search takes a millisecond."""
        if len(self.profiles) >= MOST:
            self.profiles.clear()
        self.profiles[key] = profile


class Views:
    """`seconds` is how long a count of suggestions is remembered."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open = View(Memory(seconds))
        self._forced: dict[Forced, View] = {}

    def of(self, forced: Forced = NOTHING_FORCED) -> View:
        """The view under these filters."""
        if not forced:
            return self._open
        view = self._forced.pop(forced, None) or View(Memory(self._seconds))
        if len(self._forced) >= MOST:
            del self._forced[next(iter(self._forced))]
        self._forced[forced] = view
        return view
