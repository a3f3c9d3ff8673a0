"""Deploying a new document shape under live writes: every index gets documents of its own shape (I6)."""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.database import connect
from catalog.settings import Settings
from indexer import rebuild as rebuilding
from indexer.rebuild import rebuild
from indexer.registry import targets
from indexer.switch import rollback
from indexer.sync import sync_batch
from mappings.names import read_alias
from mappings.row import ProductRow
from mappings.schema import CURRENT, SCHEMAS, Schema
from tests.equality import contents, different, expected
from tests.support import live_index, store, sync_all

Db = psycopg.Connection[Any]

NEXT = CURRENT + 1
PRODUCTS = 300


@pytest.fixture
def next_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a deployment brings: builders of this and of the next shape, which has one more field."""
    old = SCHEMAS[CURRENT]

    def build(row: ProductRow, version: int) -> dict[str, Any]:
        return old.build(row, version) | {"name_length": len(row["name"])}

    mappings = dict(old.mappings)
    mappings["properties"] = {**mappings["properties"], "name_length": {"type": "integer"}}
    monkeypatch.setitem(SCHEMAS, NEXT, Schema(NEXT, old.settings, mappings, build))
    monkeypatch.setattr(rebuilding, "CURRENT", NEXT)


async def test_a_new_shape_is_deployed_and_taken_back_under_live_writes(
    settings: Settings, db: Db, es: Elasticsearch, index: str, client: httpx.AsyncClient, next_shape: None
) -> None:
    store(settings, [{"sku": f"p{number}"} for number in range(PRODUCTS)])
    sync_all(settings, db, es)
    done = asyncio.Event()
    shoppers = asyncio.create_task(search(client, done))
    with live_writes(settings, es):
        new = await asyncio.to_thread(rebuild, settings, es)
        assert seen(settings, es, {"range": {"name_length": {"gte": 1}}}) == PRODUCTS
        assert await asyncio.to_thread(rollback, settings, es) == index
        assert seen(settings, es, {"match": {"name": "product"}}) == PRODUCTS
        assert await asyncio.to_thread(rollback, settings, es) == new
        done.set()
        assert await shoppers > 0
    sync_all(settings, db, es)
    assert live_index(db) == new
    assert {target.name: target.schema_version for target in targets(db)} == {index: CURRENT, new: NEXT}
    for target in targets(db):
        assert different(contents(es, target.name), expected(db, target.schema_version)) == []
    assert all("name_length" in body for body in contents(es, new).values())
    assert not any("name_length" in body for body in contents(es, index).values())
    refused = "SELECT count(*) FROM product_sync WHERE attempts > 0 OR next_attempt_at IS NOT NULL OR error IS NOT NULL"
    assert db.execute(refused).fetchone() == (0,)


def seen(settings: Settings, es: Elasticsearch, query: dict[str, Any]) -> int:
    return int(es.count(index=read_alias(settings.index_prefix), query=query)["count"])


async def search(client: httpx.AsyncClient, done: asyncio.Event) -> int:
    """Shoppers see every product in every answer, whichever index it comes from; the number of searches."""
    searches = 0
    while not done.is_set():
        answer = await client.get("/api/v1/search", params={"q": "product"})
        assert (answer.status_code, answer.json()["total"]["value"]) == (200, PRODUCTS)
        searches += 1
    return searches


@contextmanager
def live_writes(settings: Settings, es: Elasticsearch) -> Iterator[None]:
    """Products change all the time, and live sync follows, until the block ends."""
    stop = threading.Event()
    failed: list[BaseException] = []

    def change() -> None:
        draw = random.Random(1)
        with connect(settings, "test-writer", autocommit=True) as connection:
            while not stop.wait(0.01):
                sku = f"p{draw.randrange(PRODUCTS)}"
                connection.execute("UPDATE products SET name = name || '.' WHERE sku = %s", (sku,))

    def follow() -> None:
        with connect(settings, "test-sync", autocommit=True) as connection:
            while not stop.wait(0.01):
                sync_batch(connection, es, settings, 100)

    def kept(work: Any) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=kept, args=(work,)) for work in (change, follow)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
