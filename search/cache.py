"""Answers of searches kept in Redis for a few seconds, by everything that decides them.

An answer is at most `cache_seconds` old and says how old it is (`age_seconds`). Redis is never waited for: away, slow
or full, the search is made as without it. Searches that are equal and come at the same time are made once in a process.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from catalog import deadline
from catalog.errors import DeadlineExceeded
from catalog.settings import Settings
from catalog.single_flight import SingleFlight
from search.breaker import Breaker, Limits
from search.request import SearchRequest

log = structlog.get_logger()

# Another number whenever the shape of an answer changes, so that versions of this service can run side by side.
SHAPE = 2
# Which index is live may be as old as this; it changes with a rebuild.
INDEX_SECONDS = 1.0
PAUSE = Limits(failures=3, pause=1.0, longest_pause=10.0)

Make = Callable[[], Awaitable[dict[str, Any]]]
Look = Callable[[], Awaitable[str | None]]


@dataclass(slots=True)
class Counts:
    """`hits` came from Redis, `shared` from the same search of somebody else, `misses` were made; `failed` at Redis."""

    hits: int = 0
    shared: int = 0
    misses: int = 0
    failed: int = 0


class SearchCache:
    """One instance serves a whole process. `live` tells the name of the index that is searched."""

    def __init__(self, redis: Redis, settings: Settings, live: Look) -> None:
        self.counts = Counts()
        self.breaker = Breaker(PAUSE)
        self._redis = redis
        self._settings = settings
        self._live = live
        self._index: str | None = None
        self._index_until = 0.0
        self._looks: SingleFlight[None, None] = SingleFlight()
        self._making: SingleFlight[str, dict[str, Any]] = SingleFlight()

    async def close(self) -> None:
        """End what is being made, and the connections."""
        await self._making.close()
        await self._looks.close()
        await self._redis.aclose()

    async def answer(self, request: SearchRequest, revision: str, make: Make) -> dict[str, Any]:
        """The kept answer, or the one that `make` gives, which is kept. `revision` is that of the synonyms."""
        key = await self._key(request, revision)
        if key is None:
            self.counts.misses += 1
            return await make()
        if key in self._making:
            self.counts.shared += 1
        making = self._making.begin(key, lambda: self._find_or_make(key, make))
        try:
            # Shielded: who gives up waiting must not take the answer from the others.
            response = await asyncio.wait_for(asyncio.shield(making), deadline.remaining())
        except TimeoutError:
            raise DeadlineExceeded from None
        # Each answer can be told from every other one, by whoever clicks on something in it.
        return response | {"query_id": uuid4().hex}

    async def _find_or_make(self, key: str, make: Make) -> dict[str, Any]:
        if (kept := await self._get(key)) is not None:
            self.counts.hits += 1
            response: dict[str, Any] = kept["response"]
            return response | {"age_seconds": round(max(0.0, time.time() - kept["at"]), 1)}
        self.counts.misses += 1
        # Before it is made: what changes meanwhile makes the answer older than it says, never younger.
        at = time.time()
        response = await make()
        if not response["degraded"]:
            await self._put(key, orjson.dumps({"at": at, "response": response}), at)
        return response

    async def _key(self, request: SearchRequest, revision: str) -> str | None:
        """None where it is not known which index is searched."""
        if time.monotonic() >= self._index_until:
            await self._looks.get(None, self._read_index)
        if self._index is None:
            return None
        decides = (SHAPE, self._index, revision, self._settings.language, self._settings.currency, request)
        return f"{self._settings.index_prefix}:search:{sha256(repr(decides).encode()).hexdigest()}"

    async def _read_index(self) -> None:
        try:
            async with asyncio.timeout(self._settings.cache_wait_seconds):
                self._index = await self._live()
        except Exception as error:
            # Whatever it is, there is a search to answer.
            self._index = None
            log.warning("search.cache_index_unknown", error=f"{type(error).__name__}: {error}")
        finally:
            self._index_until = time.monotonic() + INDEX_SECONDS

    async def _get(self, key: str) -> dict[str, Any] | None:
        kept = await self._asked(lambda: self._redis.get(key))
        if kept is None:
            return None
        found: dict[str, Any] = orjson.loads(kept)
        # A clock that was set back, or a longer time that was set before: never older than it may be.
        return found if 0 <= time.time() - found["at"] <= self._settings.cache_seconds else None

    async def _put(self, key: str, text: bytes, at: float) -> None:
        left = self._settings.cache_seconds - (time.time() - at)
        if left > 0 and len(text) <= self._settings.cache_max_bytes:
            await self._asked(lambda: self._redis.set(key, text, px=max(1, int(left * 1000))))

    async def _asked(self, ask: Callable[[], Any]) -> Any:
        """What Redis answers, None while it does not: after some failures it is left alone for a while."""
        probing = not self.breaker.closed and self.breaker.begin_probe()
        if not self.breaker.closed and not probing:
            return None
        well = False
        try:
            async with asyncio.timeout(self._settings.cache_wait_seconds):
                found = await ask()
            well = True
            return found
        except (RedisError, OSError, TimeoutError) as error:
            self.counts.failed += 1
            log.warning("search.cache_away", error=f"{type(error).__name__}: {error}")
            return None
        finally:
            if probing:
                self.breaker.end_probe(well=well)
            elif well:
                self.breaker.succeeded()
            else:
                self.breaker.failed()
