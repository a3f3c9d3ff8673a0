"""The one module of the read side that reads Postgres: the synonyms, which index is live, and searches without
Elasticsearch.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncSession

from catalog import deadline
from catalog.database import Database, sqlstate
from catalog.errors import Unavailable
from catalog.services.synonyms import Stored, changed_since
from catalog.settings import Settings
from catalog.single_flight import SingleFlight
from search.fallback_query import Statement
from search.synonyms import NO_SYNONYMS, Synonyms, compile_synonyms

log = structlog.get_logger()

# After a look that failed: a database that is away must not be asked with every search.
PAUSE = 5.0
QUERY_CANCELED = "57014"
RETRY_AFTER = 5
_LIMITED = text("SELECT set_config('statement_timeout', :limit, true), set_config('jit', 'off', true)")
# Lower than the extension's own: of a short word with two letters swapped, little is left that is similar.
_SIMILAR = text("SELECT set_config('pg_trgm.word_similarity_threshold', '0.4', true)")
_LIVE = text("SELECT name FROM search_indexes WHERE state = 'live'")

Row = Mapping[str, Any]
Ask = Callable[[Statement], Awaitable[list[Row]]]
Answer = TypeVar("Answer")


class SynonymReader:
    """The compiled synonyms, looked after at most every `synonyms_ttl_seconds`. A search never fails for them.

    A look is one row while nothing has changed. Searches wait `synonyms_wait_seconds` for it at most, and not at all
    once it has failed: then the last set holds, until a look in the background succeeds.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._stored: Stored | None = None
        self._synonyms = NO_SYNONYMS
        self._looks: SingleFlight[None, None] = SingleFlight()
        self._next = 0.0
        self._away = False

    async def current(self) -> Synonyms:
        """The newest set that can be had without waiting long."""
        if time.monotonic() >= self._next:
            look = self._looks.begin(None, self._read)
            if not self._away:
                # Not cancelled when the time is over: the next searches profit from it.
                await asyncio.wait({look}, timeout=self._settings.synonyms_wait_seconds)
        return self._synonyms

    @property
    def revision(self) -> str:
        """Another text whenever the synonyms are others."""
        return str(self._stored.revision) if self._stored else ""

    async def load(self) -> None:
        """Look now, however long it takes: for what measures, and must not begin without them."""
        await self._read()

    async def close(self) -> None:
        """End a look under way, before the connections are closed."""
        await self._looks.close()

    async def _read(self) -> None:
        pause = PAUSE
        try:
            stored = await self._database.run(changed_since, self._stored)
            if stored is not None:
                # Thousands of entries take a moment, in which other searches are answered.
                self._synonyms = await asyncio.to_thread(compile_synonyms, stored.entries)
                self._stored = stored
                log.info("synonyms.read", entries=len(stored.entries))
            self._away, pause = False, self._settings.synonyms_ttl_seconds
        except Exception as error:
            # Whatever it is, there are searches to answer; it is looked at again.
            self._away = True
            log.warning("synonyms.unread", error=f"{type(error).__name__}: {error}")
        finally:
            self._next = time.monotonic() + pause


class CatalogReader:
    """Runs the statements of searches without Elasticsearch, each search in a transaction of its own.

    What they may take together is bounded, and so are the connections that they hold: writes go on meanwhile.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._seconds = settings.fallback_timeout_seconds
        self._places = asyncio.Semaphore(max(1, settings.database_pool_size // 2))

    async def answer(self, work: Callable[[Ask], Awaitable[Answer]]) -> Answer:
        """What `work` makes of the rows that it asks for. Raises Unavailable when Postgres is away or too slow."""
        try:
            async with asyncio.timeout(deadline.bounded(self._seconds)), self._places:
                return await self._database.run(self._within, work)
        except (TimeoutError, NoConnection) as error:
            raise Unavailable("The search took too long.", RETRY_AFTER) from error
        except DBAPIError as error:
            if sqlstate(error) == QUERY_CANCELED:
                raise Unavailable("The search took too long.", RETRY_AFTER) from error
            raise

    async def _within(self, session: AsyncSession, work: Callable[[Ask], Awaitable[Answer]]) -> Answer:
        await session.execute(_LIMITED, {"limit": str(int(self._seconds * 1000))})

        async def ask(statement: Statement) -> list[Row]:
            if "%>" in statement.sql:
                await session.execute(_SIMILAR)
            rows = await session.execute(text(statement.sql), statement.values)
            return list(rows.mappings())  # type: ignore[arg-type]  # rows by the names of their columns

        return await work(ask)


async def live_index(database: Database) -> str | None:
    """The name of the index that searches are answered from; None where there is none yet."""

    async def look(session: AsyncSession) -> str | None:
        name: str | None = await session.scalar(_LIVE)
        return name

    return await database.run(look)
