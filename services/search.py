"""Searches, facet values and suggestions, each under the filters of the principal that asks."""

from collections.abc import Container, Iterable
from dataclasses import replace

from catalog.principals import Principal
from search.failover import FailoverSearch
from search.input import AutocompleteInput, SearchInput
from search.request import SearchRequest
from search.result import AutocompleteResult, FacetValuesResult, SearchResult
from services.access import Access


class SearchService:
    """What can be asked of the search. One instance serves a whole process."""

    def __init__(self, engine: FailoverSearch, access: Access) -> None:
        self._engine = engine
        self._access = access

    async def search(self, who: Principal, search: SearchInput) -> SearchResult:
        """The result of a search. Raises InvalidInput."""
        return await self._engine.search(self.read(who, search))

    async def search_all(self, who: Principal, requests: Iterable[SearchRequest]) -> list[SearchResult]:
        """The answers to several searches that `read` has read, in order."""
        forced = self._access.search(who)
        return await self._engine.search_all([replace(request, forced=forced) for request in requests])

    def read(self, who: Principal, search: SearchInput) -> SearchRequest:
        """The search as this principal may ask for it. Raises InvalidInput."""
        forced = self._access.search(who)
        request = replace(search.to_request(), forced=forced)
        if request.explain:
            who.require("explain", "explain")
        return request

    async def attribute_names(self, who: Principal) -> Container[str]:
        """The names of the attributes of what this principal is shown."""
        return await self._engine.attribute_types(self._access.search(who))

    async def facet_values(self, who: Principal, request: SearchRequest, name: str, prefix: str) -> FacetValuesResult:
        """One facet with those of its values that begin with `prefix`, of a search that `read` has read.

        Raises NotFound and InvalidInput.
        """
        return await self._engine.facet_values(replace(request, forced=self._access.search(who)), name, prefix)

    async def autocomplete(self, who: Principal, typed: AutocompleteInput) -> AutocompleteResult:
        """Completions of `q`. Raises InvalidInput."""
        forced = self._access.search(who)
        return await self._engine.autocomplete(replace(typed.to_request(), forced=forced))
