"""A breaker around what is sent to Elasticsearch, so that no shopper waits for one that is known to be away."""

import asyncio
from collections.abc import AsyncIterator, Container, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog

from catalog import deadline
from catalog.errors import Unavailable
from catalog.settings import Settings
from mappings.json_types import Body, Response
from search.breaker import Breaker, Limits
from search.clauses.scope import visible
from search.elasticsearch.searcher import AWAY, RETRY_AFTER, Searcher

log = structlog.get_logger()


def breaker_limits(settings: Settings) -> Limits:
    """The breaker's limits as they are set."""
    return Limits(
        failures=settings.breaker_failures,
        share=settings.breaker_share,
        least=settings.breaker_share_least,
        window=settings.breaker_window_seconds,
        pause=settings.breaker_pause_seconds,
        longest_pause=settings.breaker_longest_pause_seconds,
    )


class GuardedSearcher:
    """A searcher that sends nothing while the breaker is open, but one small search at a time, in the background."""

    def __init__(self, searcher: Searcher, limits: Limits) -> None:
        self.breaker = Breaker(limits)
        self._searcher = searcher
        self._health_check: asyncio.Task[None] | None = None

    async def msearch(
        self, bodies: Sequence[Body], *, cached: Container[int] = (), named_scores: bool = False
    ) -> list[Response]:
        async with self._guarded():
            return await self._searcher.msearch(bodies, cached=cached, named_scores=named_scores)

    async def open_point(self) -> str:
        async with self._guarded():
            return await self._searcher.open_point()

    def check_health(self) -> None:
        """See in the background whether it is back, if it is time for that: also where nothing is searched for."""
        if self.breaker.begin_probe():
            self._health_check = asyncio.create_task(self._run_health_check())

    async def close(self) -> None:
        """End a check under way, before the connections are closed."""
        if (check := self._health_check) is not None:
            check.cancel()
            await asyncio.wait({check})

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        """Around what is sent. A request that Elasticsearch refuses is a defect of ours, no sign that it is away."""
        if not self.breaker.closed:
            self.check_health()
            raise Unavailable(AWAY, RETRY_AFTER)
        try:
            yield
        except Unavailable as error:
            self.breaker.failed()
            if not self.breaker.closed:
                log.warning("search.breaker_opened", opened=self.breaker.opened, error=error.detail)
            raise
        self.breaker.succeeded()

    async def _run_health_check(self) -> None:
        """One small search that fails wherever a real one would."""
        well = False
        try:
            with deadline.within(None):
                await self._searcher.msearch(
                    [{"size": 0, "track_total_hits": False, "query": visible(datetime.now(UTC))}]
                )
            well = True
            log.info("search.breaker_closed")
        except Exception as error:
            # Searches would meet any error as well.
            log.info("search.probe_failed", error=f"{type(error).__name__}: {error}")
        finally:
            self.breaker.end_probe(well=well)
            self._health_check = None
