"""Where domain events are published: a Redis stream or a Kafka topic, by the scheme of the broker's URL.

What is sent is the envelope as plain JSON, in the field `__data__` of a stream's entry or as the value of a record, so
that any client of the broker can read it.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from catalog.errors import SettingsError
from catalog.services.events import Event
from catalog.settings import Settings


class Lost(Exception):
    """The stream is gone: the broker has forgotten what was published."""


class BrokerAway(Exception):
    """Kafka does not confirm, with the reason."""


# What a broker that is away raises; `publish` can be called again.
AWAY: tuple[type[Exception], ...] = (RedisError, BrokerAway, OSError, TimeoutError)


class Publisher(Protocol):
    async def publish(self, events: Sequence[Event], *, create: bool) -> None:
        """Send them in order; returns when the broker has them all. Raises Lost when the stream is gone and `create`
        does not allow to begin it anew, and what the broker raises.
        """

    async def top(self) -> int | None:
        """The last position in the stream, 0 when there is no stream; None where that can't be asked."""

    async def close(self) -> None: ...


class RedisPublisher:
    """Each entry has its event's position as id.

    Redis refuses an id that is not greater than the last one: no event is twice in the stream, and a relay that was
    paused, and has been replaced meanwhile, can't put old events behind new ones.
    """

    def __init__(self, url: str, stream: str, length: int) -> None:
        self._client: Any = Redis.from_url(url, socket_timeout=10, socket_connect_timeout=3)
        self._stream = stream
        self._length = length

    async def publish(self, events: Sequence[Event], *, create: bool) -> None:
        async with self._client.pipeline(transaction=False) as pipeline:
            for event in events:
                pipeline.xadd(
                    self._stream,
                    {"__data__": orjson.dumps(event.envelope())},
                    id=f"{event.position}-0",
                    maxlen=self._length,
                    approximate=True,
                    nomkstream=not create,
                )
            if None in await pipeline.execute():
                raise Lost(self._stream)

    async def top(self) -> int | None:
        if not await self._client.exists(self._stream):
            return 0
        last = (await self._client.xinfo_stream(self._stream))["last-generated-id"]
        return int(bytes(last).partition(b"-")[0] if isinstance(last, bytes) else str(last).partition("-")[0])

    async def close(self) -> None:
        await self._client.aclose()


def make_publisher(settings: Settings) -> Publisher:
    """Raises SettingsError when the URL names Kafka and its client is not installed."""
    url = settings.events_url or settings.redis_url
    if not url.startswith("kafka://"):
        return RedisPublisher(url, settings.events_stream, settings.events_stream_length)
    try:
        from workers.kafka_publisher import KafkaPublisher
    except ImportError as error:
        raise SettingsError(
            "CATALOG_EVENTS_URL names Kafka, whose client is not installed: pip install aiokafka."
        ) from error
    return KafkaPublisher(url.removeprefix("kafka://").split(","), settings.events_stream)
