"""What a process knows of the catalogue, apart for each set of forced filters: each sees a catalogue of its own."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from cachetools import LRUCache

from catalog.filter_conditions import NOTHING_FORCED, Forced
from mappings.json_types import Body, Response
from search.autocomplete.memory import Memory
from search.clauses.scope import last_change, read_last_change, shuffled, visible
from search.planning.attribute_types import Kinds, read_kinds
from search.planning.facet_selection import TOKENS, FacetSample, Profile, profile_aggs
from search.planning.plan import SearchPlan, named_attributes
from search.text import attribute_values

# More credentials with different filters than one process should serve within minutes; then the longest unused goes.
MAX_CATALOGUES = 100
# Different facets that searches ask for; then the longest unused is forgotten.
MAX_PROFILES = 100
# More attribute names than any catalogue should have; past it, the rarest would be taken for unknown ones.
MAX_ATTRIBUTE_NAMES = 60_000


@dataclass(slots=True)
class CatalogueSnapshot:
    """The catalogue as it was a few seconds ago."""

    #: The types of its attributes.
    kinds: Kinds = field(default_factory=Kinds)
    #: The response to `profile_aggs` for a sample of all products; empty before the first one.
    sample: Response = field(default_factory=dict)
    #: A time at which the same products are visible as now.
    visible_at: datetime | None = None
    _samples: LRUCache[Hashable, FacetSample] = field(default_factory=lambda: LRUCache(MAX_PROFILES))

    def facet_sample(self, plan: SearchPlan) -> FacetSample:
        """The sample as a plan reads it; kept, because to read it again for every search takes a millisecond."""
        named, auto = named_attributes(plan.request), plan.request.auto_facets
        if (sample := self._samples.get((named, auto))) is None:
            sample = self._samples[named, auto] = FacetSample(self.kinds, named, auto, self.sample)
        return sample

    def profile(self, plan: SearchPlan) -> Profile | None:
        """The profile of a search in the whole catalogue; None for any other, or where the sample can't tell."""
        if plan.request.q or plan.request.category is not None:
            return None
        profile = self.facet_sample(plan).profile()
        numeric = [
            profile.facet(name)
            for name in named_attributes(plan.request)
            if plan.context.attribute_types.is_number(name)
        ]
        return profile if all(facet is not None and facet.steps for facet in numeric) else None


@dataclass(slots=True)
class Catalogue:
    """What is known under one set of forced filters."""

    #: Suggestions that have been counted.
    memory: Memory
    snapshot: CatalogueSnapshot = field(default_factory=CatalogueSnapshot)
    #: The monotonic time until which the snapshot holds.
    until: float = 0.0


class Catalogues:
    """`seconds` is how long a count of suggestions is remembered."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open = Catalogue(Memory(seconds))
        self._forced: LRUCache[Forced, Catalogue] = LRUCache(MAX_CATALOGUES)

    def of(self, forced: Forced = NOTHING_FORCED) -> Catalogue:
        """The catalogue under these filters."""
        if not forced:
            return self._open
        if forced not in self._forced:
            self._forced[forced] = Catalogue(Memory(self._seconds))
        return self._forced[forced]


def snapshot_body(now: datetime, forced: Forced) -> Body:
    """The search that a snapshot is read off."""
    names = {"terms": {"field": "attribute_names", "size": MAX_ATTRIBUTE_NAMES}}
    aggs = {"names": names} | profile_aggs(tokens=attribute_values.TOKENS) | last_change(now)
    return {"size": 0, "track_total_hits": False, "query": shuffled(visible(now, forced)), "aggs": aggs}


def read_snapshot(response: Response) -> CatalogueSnapshot:
    """The snapshot of the response to `snapshot_body`."""
    sample = response["aggregations"]
    tokens = sample["sample"]["tokens"]["buckets"]
    kinds = read_kinds(_keys(sample.pop("names")["buckets"]), _keys(tokens))
    del tokens[TOKENS:]  # facets are chosen by the commonest ones
    return CatalogueSnapshot(kinds, sample, read_last_change(sample))


def _keys(buckets: list[Response]) -> list[str]:
    return [bucket["key"] for bucket in buckets]
