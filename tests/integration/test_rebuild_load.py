"""A rebuild while fifty writers write: both indexes equal Postgres, and readers never miss a product (I5)."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.settings import Settings
from indexer.rebuild import rebuild
from indexer.registry import targets
from mappings.names import read_alias
from tests.equality import contents, different, expected
from tests.processes import running, wait_until
from tests.support import store

pytestmark = pytest.mark.process

Db = psycopg.Connection[Any]

WRITERS = 50
PRODUCTS = 3000
STEADY = 200

SEED = """
INSERT INTO products (sku, name, price, status)
SELECT 'seed-' || n, 'Seed ' || n, 1, 'active' FROM generate_series(1, %s) AS n
"""
# One product by chance: ids are random, so the next one after a random id is.
SOME = "(SELECT id FROM products WHERE id > %(start)s AND sku LIKE 'seed-%%' ORDER BY id LIMIT 1)"
WRITES = (
    f"UPDATE products SET price = price + 1, name = name || '.' WHERE id = {SOME} AND length(name) < 200",
    f'UPDATE products SET attributes = attributes || \'{{"color": "red"}}\' WHERE id = {SOME}',
    f"DELETE FROM products WHERE id = {SOME}",
    f"INSERT INTO product_images (product_id, url, position) SELECT id, '/x.svg', 0 FROM {SOME} AS picked "
    "ON CONFLICT DO NOTHING",
    "INSERT INTO products (sku, name, price) VALUES ('seed-' || gen_random_uuid(), 'Inserted', 1)",
    "UPDATE brands SET name = 'Brand ' || gen_random_uuid() WHERE id = (SELECT id FROM brands LIMIT 1)",
)
WEIGHTS = (600, 150, 80, 80, 80, 2)


def test_fifty_writers(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    own = settings.model_copy(update={"sync_sweep_seconds": 1})
    store(own, [{"sku": f"steady-{number}", "brand": "Steady"} for number in range(STEADY)])
    db.execute(SEED, (PRODUCTS,))
    stop = threading.Event()
    with running(own, "worker"), running(own, "pump"), ThreadPoolExecutor(WRITERS + 1) as pool:
        wait_until(lambda: pending(db) == 0, 120)
        es.indices.refresh(index=index)
        writers = [pool.submit(write, own, seed, stop) for seed in range(WRITERS)]
        reader = pool.submit(read, own, es, stop)
        try:
            wait_until(lambda: pending(db) > 0)
            name = rebuild(own, es)
        finally:
            stop.set()
        written = sum(each.result() for each in writers)
        looks = reader.result()
        wait_until(lambda: pending(db) == 0, 120)
    assert {target.name for target in targets(db)} == {index, name}
    for target in targets(db):
        assert different(contents(es, target.name), expected(db, target.schema_version)) == []
    print(f"{written} writes and {looks} looks during the rebuild")
    assert written > WRITERS
    assert looks > 0


def write(settings: Settings, seed: int, stop: threading.Event) -> int:
    """Raw SQL, one transaction each: some 250 a second from all of them, which two cores can follow."""
    draw = random.Random(seed)
    count = 0
    with connect(settings, "test-writer", autocommit=True) as connection:
        while not stop.wait(draw.uniform(0.1, 0.3)):
            (statement,) = draw.choices(WRITES, WEIGHTS)
            start = f"{draw.randrange(16**8):08x}-0000-4000-8000-000000000000"
            # Another writer may have deleted the product of a picture since it was picked.
            with suppress(psycopg.errors.ForeignKeyViolation):
                connection.execute(statement, {"start": start})
                count += 1
    return count


def read(settings: Settings, es: Elasticsearch, stop: threading.Event) -> int:
    """Products that nobody deletes are all seen through the alias, at every moment."""
    looks = 0
    while not stop.is_set():
        answer = es.count(index=read_alias(settings.index_prefix), query={"prefix": {"sku": "steady-"}})
        assert answer["count"] == STEADY
        looks += 1
    return looks


def pending(db: Db) -> int:
    row = db.execute(
        "SELECT (SELECT count(*) FROM product_sync WHERE version > synced_version) + (SELECT count(*) FROM fanout)"
    ).fetchone()
    assert row is not None
    return int(row[0])
