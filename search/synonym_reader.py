"""Reads the synonyms from Postgres, and which index is live."""

import asyncio
import time

import structlog
from sqlalchemy import text

from catalog.database import Database
from catalog.services.synonyms import Stored, changed_since
from catalog.settings import Settings
from catalog.single_flight import SingleFlight
from search.text.synonyms import NO_SYNONYMS, Synonyms, compile_synonyms

log = structlog.get_logger()

# After a look that failed: a database that is away must not be asked with every search.
PAUSE = 5.0
_LIVE = text("SELECT name FROM search_indexes WHERE state = 'live'")


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

    async def revision(self) -> str:
        """Another text whenever the newest set that can be had is another one."""
        await self.current()
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
            async with self._database.transaction("synonyms.changed_since") as session:
                stored = await changed_since(session, self._stored)
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


async def live_index(database: Database) -> str | None:
    """The name of the index that searches are answered from; None where there is none yet."""
    async with database.transaction("live_index") as session:
        name: str | None = await session.scalar(_LIVE)
    return name
