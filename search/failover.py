"""The engine that a service runs: from Elasticsearch while it is there, from Postgres while it is away, or from Redis.

Whoever must not take one for the other (evaluation, benches of Elasticsearch) uses `SearchEngine` alone.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Container, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog
from elasticsearch import AsyncElasticsearch

from catalog import deadline
from catalog.errors import Unavailable
from catalog.filter_conditions import NOTHING_FORCED, Forced
from catalog.settings import Settings
from search.autocomplete.input import read_typed
from search.breaker import Breaker, Limits
from search.cache import SearchCache
from search.clauses.scope import visible
from search.elasticsearch.engine import RETRY_AFTER, SearchEngine
from search.planning.context import SearchContext
from search.postgres.engine import Fallback
from search.request import AutocompleteRequest, SearchRequest
from search.synonym_reader import SynonymReader
from search.text.synonyms import NO_SYNONYMS, Synonyms

log = structlog.get_logger()

# The error that a search raises while nothing is asked of Elasticsearch.
AWAY = "Search does not answer at the moment."


def limits_of(settings: Settings) -> Limits:
    """The breaker's limits as they are set."""
    return Limits(
        failures=settings.breaker_failures,
        share=settings.breaker_share,
        least=settings.breaker_share_least,
        window=settings.breaker_window_seconds,
        pause=settings.breaker_pause_seconds,
        longest_pause=settings.breaker_longest_pause_seconds,
    )


class DegradingEngine(SearchEngine):
    """Never keeps a shopper waiting for an Elasticsearch that is known to be away.

    A search that finds it away falls back itself, in what is left of its time. After some of them the breaker opens:
    nothing is asked any more but one small search at a time, in the background, to see whether it is back.
    """

    def __init__(
        self,
        client: AsyncElasticsearch,
        settings: Settings,
        synonyms: SynonymReader,
        fallback: Fallback,
        cache: SearchCache | None = None,
    ) -> None:
        super().__init__(client, settings, synonyms)
        self.breaker = Breaker(limits_of(settings))
        self.degraded = 0
        self.cache = cache
        self._reader = synonyms
        self._fallback = fallback
        self._probe: asyncio.Task[None] | None = None

    async def search(self, request: SearchRequest) -> dict[str, Any]:
        """The contract's response; `degraded` where Postgres gave it. Raises Unavailable when both are away."""
        if self.cache is None or request.cursor is not None or request.explain:
            return await self._search(request)
        started = time.perf_counter()
        await self._known()
        response = await self.cache.answer(request, self._reader.revision, lambda: self._search(request))
        response["took_ms"] = round((time.perf_counter() - started) * 1000, 1)
        return response

    async def _search(self, request: SearchRequest) -> dict[str, Any]:
        started = time.perf_counter()
        try:
            return await super().search(request)
        except Unavailable as error:
            synonyms, kinds = await self._known(), self._views.of(request.forced).kinds
            response = await self._degraded(error, self._fallback.search(request, kinds, synonyms))
        response["took_ms"] = round((time.perf_counter() - started) * 1000, 1)
        return response

    async def attribute_names(self, forced: Forced = NOTHING_FORCED) -> Container[str]:
        """While Elasticsearch is away, those that were known before."""
        try:
            return await super().attribute_names(forced)
        except Unavailable:
            return self._views.of(forced).kinds

    async def facet_values(self, request: SearchRequest, name: str, prefix: str) -> dict[str, Any]:
        """One facet with those of its values that begin with `prefix`. Raises NotFound, InvalidInput, Unavailable."""
        try:
            return await super().facet_values(request, name, prefix)
        except Unavailable as error:
            synonyms, kinds = await self._known(), self._views.of(request.forced).kinds
            return await self._degraded(error, self._fallback.facet_values(request, name, prefix, kinds, synonyms))

    async def autocomplete(self, request: AutocompleteRequest) -> dict[str, Any]:
        """Queries, products, categories and brands for what has been typed so far; `degraded` as in a search."""
        started = time.perf_counter()
        try:
            return await super().autocomplete(request)
        except Unavailable as error:
            request = replace(request, language=self._settings.language)
            typed = read_typed(request, SearchContext(datetime.now(UTC)))
            response = await self._degraded(error, self._fallback.autocomplete(typed))
        response["took_ms"] = round((time.perf_counter() - started) * 1000, 1)
        return response | {"degraded": True}

    def look(self) -> None:
        """Probe in the background if it is time: also where nobody searches, as health does."""
        if self.breaker.begin_probe():
            self._probe = asyncio.create_task(self._run_probe())

    async def close(self) -> None:
        """End a probe under way and the cache, before the connections are closed."""
        if self.cache is not None:
            await self.cache.close()
        if (probe := self._probe) is not None:
            probe.cancel()
            await asyncio.wait({probe})

    async def _ask_all(
        self, bodies: Sequence[dict[str, Any]], explained: bool | None = None, kept: Container[int] = ()
    ) -> list[dict[str, Any]]:
        async with self._guarded():
            return await super()._ask_all(bodies, explained, kept)

    async def _open_point(self) -> str:
        async with self._guarded():
            return await super()._open_point()

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        """Around what asks Elasticsearch. A request that it refuses is a defect of ours, no sign that it is away."""
        if not self.breaker.closed:
            self.look()
            raise Unavailable(AWAY, RETRY_AFTER)
        try:
            yield
        except Unavailable as error:
            self.breaker.failed()
            if not self.breaker.closed:
                log.warning("search.breaker_opened", opened=self.breaker.opened, error=error.detail)
            raise
        self.breaker.succeeded()

    async def _run_probe(self) -> None:
        """One small search that fails wherever a real one would."""
        well = False
        try:
            with deadline.within(None):
                await super()._ask_all([{"size": 0, "track_total_hits": False, "query": visible(datetime.now(UTC))}])
            well = True
            log.info("search.breaker_closed")
        except Exception as error:
            # Whatever it is, searches would meet it as well.
            log.info("search.probe_failed", error=f"{type(error).__name__}: {error}")
        finally:
            self.breaker.end_probe(well=well)
            self._probe = None

    async def _known(self) -> Synonyms:
        return await self._synonyms.current() if self._synonyms else NO_SYNONYMS

    async def _degraded(self, error: Unavailable, answer: Any) -> dict[str, Any]:
        """What Postgres answers. Raises Unavailable, because of the error before it, when it does not either."""
        try:
            found: dict[str, Any] = await answer
        except Unavailable as other:
            raise other from error
        self.degraded += 1
        return found
