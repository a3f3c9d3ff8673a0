"""First looks of the last seconds: what many shoppers search for is not looked at again for each of them."""

from dataclasses import replace
from typing import Any

import orjson
from cachetools import TTLCache

from search.planning.plan import Probe, SearchPlan

# More different searches than there are in a few seconds; then the longest unused is forgotten.
MOST = 2000
# With fewer products that hold every word, one product more may change the plan: that is looked at every time.
LARGE = 100


class Looks:
    """What a look has found, by the very request that it was; for as long as the kinds of attributes are held."""

    def __init__(self, seconds: float) -> None:
        self._held: TTLCache[bytes, Probe] = TTLCache(MOST, seconds)

    def known(self, body: dict[str, Any]) -> Probe | None:
        """What this look has found a few seconds ago."""
        return self._held.get(orjson.dumps(body))

    def remember(self, plan: SearchPlan, body: dict[str, Any], probe: Probe) -> None:
        """Only what cannot turn by a few products more or less."""
        certain = probe.matches_all >= LARGE if plan.request.q else probe.matches_some >= LARGE
        if certain:
            # Such a look is used for what holds all words; what it was read off must not be kept with it.
            profile = probe.profile_all()
            kept = replace(probe, profile_all=lambda: profile, profile_some=lambda: profile)
            self._held[orjson.dumps(body)] = kept
