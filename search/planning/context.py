"""In what a search or a completion is answered: the time, and what is known of the whole catalogue at it. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from search.planning.attribute_types import Kinds


@dataclass(frozen=True, slots=True)
class SearchContext:
    """What does not depend on the words.

    now: when it is asked; how new a product is counts from it.
    attribute_types: what the attributes of the catalogue are, and the values that words can name.
    visible_at: a time at which the same products are visible as `now`: the last time at which any came or went. None
        where that is not known.
    """

    now: datetime
    attribute_types: Kinds = field(default_factory=Kinds)
    visible_at: datetime | None = None

    @property
    def visibility_time(self) -> datetime:
        """The time to ask with for what is visible: the same for as long as nothing comes or goes."""
        return self.visible_at or self.now
