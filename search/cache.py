"""Answers of searches kept in Redis for a few seconds, by everything that decides them.

An answer is at most `cache_seconds` old and says how old it is (`age_seconds`). Redis is never waited for: away, slow
or full, the search is made as without it. Searches that are equal and come at the same time are made once in a process.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
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
SHAPE = 3
# Which index is live may be as old as this; it changes with a rebuild.
INDEX_SECONDS = 1.0
PAUSE = Limits(failures=3, pause=1.0, longest_pause=10.0)

Answer = TypeVar("Answer", bound=msgspec.Struct)


class Entry(msgspec.Struct, Generic[Answer], frozen=True):
    """What is kept of an answer."""

    #: When it was about to be made, in seconds since 1970.
    at: float
    answer: Answer


class Cached(NamedTuple, Generic[Answer]):
    """An answer, and how old it is in seconds; None for one that was made now."""

    answer: Answer
    age: float | None


@dataclass(slots=True)
class Counts:
    """`hits` came from Redis, `shared` from the same search of somebody else, `misses` were made; `failed` at Redis."""

    hits: int = 0
    shared: int = 0
    misses: int = 0
    failed: int = 0


class SearchCache(Generic[Answer]):
    """Keeps answers of one type. One instance serves a whole process.

    `live_index` tells the name of the index that is searched, None where that is not known: then nothing is kept.
    `revision` tells that of the synonyms. An answer of which `may_keep` says no is not kept.
    """

    def __init__(
        self,
        redis: Redis,
        settings: Settings,
        answer_type: type[Answer],
        live_index: Callable[[], Awaitable[str | None]],
        revision: Callable[[], Awaitable[str]],
        may_keep: Callable[[Answer], bool],
    ) -> None:
        self.counts = Counts()
        self.breaker = Breaker(PAUSE)
        self._redis = redis
        self._settings = settings
        self._decoder = msgspec.json.Decoder(Entry[answer_type])  # type: ignore[valid-type]  # a type at run time
        self._live_index = live_index
        self._revision = revision
        self._may_keep = may_keep
        self._index: str | None = None
        self._index_until = 0.0
        self._looks: SingleFlight[None, None] = SingleFlight()
        self._making: SingleFlight[str, Cached[Answer]] = SingleFlight()

    async def close(self) -> None:
        """End what is being made, and the connections."""
        await self._making.close()
        await self._looks.close()
        await self._redis.aclose()

    async def answer(self, request: SearchRequest, make: Callable[[], Awaitable[Answer]]) -> Cached[Answer]:
        """The kept answer, or the one that `make` gives, which is kept where it may be."""
        key = await self._key(request)
        if key is None:
            self.counts.misses += 1
            return Cached(await make(), None)
        if key in self._making:
            self.counts.shared += 1
        making = self._making.begin(key, lambda: self._find_or_make(key, make))
        try:
            # Shielded: a caller that gives up waiting must not take the answer from the others.
            return await asyncio.wait_for(asyncio.shield(making), deadline.remaining())
        except TimeoutError:
            raise DeadlineExceeded from None

    async def _find_or_make(self, key: str, make: Callable[[], Awaitable[Answer]]) -> Cached[Answer]:
        if (entry := await self._get(key)) is not None:
            self.counts.hits += 1
            return Cached(entry.answer, round(max(0.0, time.time() - entry.at), 1))
        self.counts.misses += 1
        # Before it is made: what changes meanwhile makes the answer older than it says, never younger.
        at = time.time()
        answer = await make()
        if self._may_keep(answer):
            await self._put(key, Entry(at, answer))
        return Cached(answer, None)

    async def _key(self, request: SearchRequest) -> str | None:
        """None where it is not known which index is searched."""
        revision = await self._revision()
        if time.monotonic() >= self._index_until:
            await self._looks.get(None, self._read_index)
        if self._index is None:
            return None
        decides = (SHAPE, self._index, revision, self._settings.language, self._settings.currency, request)
        return f"{self._settings.index_prefix}:search:{sha256(repr(decides).encode()).hexdigest()}"

    async def _read_index(self) -> None:
        try:
            async with asyncio.timeout(self._settings.cache_wait_seconds):
                self._index = await self._live_index()
        except Exception as error:
            # Whatever it is, there is a search to answer.
            self._index = None
            log.warning("search.cache_index_unknown", error=f"{type(error).__name__}: {error}")
        finally:
            self._index_until = time.monotonic() + INDEX_SECONDS

    async def _get(self, key: str) -> Entry[Answer] | None:
        text = await self._ask(lambda: self._redis.get(key))
        if text is None:
            return None
        try:
            entry: Entry[Answer] = self._decoder.decode(text)
        except msgspec.DecodeError as error:
            self.counts.failed += 1
            log.warning("search.cache_unreadable", error=str(error))
            return None
        # A clock that was set back, or a longer time that was set before: never older than it may be.
        return entry if 0 <= time.time() - entry.at <= self._settings.cache_seconds else None

    async def _put(self, key: str, entry: Entry[Answer]) -> None:
        text = msgspec.json.encode(entry)
        left = self._settings.cache_seconds - (time.time() - entry.at)
        if left > 0 and len(text) <= self._settings.cache_max_bytes:
            await self._ask(lambda: self._redis.set(key, text, px=max(1, int(left * 1000))))

    async def _ask(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """What Redis answers, None while it does not: after some failures it is left alone for a while."""
        probing = not self.breaker.closed and self.breaker.begin_probe()
        if not self.breaker.closed and not probing:
            return None
        well = False
        try:
            async with asyncio.timeout(self._settings.cache_wait_seconds):
                answer = await ask()
            well = True
            return answer
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
