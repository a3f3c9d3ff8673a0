"""Searches, facet values and suggestions, each under the filters of the principal that asks."""

from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any

from catalog.principals import Principal
from search.elasticsearch.engine import SearchEngine
from search.input import AutocompleteInput, SearchInput
from search.request import SearchRequest
from services.access import Access


class SearchService:
    """What can be asked of the search. One instance serves a whole process."""

    def __init__(self, engine: SearchEngine, access: Access) -> None:
        self._engine = engine
        self._access = access

    async def search(self, who: Principal, search: SearchInput) -> dict[str, Any]:
        """The contract's response. Raises InvalidInput."""
        return await self._engine.search(self.read(who, search))

    async def search_all(self, who: Principal, requests: Iterable[SearchRequest]) -> list[dict[str, Any]]:
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
        return await self._engine.attribute_names(self._access.search(who))

    async def facet_values(self, who: Principal, request: SearchRequest, name: str, prefix: str) -> dict[str, Any]:
        """One facet with those of its values that begin with `prefix`, of a search that `read` has read.

        Raises NotFound and InvalidInput.
        """
        return await self._engine.facet_values(replace(request, forced=self._access.search(who)), name, prefix)

    async def autocomplete(self, who: Principal, typed: AutocompleteInput) -> dict[str, Any]:
        """Completions of `q`. Raises InvalidInput."""
        forced = self._access.search(who)
        return await self._engine.autocomplete(replace(typed.to_request(), forced=forced))
