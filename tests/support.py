"""Shared steps of the tests: store products, bring the index up to date, read documents."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
import psycopg
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.importing import import_lines
from catalog.settings import Settings
from indexer.fanout import spread_chunk
from indexer.indexer import Indexer
from indexer.registry import LIVE, targets
from indexer.sync import BatchResult, sync_batch


def store(settings: Settings, products: Iterable[dict[str, Any]]) -> dict[str, UUID]:
    """Import products; missing names and prices are filled in. The ids by sku."""
    lines = [orjson.dumps({"name": f"Product {item['sku']}", "price": "10.00"} | item) for item in products]
    results = list(import_lines(lines, settings))
    assert [result.errors for result in results if result.errors] == []
    return {str(result.sku): result.id for result in results if result.id is not None}


def sync_all(settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch) -> list[BatchResult]:
    """Spread every fan-out and sync until nothing can be claimed, then refresh."""
    while spread_chunk(db):
        pass
    batches: list[BatchResult] = []
    while (batch := sync_batch(Indexer(db, es, settings), settings.sync_batch_size)).claimed:
        batches.append(batch)
        if batch.unavailable:
            break
    es.indices.refresh(index=live_index(db))
    return batches


def live_index(db: psycopg.Connection[Any]) -> str:
    return next(target.name for target in targets(db) if target.state == LIVE)


def documents(db: psycopg.Connection[Any], es: Elasticsearch) -> dict[str, dict[str, Any]]:
    """Every document of the live index by id, tombstones among them."""
    index = live_index(db)
    es.indices.refresh(index=index)
    found: dict[str, dict[str, Any]] = {}
    after = None
    while True:
        answer = es.search(index=index, size=1000, sort=[{"id": "asc"}], search_after=after)
        hits = answer["hits"]["hits"]
        found |= {hit["_id"]: hit["_source"] for hit in hits}
        if not hits:
            return found
        after = hits[-1]["sort"]


def ledger(db: psycopg.Connection[Any], product_id: UUID) -> dict[str, Any]:
    """The ledger row of a product."""
    # As JSON, because Python's datetime can't hold the 'infinity' of a quarantined row.
    row = db.execute("SELECT to_jsonb(product_sync) FROM product_sync WHERE product_id = %s", (product_id,)).fetchone()
    assert row is not None
    held: dict[str, Any] = row[0]
    return held


def waiting_for_locks(db: psycopg.Connection[Any]) -> int:
    """How many sessions of this database wait for a lock. (pg_locks tells those of other test workers, too.)"""
    query = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return len(db.execute(query).fetchall())


@contextmanager
def writer(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A second connection whose transaction the test ends itself."""
    with connect(settings, "test-writer") as connection:
        yield connection
