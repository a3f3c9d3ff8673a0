"""Where domain events are published: a Redis stream or a Kafka topic, by the scheme of the broker's URL.

Both go through FastStream. What is sent is the envelope as plain JSON, so that anybody can read it without FastStream.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import orjson
from faststream.exceptions import FastStreamException
from faststream.redis import RedisBroker
from faststream.redis.parser import MessageFormat
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from catalog.errors import SettingsError
from catalog.services.events import Event
from catalog.settings import Settings

# What a broker that is away raises; `publish` can be called again.
AWAY: tuple[type[Exception], ...] = (RedisError, FastStreamException, OSError, TimeoutError)


class Lost(Exception):
    """The stream is gone: the broker has forgotten what was published."""


class Publisher(Protocol):
    async def publish(self, events: Sequence[Event], *, create: bool) -> None:
        """Send them in order; returns when the broker has them all. Raises Lost when the stream is gone and `create`
        does not allow to begin it anew, and what the broker raises.
        """

    async def top(self) -> int | None:
        """The last position in the stream, 0 when there is no stream; None where that can't be asked."""

    async def close(self) -> None: ...


class Plain(MessageFormat):
    """The body alone. FastStream's own format puts headers before it, which other readers can't parse."""

    @classmethod
    async def encode(cls, *, message: Any, **_: Any) -> bytes:
        return bytes(message)

    @classmethod
    def parse(cls, data: bytes) -> tuple[bytes, dict[str, Any]]:
        return data, {}


class _Positioned:
    """A pipeline that gives each entry its event's position as id.

    Redis refuses an id that is not greater than the last one: no event is twice in the stream, and a relay that was
    paused, and has been replaced meanwhile, can't put old events behind new ones.
    """

    def __init__(self, pipeline: Pipeline, create: bool) -> None:
        self._pipeline = pipeline
        self._create = create
        self.position = 0

    async def xadd(self, name: str, fields: dict[Any, Any], maxlen: int | None = None) -> None:
        self._pipeline.xadd(
            name, fields, id=f"{self.position}-0", maxlen=maxlen, approximate=True, nomkstream=not self._create
        )


class RedisPublisher:
    def __init__(self, url: str, stream: str, length: int) -> None:
        self._broker = RedisBroker(url, message_format=Plain, socket_timeout=10, socket_connect_timeout=3)
        self._stream = stream
        self._length = length

    async def publish(self, events: Sequence[Event], *, create: bool) -> None:
        client: Any = await self._broker.connect()
        async with client.pipeline(transaction=False) as pipeline:
            positioned: Any = _Positioned(pipeline, create)
            for event in events:
                positioned.position = event.position
                await self._broker.publish(
                    orjson.dumps(event.envelope()), stream=self._stream, maxlen=self._length, pipeline=positioned
                )
            if None in await pipeline.execute():
                raise Lost(self._stream)

    async def top(self) -> int | None:
        client: Any = await self._broker.connect()
        if not await client.exists(self._stream):
            return 0
        last = (await client.xinfo_stream(self._stream))["last-generated-id"]
        return int(bytes(last).partition(b"-")[0] if isinstance(last, bytes) else str(last).partition("-")[0])

    async def close(self) -> None:
        await self._broker.stop()


class KafkaPublisher:
    """The key is the aggregate's id, so that the events of one product are in one partition and stay in order."""

    def __init__(self, broker: Any, topic: str) -> None:
        self._broker = broker
        self._topic = topic

    async def publish(self, events: Sequence[Event], *, create: bool) -> None:
        await self._broker.connect()
        # Handed over one after the other, which is their order; then all are waited for.
        sent = [await self._send(event) for event in events]
        await asyncio.gather(*filter(asyncio.isfuture, sent))

    async def _send(self, event: Event) -> Any:
        key = str(event.aggregate_id).encode()
        return await self._broker.publish(orjson.dumps(event.envelope()), self._topic, key=key, no_confirm=True)

    async def top(self) -> int | None:
        return None

    async def close(self) -> None:
        await self._broker.stop()


def make_publisher(settings: Settings) -> Publisher:
    """Raises SettingsError when the URL names Kafka and its client is not installed."""
    url = settings.events_url or settings.redis_url
    if not url.startswith("kafka://"):
        return RedisPublisher(url, settings.events_stream, settings.events_stream_length)
    try:
        from faststream.kafka import KafkaBroker
    except ImportError as error:
        raise SettingsError(
            "CATALOG_EVENTS_URL names Kafka, whose client is not installed: pip install 'faststream[kafka]'."
        ) from error
    broker = KafkaBroker(url.removeprefix("kafka://").split(","), enable_idempotence=True)
    return KafkaPublisher(broker, settings.events_stream)
