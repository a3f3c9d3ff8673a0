"""The search that a process runs: from Elasticsearch while it is there, from Postgres while it is away, or from Redis.

What is the same for every back-end is here: the language, the time that an answer took, and its id.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar
from uuid import uuid4

import msgspec
from elasticsearch import AsyncElasticsearch

from catalog.database import Database
from catalog.errors import Unavailable
from catalog.filter_conditions import NOTHING_FORCED, Forced
from catalog.settings import Settings
from search.breaker import Breaker
from search.cache import SearchCache
from search.elasticsearch.engine import ElasticsearchBackend
from search.elasticsearch.guard import GuardedSearcher, breaker_limits
from search.elasticsearch.searcher import ElasticsearchSearcher
from search.planning.attribute_types import Kinds
from search.postgres.engine import PostgresBackend
from search.postgres.reader import CatalogReader
from search.request import AutocompleteRequest, SearchRequest
from search.result import AutocompleteResult, FacetValuesResult, SearchResult
from search.synonym_reader import SynonymReader

# Of the searches that one request holds.
MAX_CONCURRENCY = 4

Answer = TypeVar("Answer")


class SearchBackend(Protocol):
    """What answers searches. The words of every request are in the language of the catalogue."""

    async def search(self, request: SearchRequest) -> SearchResult:
        """A page of hits, unnamed and untimed. Raises Unavailable, and InvalidInput for a cursor."""

    async def facet_values(self, request: SearchRequest, name: str, prefix: str) -> FacetValuesResult:
        """One facet with those of its values that begin with `prefix`. Raises NotFound, InvalidInput, Unavailable."""

    async def autocomplete(self, request: AutocompleteRequest) -> AutocompleteResult:
        """Completions of what has been typed so far, untimed. Raises Unavailable."""

    async def attribute_types(self, forced: Forced) -> Kinds:
        """The types of the attributes that there are under these filters. Raises Unavailable."""


class FailoverSearch:
    """Answers from the primary back-end, or from the secondary while the primary is away.

    Without a secondary, Unavailable is raised instead: so do evaluation and benches, which must not take the one for
    the other. One instance serves a whole process.
    """

    def __init__(
        self,
        settings: Settings,
        primary: SearchBackend,
        secondary: SearchBackend | None = None,
        guard: GuardedSearcher | None = None,
        cache: SearchCache[SearchResult] | None = None,
    ) -> None:
        self.cache = cache
        # Searches and completions that the secondary has answered.
        self.degraded = 0
        self._settings = settings
        self._primary = primary
        self._secondary = secondary
        self._guard = guard

    @property
    def breaker(self) -> Breaker:
        """The breaker of the primary back-end. Raises ValueError where there is none."""
        if self._guard is None:
            raise ValueError("nothing guards this search")
        return self._guard.breaker

    async def search(self, request: SearchRequest) -> SearchResult:
        """A page of hits; `degraded` where the secondary gave it. Raises Unavailable when both are away, InvalidInput
        for a cursor.
        """
        started = time.perf_counter()
        request = replace(request, language=self._settings.language)
        age = None
        if self.cache is None or request.cursor is not None or request.explain:
            result = await self._search(request)
        else:
            result, age = await self.cache.answer(request, lambda: self._search(request))
        # Each answer can be told from every other one, by a click on something in it.
        return msgspec.structs.replace(
            result, query_id=uuid4().hex, took_ms=_milliseconds_since(started), age_seconds=age
        )

    async def search_all(self, requests: Sequence[SearchRequest]) -> list[SearchResult]:
        """The answers to several searches, in order; the first that fails is raised.

        A few at a time: of twenty hard ones at once, each would wait for all others and seem to take too long.
        """
        free = asyncio.Semaphore(MAX_CONCURRENCY)

        async def answer(request: SearchRequest) -> SearchResult:
            async with free:
                return await self.search(request)

        return list(await asyncio.gather(*map(answer, requests)))

    async def facet_values(self, request: SearchRequest, name: str, prefix: str) -> FacetValuesResult:
        """One facet with those of its values that begin with `prefix`. Raises NotFound, InvalidInput, Unavailable."""
        request = replace(request, language=self._settings.language)
        return await self._answer(lambda backend: backend.facet_values(request, name, prefix))

    async def autocomplete(self, request: AutocompleteRequest) -> AutocompleteResult:
        """Queries, products, categories and brands for what has been typed so far; `degraded` as in a search."""
        started = time.perf_counter()
        request = replace(request, language=self._settings.language)
        result = await self._answer(lambda backend: backend.autocomplete(request))
        return msgspec.structs.replace(result, took_ms=_milliseconds_since(started))

    async def attribute_types(self, forced: Forced = NOTHING_FORCED) -> Kinds:
        """The types of the catalogue's attributes; while the primary is away, those that were known before."""
        try:
            return await self._primary.attribute_types(forced)
        except Unavailable:
            if self._secondary is None:
                raise
            return await self._secondary.attribute_types(forced)

    def check_health(self) -> None:
        """See in the background whether the primary is back, if it is time for that."""
        if self._guard is not None:
            self._guard.check_health()

    async def close(self) -> None:
        """End what is under way in the background, before the connections are closed."""
        if self.cache is not None:
            await self.cache.close()
        if self._guard is not None:
            await self._guard.close()

    async def _search(self, request: SearchRequest) -> SearchResult:
        return await self._answer(lambda backend: backend.search(request))

    async def _answer(self, ask: Callable[[SearchBackend], Awaitable[Answer]]) -> Answer:
        """What the primary answers, or else the secondary. Raises Unavailable, because of the primary's error."""
        try:
            return await ask(self._primary)
        except Unavailable as error:
            if self._secondary is None:
                raise
            try:
                answer = await ask(self._secondary)
            except Unavailable as other:
                raise other from error
        self.degraded += 1
        return answer


def failover_search(
    settings: Settings,
    client: AsyncElasticsearch,
    database: Database,
    synonyms: SynonymReader,
    cache: SearchCache[SearchResult] | None = None,
) -> FailoverSearch:
    """Elasticsearch behind a breaker, with Postgres for the time that it is away."""
    guard = GuardedSearcher(ElasticsearchSearcher(client, settings), breaker_limits(settings))
    primary = ElasticsearchBackend(guard, settings, synonyms)
    reader = CatalogReader(database, settings)
    secondary = PostgresBackend(reader, settings, synonyms.current, primary.known_attribute_types)
    return FailoverSearch(settings, primary, secondary, guard, cache)


def elasticsearch_search(
    settings: Settings, client: AsyncElasticsearch, synonyms: SynonymReader | None = None
) -> FailoverSearch:
    """Elasticsearch alone, without breaker and cache: for what measures it."""
    return FailoverSearch(settings, ElasticsearchBackend(ElasticsearchSearcher(client, settings), settings, synonyms))


def _milliseconds_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
