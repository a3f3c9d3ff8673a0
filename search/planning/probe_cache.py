"""Probes of the last seconds: what many shoppers search for is not asked again for each of them."""

from dataclasses import replace

import orjson
from cachetools import TTLCache

from mappings.json_types import Body
from search.planning.plan import Probe, SearchPlan

# More different searches than there are in a few seconds; then the longest unused is forgotten.
MOST = 2000
# With fewer products that hold every word, one product more may change the plan: that is looked at every time.
LARGE = 100


class ProbeCache:
    """Probes by the very body that asked for them; kept as long as the types of attributes."""

    def __init__(self, seconds: float) -> None:
        self._held: TTLCache[bytes, Probe] = TTLCache(MOST, seconds)

    def get(self, body: Body) -> Probe | None:
        """What this probe found a few seconds ago."""
        return self._held.get(orjson.dumps(body))

    def put(self, plan: SearchPlan, body: Body, probe: Probe) -> None:
        """Only what cannot turn by a few products more or less."""
        certain = probe.matches_all >= LARGE if plan.request.q else probe.matches_some >= LARGE
        if certain:
            # Such a probe is used for what holds all words; the response that it is read off is not kept with it.
            probe.sample_all.profile()
            self._held[orjson.dumps(body)] = replace(probe, sample_some=probe.sample_all)
