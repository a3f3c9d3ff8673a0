"""Domain events on a real Kafka: what a record is, none is lost or out of order, whatever is killed or away."""

import asyncio
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from catalog.services import events
from catalog.services.events import Event
from catalog.settings import Settings
from stack import Ephemeral, ephemeral
from tests.integration.test_event_relay import append, in_database, relayed
from tests.processes import running, wait_until
from workers import kafka_publisher
from workers.kafka_publisher import KafkaPublisher
from workers.publisher import BrokerAway

pytestmark = pytest.mark.drill

Db = psycopg.Connection[Any]
PRODUCTS = [UUID(int=number) for number in range(1, 9)]
PUBLISHED = "SELECT published FROM event_relay"


@pytest.fixture(scope="module")
def broker() -> Iterator[Ephemeral]:
    with ephemeral(servers=["kafka"]) as running:
        yield running


@pytest.fixture
def servers(broker: Ephemeral) -> str:
    return broker.kafka_url.removeprefix("kafka://")


@pytest.fixture
async def topic(servers: str) -> str:
    """A new topic of three partitions."""
    return await make_topic(servers)


@pytest.fixture
def on_kafka(settings: Settings, db: Db, broker: Ephemeral, topic: str) -> Settings:
    return settings.model_copy(update={"events_url": broker.kafka_url, "events_stream": topic})


@pytest.fixture
async def publisher(servers: str, topic: str) -> AsyncIterator[KafkaPublisher]:
    publisher = KafkaPublisher([servers], topic)
    yield publisher
    await publisher.close()


async def make_topic(servers: str, **configuration: str) -> str:
    name = f"events-{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(name, 3, 1, topic_configs=configuration)])
    await admin.close()
    return name


def consumer_of(servers: str, topic: str, group: str | None = None) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(topic, bootstrap_servers=servers, group_id=group, auto_offset_reset="earliest")


async def records(servers: str, topic: str) -> list[ConsumerRecord[bytes, bytes]]:
    """Everything in the topic, each partition in its order."""
    consumer = consumer_of(servers, topic)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[ConsumerRecord[bytes, bytes]] = []
        while len(found) < sum(ends.values()):
            for batch in (await consumer.getmany(timeout_ms=10_000)).values():
                found += batch
        return found
    finally:
        await consumer.stop()


def positions(found: list[ConsumerRecord[bytes, bytes]]) -> dict[str, list[int]]:
    """The positions of each product's events, in the order in which a reader gets them."""
    by_product = defaultdict(list)
    for record in found:
        by_product[str(record.key, "ascii")].append(orjson.loads(record.value)["position"])
    return dict(by_product)


def first_times(read: list[int]) -> list[int]:
    return list(dict.fromkeys(read))


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition)


def event(position: int, **data: str) -> Event:
    return Event.read(
        {
            "id": str(uuid4()), "type": "ProductDeleted", "aggregate_id": str(PRODUCTS[position % 8]),
            "position": position, "occurred_at": "2026-01-01T00:00:00+00:00",
            "data": data or {"sku": "A", "name": "K"}, "schema_version": 1,
        }
    )  # fmt: skip


async def test_a_record_is_the_envelope_and_its_key_the_aggregates_id(
    on_kafka: Settings, db: Db, servers: str, topic: str
) -> None:
    for number in range(24):
        append(db, aggregate=PRODUCTS[number % 8])
    await relayed(on_kafka)
    found = await records(servers, topic)
    published = {event.position: event for event in await in_database(on_kafka, events.after, 0, 100)}
    assert sorted(published) == list(range(1, 25))
    assert len(found) == 24
    for record in found:
        of_position = published[orjson.loads(record.value)["position"]]
        assert record.value == orjson.dumps(of_position.envelope())
        assert record.key == str(of_position.aggregate_id).encode()
        assert record.headers == ()
    assert positions(found) == {
        str(product): [number, number + 8, number + 16] for number, product in enumerate(PRODUCTS, 1)
    }


