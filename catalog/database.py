"""Sessions of the API, on an async engine."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from catalog.errors import Unavailable
from catalog.settings import Settings
from catalog.tracing import span

P = ParamSpec("P")
T = TypeVar("T")

# deadlock_detected and serialization_failure: Postgres rolled the whole transaction back, so running it again is safe.
RETRYABLE = ("40P01", "40001")
MAX_ATTEMPTS = 5
_SPAN = {"db.system.name": "postgresql"}
# No request is worth holding locks for longer.
STATEMENT_TIMEOUT_MS = 15_000


def make_engine(settings: Settings) -> AsyncEngine:
    """The one factory of async engines."""
    return create_async_engine(
        settings.database_url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=settings.database_pool_size,
        # An overflowing connection is closed when it is given back, so a busy pool would reconnect all the time.
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=5,
        connect_args={
            "connect_timeout": 5,
            "application_name": "catalog-api",
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
        },
    )


class Database:
    """The edge where a transaction begins and commits. Services get the session and never commit."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self, name: str, attempt: int = 1) -> AsyncIterator[AsyncSession]:
        """One transaction, committed at the end and rolled back by whatever is raised within; `name` is for traces.

        Raises Unavailable when Postgres does not answer.
        """
        try:
            with span(f"postgres {name}", _SPAN | {"attempt": attempt}):
                async with self._sessions.begin() as session:
                    yield session
        except DBAPIError as error:
            if error.connection_invalidated or is_connection_error(error):
                raise Unavailable("The database does not answer. Try again in a moment.") from error
            raise

    async def run(
        self, work: Callable[Concatenate[AsyncSession, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(session, ...)` in one transaction and commit; a deadlock or serialization failure runs it again.

        Raises what `work` raises, after rollback, and Unavailable when Postgres does not answer.
        """
        name = f"{work.__module__.rpartition('.')[2]}.{work.__name__}"
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                async with self.transaction(name, attempt) as session:
                    return await work(session, *args, **kwargs)
            except DBAPIError as error:
                if sqlstate(error) in RETRYABLE and attempt < MAX_ATTEMPTS:
                    await asyncio.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
                    continue
                raise
        raise AssertionError("unreachable: the last attempt returns or raises")


def sqlstate(error: DBAPIError) -> str | None:
    """Postgres' five-character code of a failed statement."""
    return getattr(error.orig, "sqlstate", None)


def constraint_name(error: DBAPIError) -> str | None:
    diagnostics: Any = getattr(error.orig, "diag", None)
    return getattr(diagnostics, "constraint_name", None)


def is_connection_error(error: DBAPIError) -> bool:
    """Whether the server could not be reached at all (class 08, 57P0x, or no code from the server)."""
    state = sqlstate(error)
    if isinstance(error.orig, psycopg.OperationalError):
        return state is None or state.startswith(("08", "57P"))
    return False
