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

from catalog.connections import connect
from catalog.settings import Settings
from indexer import chunks, jobs, rebuild_steps
from indexer import rebuild as rebuilding
from indexer.indexer import Indexer
from indexer.rebuild import rebuild
from indexer.rebuild_steps import Step
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
    monkeypatch.setattr(rebuild_steps, "CURRENT", NEXT)


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
                sync_batch(Indexer(connection, es, settings), 100)

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


def test_an_older_worker_leaves_a_newer_live_index_to_newer_ones(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    """In a rolling deployment: nothing is wrong with the products, so nothing counts against them."""
    store(settings, [{"sku": "a"}, {"sku": "b"}])
    db.execute("UPDATE search_indexes SET schema_version = %s", (NEXT,))
    for _ in range(settings.sync_max_attempts + 1):
        batch = sync_batch(Indexer(db, es, settings), 10)
        assert (batch.claimed, batch.settled, batch.refused) == (2, 0, 0)
        assert "deploy newer workers" in str(batch.unavailable)
    untouched = "SELECT count(*) FROM product_sync WHERE attempts = 0 AND claimed_until IS NULL AND error IS NULL"
    assert db.execute(untouched).fetchone() == (2,)
    db.execute("UPDATE search_indexes SET schema_version = %s", (CURRENT,))
    assert sync_batch(Indexer(db, es, settings), 10).settled == 2


def test_an_older_worker_leaves_a_newer_rebuild_alone(
    settings: Settings, db: Db, es: Elasticsearch, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its index nor its pieces; newer workers go on with both."""
    store(settings, [{"sku": "a"}])
    sync_all(settings, db, es)
    job = rebuilding.start(db)
    rebuilding.step(Indexer(db, es, settings))
    new = str(jobs.get(db, job.id).progress["index"])
    db.execute("UPDATE search_indexes SET schema_version = %s WHERE name = %s", (NEXT, new))
    db.execute("UPDATE products SET name = 'changed'")
    (batch,) = sync_all(settings, db, es)
    assert (batch.settled, batch.waiting, batch.unavailable) == (0, 1, None)
    assert {body["name"] for body in contents(es, index).values()} == {"changed"}
    assert rebuilding.step(Indexer(db, es, settings)) is Step.UNAVAILABLE
    assert chunks.count(db, job.id).free == 1
    assert [(target.error, target.given_up) for target in targets(db)] == [(None, False)] * 2
    db.execute("UPDATE search_indexes SET schema_version = %s WHERE name = %s", (CURRENT, new))
    db.execute("UPDATE product_sync SET next_attempt_at = NULL")
    sync_all(settings, db, es)
    rebuilding.run(Indexer(db, es, settings))
    assert live_index(db) == new


def test_an_older_worker_waits_for_a_newer_standby_no_longer_than_for_any_other(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    """The newer code was taken back for good: what it left must not keep every product pending."""
    store(settings, [{"sku": "a"}])
    sync_all(settings, db, es)
    rebuild(settings, es)
    db.execute("UPDATE search_indexes SET schema_version = %s WHERE state = 'standby'", (NEXT,))
    db.execute("UPDATE products SET name = 'changed'")
    assert sync_all(settings, db, es)[0].waiting == 1
    db.execute("UPDATE search_indexes SET failing_since = now() - interval '1 hour' WHERE state = 'standby'")
    db.execute("UPDATE product_sync SET next_attempt_at = NULL")
    assert sync_all(settings, db, es)[0].settled == 1
