"""Where the units are counted: in Redis for all processes, or in this one alone while Redis does not answer."""

import time

import structlog
from limits.aio.storage import MemoryStorage, RedisStorage
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

PREFIX = "catalog-limits"
# A limiter that waits for Redis is worse than one that counts by itself.
TIMEOUT_SECONDS = 0.25
# How long Redis is left alone after it did not answer: one request in this time pays for the look.
PAUSE_SECONDS = 1.0
_log = structlog.get_logger()


class Counters:
    """Counters that forget themselves. `shared` is False while each process counts for itself."""

    def __init__(self, redis_url: str) -> None:
        self._pool = ConnectionPool.from_url(
            redis_url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            # The client would try again for seconds by itself.
            retry=Retry(NoBackoff(), 0),
        )
        # The library's default client is another one, and its extra for this one wants an old release of it.
        self._redis = RedisStorage(
            f"async+{redis_url}",
            implementation="redispy",
            key_prefix=PREFIX,
            connection_pool=self._pool,  # type: ignore[arg-type]  # as its documentation has it
        )
        self._memory = MemoryStorage()
        self._away_until = 0.0
        self.shared = True

    async def add(self, key: str, amount: int, seconds: int) -> int:
        """The count after `amount` was added; it is forgotten `seconds` after it began."""
        if time.monotonic() >= self._away_until:
            try:
                count = await self._redis.incr(key, seconds, amount)
            except (RedisError, OSError, TimeoutError) as error:
                self._went(error)
            else:
                self._came()
                return count
        return await self._memory.incr(key, seconds, amount)

    async def read(self, key: str) -> int:
        if time.monotonic() >= self._away_until:
            try:
                return await self._redis.get(key)
            except (RedisError, OSError, TimeoutError) as error:
                self._went(error)
        return await self._memory.get(key)

    async def close(self) -> None:
        await self._pool.disconnect()
        if self._memory.timer is not None:
            self._memory.timer.cancel()

    def _went(self, error: Exception) -> None:
        self._away_until = time.monotonic() + PAUSE_SECONDS
        if self.shared:
            _log.warning("limits.redis_away", error=type(error).__name__)
        self.shared = False

    def _came(self) -> None:
        if not self.shared:
            _log.info("limits.redis_back")
        self.shared = True
