"""Searches, facet values and suggestions, each under the filters of the principal that asks."""

from collections.abc import Iterable
from dataclasses import replace

from catalog.principals import Principal
from search.failover import FailoverSearch
from search.request import SearchRequest, parse_autocomplete
from search.result import AutocompleteResult, FacetValuesResult, SearchResult
from services.access import Access

Parameters = Iterable[tuple[str, str]]


class SearchService:
    """What can be asked of the search. One instance serves a whole process."""

    def __init__(self, engine: FailoverSearch, access: Access) -> None:
        self._engine = engine
        self._access = access

    async def search(self, who: Principal, parameters: Parameters) -> SearchResult:
        """The result of parameters as an address has them. Raises InvalidInput."""
        return await self._engine.search(await self.read(who, parameters))

    async def search_all(self, who: Principal, requests: Iterable[SearchRequest]) -> list[SearchResult]:
        """The answers to several searches that `read` has read, in order."""
        forced = self._access.search(who)
        return await self._engine.search_all([replace(request, forced=forced) for request in requests])

    async def read(self, who: Principal, parameters: Parameters) -> SearchRequest:
        """The search that parameters make for this principal. Raises InvalidInput."""
        request = await self._engine.read(parameters, self._access.search(who))
        if request.explain:
            who.require("explain", "explain")
        return request

    async def facet_values(self, who: Principal, request: SearchRequest, name: str, prefix: str) -> FacetValuesResult:
        """One facet with those of its values that begin with `prefix`, of a search that `read` has read.

        Raises NotFound and InvalidInput.
        """
        return await self._engine.facet_values(replace(request, forced=self._access.search(who)), name, prefix)

    async def autocomplete(self, who: Principal, parameters: Parameters) -> AutocompleteResult:
        """Completions of `q`; `limit` and `category` as in the contract. Raises InvalidInput."""
        forced = self._access.search(who)
        return await self._engine.autocomplete(*parse_autocomplete(parameters), forced)
