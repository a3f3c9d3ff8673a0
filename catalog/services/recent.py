"""What was looked up a moment ago, so that not every request pays a round trip to the database."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from cachetools import LRUCache
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from catalog.errors import Unavailable

K = TypeVar("K")
V = TypeVar("V")

SIZE = 10_000
# While the database is away, what was known last still holds for so long: searches do not need the database.
OUTAGE_SECONDS = 300.0
AWAY = (Unavailable, PoolTimeout, DBAPIError)


class Recent(Generic[K, V]):
    """Values by key for `seconds`. That there is no value is never kept: the next request looks again.

    Not a TTLCache: what is too old is still needed in an outage.
    """

    def __init__(self, seconds: float, size: int = SIZE) -> None:
        self._seconds = seconds
        # Until when it is new enough, when it was loaded, and the value.
        self._held: LRUCache[K, tuple[float, float, V]] = LRUCache(size)

    async def get(self, key: K, load: Callable[[], Awaitable[V | None]], otherwise: V | None = None) -> V | None:
        """The value, loaded when what is held is too old; None when there is none.

        When the database is away: what was known last, else `otherwise`. Raises Unavailable or what SQLAlchemy raises
        when there is neither.
        """
        now = time.monotonic()
        entry = self._held.get(key)
        if entry is not None and now < entry[0]:
            return entry[2]
        try:
            value = await load()
        except AWAY:
            if entry is not None and now < entry[1] + OUTAGE_SECONDS:
                value, loaded = entry[2], entry[1]
            elif otherwise is not None:
                value, loaded = otherwise, now - OUTAGE_SECONDS
            else:
                raise
            # The next ones need not wait for an answer that does not come.
            self._held[key] = (now + max(self._seconds, 1.0), loaded, value)
            return value
        if value is None:
            self._held.pop(key, None)
        elif self._seconds:
            self._held[key] = (now + self._seconds, now, value)
        return value
