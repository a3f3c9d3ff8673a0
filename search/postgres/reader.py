"""The one module of the read side that sends searches to Postgres, while Elasticsearch is away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from catalog import deadline
from catalog.database import Database, sqlstate
from catalog.errors import Unavailable
from catalog.settings import Settings
from search.postgres.statements import Row, Statement

QUERY_CANCELED = "57014"
RETRY_AFTER = 5
_LIMITED = text("SELECT set_config('statement_timeout', :limit, true), set_config('jit', 'off', true)")
# Lower than the extension's own: of a short word with two letters swapped, little is left that is similar.
_SIMILAR = text("SELECT set_config('pg_trgm.word_similarity_threshold', '0.4', true)")

Ask = Callable[[Statement], Awaitable[list[Row]]]


class CatalogReader:
    """Runs the statements of searches without Elasticsearch, each search in a transaction of its own.

    What they may take together is bounded, and so are the connections that they hold: writes go on meanwhile.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._seconds = settings.fallback_timeout_seconds
        self._places = asyncio.Semaphore(max(1, settings.database_pool_size // 2))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Ask]:
        """What runs a search's statements. Raises Unavailable when Postgres is away or too slow."""
        try:
            async with (
                asyncio.timeout(deadline.bounded(self._seconds)),
                self._places,
                self._database.transaction("reader.transaction") as session,
            ):
                await session.execute(_LIMITED, {"limit": str(int(self._seconds * 1000))})

                async def ask(statement: Statement) -> list[Row]:
                    if "%>" in statement.sql:
                        await session.execute(_SIMILAR)
                    rows = await session.execute(text(statement.sql), statement.values)
                    return list(rows.mappings())  # type: ignore[arg-type]  # rows by the names of their columns

                yield ask
        except (TimeoutError, NoConnection) as error:
            raise Unavailable("The search took too long.", RETRY_AFTER) from error
        except DBAPIError as error:
            if sqlstate(error) == QUERY_CANCELED:
                raise Unavailable("The search took too long.", RETRY_AFTER) from error
            raise