async def test_a_groups_consumers_share_the_products_and_read_each_in_order(
    on_kafka: Settings, db: Db, servers: str, topic: str
) -> None:
    for number in range(80):
        append(db, aggregate=PRODUCTS[number % 8])
    await relayed(on_kafka)
    one, two = (consumer_of(servers, topic, "shop") for _ in range(2))
    await asyncio.gather(one.start(), two.start())
    try:
        async with asyncio.timeout(60):
            await until(lambda: bool(one.assignment() and two.assignment()))
            await asyncio.gather(one.seek_to_beginning(), two.seek_to_beginning())
            read: list[dict[str, list[int]]] = [{}, {}]
            while sum(len(numbers) for part in read for numbers in part.values()) < 80:
                for consumer, part in zip((one, two), read, strict=True):
                    for batch in (await consumer.getmany(timeout_ms=200)).values():
                        for product, numbers in positions(batch).items():
                            part.setdefault(product, []).extend(numbers)
    finally:
        await asyncio.gather(one.stop(), two.stop())
    assert not read[0].keys() & read[1].keys()
    for product, numbers in (read[0] | read[1]).items():
        assert numbers == list(range(UUID(product).int, 81, 8))


async def test_a_relay_killed_after_publishing_publishes_again_with_the_same_ids(
    on_kafka: Settings, db: Db, servers: str, topic: str
) -> None:
    for _ in range(5):
        append(db, aggregate=PRODUCTS[0])
    with running(on_kafka.model_copy(update={"failpoint": "events.published"}), "relay") as process:
        await until(lambda: process.poll() is not None)
    assert process.returncode == -signal.SIGKILL
    append(db, aggregate=PRODUCTS[0])
    await relayed(on_kafka)
    found = await records(servers, topic)
    assert positions(found) == {str(PRODUCTS[0]): [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6]}
    assert len({orjson.loads(record.value)["id"] for record in found}) == 6


async def test_a_relay_waits_for_a_broker_that_is_away_and_ends_when_it_is_told_to(
    on_kafka: Settings, db: Db, broker: Ephemeral, servers: str, topic: str
) -> None:
    broker.kafka.kill()
    append(db, aggregate=PRODUCTS[0])
    with running(on_kafka, "relay") as process:
        wait_until(lambda: db.execute("SELECT position, published FROM event_relay").fetchone() == (1, 0))
        await asyncio.sleep(1)
        assert process.poll() is None
        await asyncio.to_thread(broker.kafka.start)
        await until(lambda: db.execute(PUBLISHED).fetchone() == (1,))
        broker.kafka.pause()
        for number in range(30):
            append(db, aggregate=PRODUCTS[number % 8])
        # In the middle of a publication, too, it ends in time.
        wait_until(lambda: db.execute("SELECT position FROM event_relay").fetchone() == (31,))
        await asyncio.sleep(1)
        process.terminate()
        assert await asyncio.to_thread(process.wait, 20) == 0
    broker.kafka.resume()
    await relayed(on_kafka)
    read = positions(await records(servers, topic))
    assert sorted(number for numbers in read.values() for number in first_times(numbers)) == list(range(1, 32))
    assert all(first_times(numbers) == sorted(first_times(numbers)) for numbers in read.values())


async def test_events_that_are_not_confirmed_yet_are_not_written_twice(
    publisher: KafkaPublisher, broker: Ephemeral, servers: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [event(number) for number in range(1, 101)]
    await publisher.publish(batch[:50], create=False)
    broker.kafka.kill()
    monkeypatch.setattr(kafka_publisher, "CONFIRM_SECONDS", 1.0)
    for _ in range(2):
        with pytest.raises(BrokerAway, match="no answer from"):
            await publisher.publish(batch[50:], create=False)
    await asyncio.to_thread(broker.kafka.start)
    monkeypatch.setattr(kafka_publisher, "CONFIRM_SECONDS", 30.0)
    await publisher.publish(batch[50:], create=False)
    read = positions(await records(servers, topic))
    assert sorted(number for numbers in read.values() for number in numbers) == list(range(1, 101))
    assert all(numbers == sorted(numbers) for numbers in read.values())


async def test_what_the_broker_refuses_is_published_when_it_accepts_it(servers: str) -> None:
    topic = await make_topic(servers, **{"max.message.bytes": "600"})
    publisher = KafkaPublisher([servers], topic)
    batch = [event(8), event(16, sku="A", name="K" * 1000)]
    await publisher.publish([batch[0]], create=False)
    with pytest.raises(BrokerAway, match="MessageSizeTooLargeError"):
        await publisher.publish([batch[1]], create=False)
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "100000"})])
    await admin.close()
    await publisher.publish([batch[1]], create=False)
    await publisher.close()
    assert positions(await records(servers, topic)) == {str(PRODUCTS[0]): [8, 16]}
