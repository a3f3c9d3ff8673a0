"""Domain events on a Kafka topic; imported only where the extra `kafka` is installed."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from catalog.services.events import Event
from workers.publisher import BrokerAway

# How long one call waits; an idempotent producer itself never gives up.
CONFIRM_SECONDS = 10.0
RETRY_MILLISECONDS = 1000


class KafkaPublisher:
    """The key is the aggregate's id, so that the events of one product are in one partition and stay in order.

    An event that was handed to the producer stays there until it is confirmed or refused, also after `publish` has
    stopped waiting: the producer goes on trying in the order of a partition, and an event that is handed over twice
    would be written twice.
    """

    def __init__(self, servers: Sequence[str], topic: str) -> None:
        self._servers = list(servers)
        self._topic = topic
        self._producer: AIOKafkaProducer | None = None
        self._unconfirmed: dict[UUID, asyncio.Future[Any]] = {}

    async def publish(self, events: Sequence[Event], *, create: bool) -> None:
        """Raises BrokerAway, also when the broker has not confirmed in time."""
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await self._send(events)
        except TimeoutError:
            raise BrokerAway(f"no answer from {','.join(self._servers)} within {CONFIRM_SECONDS:g} s") from None
        except KafkaError as error:
            raise BrokerAway(f"{type(error).__name__}: {error}") from error

    async def top(self) -> int | None:
        return None

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                # It waits for what is unconfirmed, which a broker that is away confirms never; the relay that comes
                # next publishes it again.
                async with asyncio.timeout(CONFIRM_SECONDS if not self._unconfirmed else 0.1):
                    await producer.stop()
            except TimeoutError:
                await producer.client.close()

    async def _send(self, events: Sequence[Event]) -> None:
        producer = await self._started()
        for event in events:
            if event.id not in self._unconfirmed:
                self._unconfirmed[event.id] = await producer.send(
                    self._topic, orjson.dumps(event.envelope()), key=str(event.aggregate_id).encode()
                )
        await asyncio.wait(self._unconfirmed.values())
        results, self._unconfirmed = self._unconfirmed.values(), {}
        errors = [error for result in results if (error := result.exception()) is not None]
        if errors:
            # After some errors an idempotent producer refuses whatever comes.
            await self.close()
            raise errors[0]

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._servers,
                client_id="catalog-relay",
                enable_idempotence=True,
                retry_backoff_ms=RETRY_MILLISECONDS,
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer
