"""Long drills, run by `make test-full`."""

import os
import random
import signal
import threading
import time
from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.importing import import_lines
from catalog.settings import Settings
from generator import generate
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.rebuild import rebuild
from indexer.registry import targets
from indexer.rows import read_products
from indexer.sync import document_of
from tests.processes import running, wait_until
from tests.support import documents, live_index

Db = psycopg.Connection[Any]

PRODUCTS = 10_000
KILLS = 8

pytestmark = pytest.mark.drill


def test_workers_killed_again_and_again_while_everything_changes(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    """An import, a writer, a rebuild, and workers killed with -9 every few seconds: in the end all is equal."""
    own = settings.model_copy(update={"sync_batch_size": 200, "sync_sweep_seconds": 1})
    stop = threading.Event()
    threads = [threading.Thread(target=work, args=(own, stop)) for work in (load, disturb)]
    for thread in threads:
        thread.start()
    with running(own, "pump"):
        for kill in range(KILLS):
            with running(own, "worker") as worker:
                time.sleep(random.uniform(3, 8))
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
            if kill == KILLS // 2:
                rebuild(own, es)
        stop.set()
        for thread in threads:
            thread.join()
        with running(own, "worker"), running(own, "worker"):
            wait_until(lambda: pending(db) == 0, 300)
    for target in targets(db):
        assert differences(Indexer(db, es, settings), target.name) == []
    assert contents(db, es) == expected(db)


def load(settings: Settings, stop: threading.Event) -> None:
    for result in import_lines(generate(PRODUCTS, 3), settings):
        assert result.status == "created"


def disturb(settings: Settings, stop: threading.Event) -> None:
    """Updates, deletions, and renames of categories and brands, as raw SQL."""
    draw = random.Random(5)
    with connect(settings, "drill", autocommit=True) as connection:
        while not stop.wait(0.02):
            start = f"{draw.randrange(16**8):08x}-0000-4000-8000-000000000000"
            some = "(SELECT id FROM products WHERE id > %s ORDER BY id LIMIT 3)"
            kind = draw.random()
            if kind < 0.8:
                connection.execute(f"UPDATE products SET price = price + 1 WHERE id IN {some}", (start,))
            elif kind < 0.9:
                connection.execute(f"DELETE FROM products WHERE id IN {some}", (start,))
            elif kind < 0.95:
                connection.execute(
                    "UPDATE categories SET name = name || '.' WHERE id = (SELECT id FROM categories WHERE id > %s "
                    "AND length(name) < 60 ORDER BY id LIMIT 1)",
                    (start,),
                )
            else:
                connection.execute("UPDATE product_variants SET inventory = 7 WHERE product_id IN " + some, (start,))


def pending(db: Db) -> int:
    row = db.execute(
        "SELECT (SELECT count(*) FROM product_sync WHERE version > synced_version) + (SELECT count(*) FROM fanout)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def contents(db: Db, es: Elasticsearch) -> dict[str, dict[str, Any]]:
    """Every living document of the live index, whole."""
    return {key: body for key, body in documents(db, es).items() if not body["deleted"]}


def expected(db: Db) -> dict[str, dict[str, Any]]:
    """What the documents must be, built afresh from Postgres."""
    version = next(target.schema_version for target in targets(db) if target.name == live_index(db))
    ids = [row[0] for row in db.execute("SELECT id FROM products")]
    return {str(item.product_id): document_of(item, version).body for item in read_products(db, ids)}
