"""Live updates: what a socket is told of the products that it asks for."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from tests.e2e.live_socket import published, socket
from tests.e2e.served import served
from tests.support import store, sync_all
from workers.relay import Relay

Db = psycopg.Connection[Any]


@pytest.fixture
async def relay(settings: Settings, db: Db) -> AsyncIterator[Relay]:
    relay = Relay(settings)
    yield relay
    await relay.close()


@pytest.fixture
def address(settings: Settings, db: Db) -> Iterator[str]:
    quick = {"live_heartbeat_seconds": 1, "live_search_seconds": 600, "live_search_soonest_seconds": 1}
    with served(settings.model_copy(update=quick)) as address:
        yield address


async def _changes(live: Any, number: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < number:
        told = await live.told()
        if told["type"] != "heartbeat":
            found.append(told)
    return found


async def test_a_changed_price_and_stock_are_told(address: str, settings: Settings, db: Db, relay: Relay) -> None:
    ids = store(settings, [{"sku": "a", "price": "10.00", "cost": "4.00"}, {"sku": "b"}])
    await published(relay)
    async with socket(address) as live:
        assert (await live.subscribe(ids=[str(ids["a"])]))["ids"] == [str(ids["a"])]
        db.execute("UPDATE products SET inventory = 9 WHERE sku = 'b'")
        db.execute("UPDATE products SET price = 12.5 WHERE sku = 'a'")
        await published(relay)
        [priced] = await _changes(live, 1)
        db.execute("UPDATE products SET inventory = 7 WHERE sku = 'a'")
        await published(relay)
        [stocked] = await _changes(live, 1)
    assert (priced["event"], priced["id"], priced["price"], priced["currency"]) == (
        "PriceChanged",
        str(ids["a"]),
        12.5,
        "USD",
    )
    assert (stocked["event"], stocked["inventory"], stocked["in_stock"]) == ("StockChanged", 7, True)
    assert stocked["position"] > priced["position"]
    assert "cost" not in priced


async def test_missed_changes_are_replayed_in_order(address: str, settings: Settings, db: Db, relay: Relay) -> None:
    ids = store(settings, [{"sku": "a"}])
    await published(relay)
    async with socket(address) as live:
        position = (await live.subscribe(ids=[str(ids["a"])]))["position"]
    db.execute("UPDATE products SET price = 11")
    db.execute("UPDATE products SET inventory = 3")
    db.execute("UPDATE products SET price = 12")
    await published(relay)
    async with socket(address) as live:
        assert (await live.subscribe(ids=[str(ids["a"])], since=position))["type"] == "subscribed"
        told = await _changes(live, 3)
    assert [one["event"] for one in told] == ["PriceChanged", "StockChanged", "PriceChanged"]
    assert [one["position"] for one in told] == [position + 1, position + 2, position + 3]


async def test_a_position_that_is_not_kept_is_closed_with_4410(
    address: str, settings: Settings, db: Db, relay: Relay
) -> None:
    ids = store(settings, [{"sku": "a"}, {"sku": "b"}, {"sku": "c"}])
    await published(relay)
    with db.transaction():
        db.execute("SET LOCAL catalog.event_retention = 'on'")
        db.execute("DELETE FROM domain_events WHERE position <= 2")
    for since in (1, 99):
        async with socket(address) as live:
            await live.say(**{"type": "subscribe", "ids": [str(ids["a"])], "from": since})
            code, last = await live.end()
        assert (code, last["code"], last["title"]) == (4410, 4410, "Too old")


async def test_a_hidden_product_is_gone_and_one_never_seen_is_not_told_of(
    address: str, settings: Settings, db: Db, relay: Relay
) -> None:
    ids = store(settings, [{"sku": "a"}, {"sku": "draft", "status": "draft"}, {"sku": "last"}])
    await published(relay)
    async with socket(address) as live:
        answer = await live.subscribe(ids=[str(ids[sku]) for sku in ("a", "draft", "last")])
        assert answer["missing"] == [str(ids["draft"])]
        db.execute("UPDATE products SET price = 77 WHERE sku = 'draft'")
        db.execute("UPDATE products SET status = 'draft' WHERE sku = 'a'")
        db.execute("DELETE FROM products WHERE sku = 'last'")
        await published(relay)
        told = await _changes(live, 2)
    assert [(one["type"], one["id"]) for one in told] == [("gone", str(ids["a"])), ("gone", str(ids["last"]))]


async def test_a_snapshot_says_how_the_products_are_now(address: str, settings: Settings, relay: Relay) -> None:
    ids = store(settings, [{"sku": "a", "price": "10.00", "inventory": 2}])
    nobody = str(uuid4())
    async with socket(address) as live:
        answer = await live.subscribe(ids=[str(ids["a"]), nobody], snapshot=True)
    assert [(one["id"], one["price"], one["inventory"]) for one in answer["products"]] == [(str(ids["a"]), 10.0, 2)]
    assert answer["missing"] == [nobody]


async def test_heartbeats_carry_the_position_also_of_changes_that_were_not_asked_for(
    address: str, settings: Settings, db: Db, relay: Relay
) -> None:
    ids = store(settings, [{"sku": "a"}, {"sku": "b"}])
    await published(relay)
    async with socket(address) as live:
        position = (await live.subscribe(ids=[str(ids["a"])]))["position"]
        db.execute("UPDATE products SET price = 11 WHERE sku = 'b'")
        await published(relay)
        async with asyncio.timeout(20):
            while (told := await live.told())["position"] == position:
                assert told["type"] == "heartbeat"
    assert told == {"type": "heartbeat", "position": position + 1}


async def test_a_saved_search_tells_of_its_products_and_of_those_that_come_in(
    address: str, settings: Settings, db: Db, es: Elasticsearch, index: str, relay: Relay
) -> None:
    ids = store(settings, [{"sku": "a", "name": "Teapot"}, {"sku": "b", "name": "Shovel"}])
    await published(relay)
    sync_all(settings, db, es)
    async with socket(address) as live:
        assert (await live.subscribe(search={"q": "teapot"}))["ids"] == [str(ids["a"])]
        db.execute("UPDATE products SET price = 11")
        await published(relay)
        [told] = await _changes(live, 1)
        assert told["id"] == str(ids["a"])
        db.execute("UPDATE products SET name = 'Teapot of iron' WHERE sku = 'b'")
        await published(relay)
        sync_all(settings, db, es)
        [came] = await _changes(live, 1)
    assert came["type"] == "results"
    assert [one["id"] for one in came["added"]] == [str(ids["b"])]


async def test_a_saved_search_is_looked_at_also_when_nothing_is_told_of(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    ids = store(settings, [{"sku": "a", "name": "Shovel"}])
    sync_all(settings, db, es)
    with served(settings.model_copy(update={"live_search_seconds": 1})) as address:
        async with socket(address) as live:
            assert (await live.subscribe(search={"q": "teapot"}))["ids"] == []
            db.execute("UPDATE products SET name = 'Teapot'")
            sync_all(settings, db, es)
            [came] = await _changes(live, 1)
    assert [one["id"] for one in came["added"]] == [str(ids["a"])]
