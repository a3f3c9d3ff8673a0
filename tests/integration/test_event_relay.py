"""The relay: positions without a gap in commit order, everything published whatever is killed, lost or away."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import pytest
import redis
from pydantic import ValidationError

from catalog.connections import connect
from catalog.database import Database, make_engine
from catalog.schemas.event import check
from catalog.services import events
from catalog.settings import Settings
from stack import ephemeral
from tests.processes import running, wait_until
from workers.relay import OUTAGES, Relay

Db = psycopg.Connection[Any]


def append(db: Db, kind: str = "ProductDeleted", aggregate: Any = None, **data: Any) -> None:
    values = (kind, aggregate or uuid4(), orjson.dumps(data or {"sku": "A", "name": "Kettle"}).decode())
    db.execute("INSERT INTO domain_events (type, aggregate_id, data) VALUES (%s, %s, %s)", values)


async def relayed(settings: Settings) -> None:
    """Run a relay until it has nothing more to do."""
    relay = Relay(settings)
    try:
        for _ in range(20):
            try:
                while await relay.tick():
                    pass
                return
            except OUTAGES:
                relay._compared = float("-inf")
        raise AssertionError("the relay did not get through")
    finally:
        await relay.close()


def stream(settings: Settings) -> list[dict[str, Any]]:
    """The envelopes in the stream."""
    with redis.Redis.from_url(settings.redis_url) as client:
        entries: Any = client.xrange(settings.events_stream)
    found = [orjson.loads(fields[b"__data__"]) for _, fields in entries]
    assert [entry[0] for entry in entries] == [f"{item['position']}-0".encode() for item in found]
    return found


def positions(settings: Settings) -> list[int]:
    return [item["position"] for item in stream(settings)]


async def in_database(settings: Settings, work: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    engine = make_engine(settings)
    try:
        return await Database(engine).run(work, *arguments)
    finally:
        await engine.dispose()


async def test_events_come_in_order_without_a_gap_as_the_document_says(settings: Settings, db: Db) -> None:
    db.execute("INSERT INTO products (sku, name, price) VALUES ('A', 'Kettle', 1), ('B', 'Pot', 2)")
    db.execute("UPDATE products SET price = price + 1, inventory = 4, name = name || '!'")
    db.execute("DELETE FROM products")
    await relayed(settings)
    found = stream(settings)
    assert [item["position"] for item in found] == list(range(1, 11))
    for item in found:
        check(item)
    assert found == [event.envelope() for event in await in_database(settings, events.after, 0, 100)]


async def test_a_transaction_that_commits_late_is_not_skipped(settings: Settings, db: Db) -> None:
    late = uuid4()
    with connect(settings, "test-late") as other:
        append(other, aggregate=late)
        append(db)
        await relayed(settings)
        assert positions(settings) == [1]
        other.commit()
    append(db)
    await relayed(settings)
    assert positions(settings) == [1, 2, 3]
    assert stream(settings)[1]["aggregate_id"] == str(late)


async def test_readers_resume_by_position_and_can_ask_for_some_products(settings: Settings, db: Db) -> None:
    wanted = uuid4()
    for aggregate in (uuid4(), wanted, uuid4(), wanted):
        append(db, aggregate=aggregate)
    await relayed(settings)
    found = await in_database(settings, events.after, 1, 10)
    assert [event.position for event in found] == [2, 3, 4]
    found = await in_database(settings, events.after, 0, 10, [wanted])
    assert [event.position for event in found] == [2, 4]
    assert await in_database(settings, events.last_position) == 4
    assert await in_database(settings, events.first_position) == 1


async def test_what_is_appended_in_a_service_is_published(settings: Settings, db: Db) -> None:
    order = uuid4()
    data = {"currency": "USD", "total": "5.00", "lines": [{"sku": "A"}]}
    await in_database(settings, events.append, "OrderCreated", order, data)
    assert db.execute("SELECT id, position FROM domain_events").fetchall() == [(None, None)]
    await relayed(settings)
    [item] = stream(settings)
    [(event_id,)] = db.execute("SELECT id FROM domain_events")
    assert (item["id"], item["aggregate_id"], item["data"]) == (str(event_id), str(order), data)


@pytest.mark.process
@pytest.mark.parametrize("point", ["events.published", "events.assigned"])
async def test_a_relay_killed_at_any_point_loses_nothing(settings: Settings, db: Db, point: str) -> None:
    for _ in range(5):
        append(db)
    with running(settings.model_copy(update={"failpoint": point}), "relay") as process:
        wait_until(lambda: process.poll() is not None)
    assert process.returncode == -9
    append(db)
    with running(settings, "relay"):
        wait_until(lambda: db.execute("SELECT published FROM event_relay").fetchone() == (6,))
    assert positions(settings) == [1, 2, 3, 4, 5, 6]


async def test_a_redis_that_lost_everything_is_filled_again(settings: Settings, db: Db) -> None:
    for _ in range(5):
        append(db)
    await relayed(settings)
    with redis.Redis.from_url(settings.redis_url) as client:
        client.flushdb()
        await relayed(settings)
        assert positions(settings) == [1, 2, 3, 4, 5]
        # Lost between two looks, and there is something to publish at once.
        relay = Relay(settings)
        await relay.tick()
        client.flushdb()
        append(db)
        with pytest.raises(OUTAGES):
            await relay.tick()
        await relay.close()
    await relayed(settings)
    assert positions(settings) == [1, 2, 3, 4, 5, 6]


@pytest.mark.process
async def test_positions_are_given_while_redis_is_away_and_published_when_it_is_back(settings: Settings) -> None:
    with ephemeral(servers=["postgres", "redis"], in_memory=True) as servers:
        from cli.run import migrate_database

        mine = settings.model_copy(update={"database_url": servers.postgres_url, "redis_url": servers.redis_url})
        migrate_database(mine)
        with connect(mine, "test", autocommit=True) as db, running(mine, "relay"):
            append(db)
            wait_until(lambda: db.execute("SELECT published FROM event_relay").fetchone() == (1,))
            servers.redis.stop()
            append(db)
            wait_until(lambda: db.execute("SELECT position, published FROM event_relay").fetchone() == (2, 1))
            servers.redis.start()
            wait_until(lambda: db.execute("SELECT published FROM event_relay").fetchone() == (2,))
            assert positions(mine)[-1] == 2


async def test_of_two_relays_one_is_at_work(settings: Settings, db: Db) -> None:
    first, second = Relay(settings), Relay(settings)
    append(db)
    await first.tick()
    append(db)
    await second.tick()
    assert len(stream(settings)) <= 1
    await first.close()
    await relayed(settings)
    await second.close()
    assert positions(settings) == [1, 2]


async def test_the_stream_is_kept_short(settings: Settings, db: Db) -> None:
    for _ in range(1000):
        append(db)
    await relayed(settings.model_copy(update={"events_stream_length": 100}))
    kept = positions(settings)
    assert kept[-1] == 1000
    assert len(kept) < 400  # Redis drops whole nodes of a hundred


async def test_after_a_restore_of_an_older_backup_positions_go_on_behind_the_stream(settings: Settings, db: Db) -> None:
    with redis.Redis.from_url(settings.redis_url) as client:
        client.xadd(settings.events_stream, {"__data__": "{}"}, id="100-0")
    append(db)
    await relayed(settings)
    append(db)
    await relayed(settings)
    assert db.execute("SELECT position, published FROM event_relay").fetchone() == (101, 101)


async def test_any_client_reads_the_stream_in_groups(settings: Settings, db: Db) -> None:
    for _ in range(6):
        append(db)
    await relayed(settings)
    with redis.Redis.from_url(settings.redis_url) as client:
        client.xgroup_create(settings.events_stream, "g", id="0")
        found = []
        for consumer in ("one", "two"):
            answer: Any = client.xreadgroup("g", consumer, {settings.events_stream: ">"}, count=3)
            [[_, entries]] = answer
            found += [orjson.loads(fields[b"__data__"]) for _, fields in entries]
    assert [item["position"] for item in found] == [1, 2, 3, 4, 5, 6]


async def test_an_entry_is_one_field_with_the_envelope(settings: Settings, db: Db) -> None:
    append(db)
    await relayed(settings)
    [event] = await in_database(settings, events.after, 0, 100)
    with redis.Redis.from_url(settings.redis_url) as client:
        entries = client.xrange(settings.events_stream)
    assert entries == [(b"1-0", {b"__data__": orjson.dumps(event.envelope())})]


def test_an_envelope_that_does_not_follow_its_schema_is_found() -> None:
    with pytest.raises(ValidationError):
        check({"id": str(uuid4()), "type": "PriceChanged"})
