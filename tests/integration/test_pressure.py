"""Elasticsearch refuses, hangs or goes away: work waits, nobody is quarantined, and all recovers by itself (I4, I8)."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.settings import Settings
from indexer import ledger
from indexer.backoff import MIN_BATCH_SIZE, Backoff
from indexer.drain import drain
from indexer.indexer import Indexer
from indexer.rebuild import ensure_index
from indexer.repair import reconcile
from indexer.sync import sync_batch
from stack import Ephemeral
from tests.processes import running, wait_until
from tests.support import live_index, store, sync_all

pytestmark = pytest.mark.process

Db = psycopg.Connection[Any]

PRODUCTS = 60


@pytest.fixture
def own(settings: Settings, db: Db, private: Ephemeral) -> Settings:
    own = settings.model_copy(
        update={
            "elasticsearch_url": private.elasticsearch_url,
            "elasticsearch_username": None,
            "elasticsearch_password": None,
            "redis_url": private.redis_url,
            "sync_batch_size": 40,
            "sync_lease_seconds": 15,
        }
    )
    with closing(make_client(own)) as client:
        if left := list(client.indices.get(index=f"{own.index_prefix}-*", expand_wildcards="all")):
            client.indices.delete(index=left)
        ensure_index(own, client)
    return own


@pytest.fixture
def client(own: Settings) -> Iterator[Elasticsearch]:
    with closing(make_client(own)) as client:
        yield client


def pending(db: Db) -> int:
    row = db.execute("SELECT count(*) FROM product_sync WHERE version > synced_version").fetchone()
    assert row is not None
    return int(row[0])


def change_all(db: Db) -> None:
    db.execute("UPDATE products SET price = price + 1")


@contextmanager
def setting(client: Elasticsearch, index: str, name: str) -> Iterator[None]:
    client.indices.put_settings(index=index, settings={name: True})
    yield
    client.indices.put_settings(index=index, settings={name: None})


@contextmanager
def flood_stage(client: Elasticsearch, index: str, servers: Ephemeral) -> Iterator[None]:
    """What Elasticsearch sets when the disk is full: every write is answered with 429."""
    with setting(client, index, "index.blocks.read_only_allow_delete"):
        yield


@contextmanager
def write_block(client: Elasticsearch, index: str, servers: Ephemeral) -> Iterator[None]:
    """403, as while an index is being shrunk or cloned."""
    with setting(client, index, "index.blocks.write"):
        yield


@contextmanager
def closed(client: Elasticsearch, index: str, servers: Ephemeral) -> Iterator[None]:
    """400, which is what Elasticsearch answers to a write into a closed index."""
    client.indices.close(index=index)
    yield
    client.indices.open(index=index, wait_for_active_shards=1)


@contextmanager
def hanging(client: Elasticsearch, index: str, servers: Ephemeral) -> Iterator[None]:
    """Connections stay open and nothing answers."""
    servers.elasticsearch.pause()
    try:
        yield
    finally:
        servers.elasticsearch.resume()


@contextmanager
def stopped(client: Elasticsearch, index: str, servers: Ephemeral) -> Iterator[None]:
    servers.elasticsearch.kill()
    try:
        yield
    finally:
        servers.elasticsearch.start()


Fault = Callable[[Elasticsearch, str, Ephemeral], Any]


@pytest.mark.parametrize("fault", [flood_stage, write_block, closed, hanging, stopped])
def test_everything_recovers_by_itself(
    own: Settings, db: Db, client: Elasticsearch, private: Ephemeral, fault: Fault, tmp_path: Any
) -> None:
    store(own, [{"sku": f"p{number}"} for number in range(PRODUCTS)])
    with running(own, "worker"), running(own, "pump"):
        wait_until(lambda: pending(db) == 0, 60)
        with fault(client, live_index(db), private):
            change_all(db)
            # Claimed and given back at least once: the worker has met the fault. A refused connection takes it no time
            # at all, so that a claim may come and go unseen: each of the two leaves a newer row behind.
            changed = db.execute("SELECT max(xmin::text::bigint) FROM product_sync").fetchone()
            met = "SELECT max(xmin::text::bigint) > %s + 1 AND count(claimed_until) = 0 FROM product_sync"
            wait_until(lambda: db.execute(met, changed).fetchone() == (True,), 60)
            assert pending(db) == PRODUCTS
            assert db.execute("SELECT max(attempts) FROM product_sync").fetchone() == (0,)
        wait_until(lambda: pending(db) == 0, 90)
    assert db.execute("SELECT max(attempts), count(error) FROM product_sync").fetchone() == (0, 0)
    assert [found.equal for found in reconcile(Indexer(db, client, own), repair=False)] == [True]


def test_batches_shrink_while_it_lasts_and_grow_again(own: Settings, db: Db, client: Elasticsearch) -> None:
    store(own, [{"sku": f"p{number}"} for number in range(PRODUCTS)])
    backoff = Backoff(40)
    with setting(client, live_index(db), "index.blocks.write"):
        while backoff.batch_size > MIN_BATCH_SIZE:
            drain(Indexer(db, client, own), backoff, 0.5)
    assert pending(db) == PRODUCTS
    while pending(db):
        drain(Indexer(db, client, own), backoff, 0.5)
    assert backoff.batch_size == 40


def test_a_slow_batch_makes_the_next_one_smaller(own: Settings, db: Db, client: Elasticsearch) -> None:
    """With a limit of no time at all, every batch is slow."""
    store(own, [{"sku": f"p{number}"} for number in range(PRODUCTS)])
    backoff = Backoff(40, slow_seconds=0)
    assert drain(Indexer(db, client, own), backoff, 30) == PRODUCTS
    assert backoff.batch_size == MIN_BATCH_SIZE
    assert backoff.pause_left() == 0


def test_a_hanging_server_is_left_before_the_lease_ends(
    own: Settings, db: Db, client: Elasticsearch, private: Ephemeral
) -> None:
    """Otherwise another worker would claim the same rows and hang as well."""
    store(own, [{"sku": f"p{number}"} for number in range(PRODUCTS)])
    held: list[Any] = []
    with hanging(client, live_index(db), private), connect(own, "watcher", autocommit=True) as watcher:
        trying = threading.Thread(target=sync_batch, args=(Indexer(db, client, own), PRODUCTS))
        trying.start()
        lease = "SELECT max(claimed_until) FROM product_sync"
        wait_until(lambda: watcher.execute(lease).fetchone() != (None,))
        (until,) = watcher.execute(lease).fetchone() or (None,)
        trying.join()
        assert watcher.execute("SELECT clock_timestamp() < %s", (until,)).fetchone() == (True,)
        assert watcher.execute(lease).fetchone() == (None,)
        held.append(ledger.claim(watcher, PRODUCTS, 0.001))
    assert len(held[0].ids) == PRODUCTS
    sync_all(own, db, client)
    assert pending(db) == 0


def test_four_workers_write_every_row_once(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    """Elasticsearch counts the documents that it was sent: no two workers have had the same row."""
    own = settings.model_copy(update={"sync_lease_seconds": 60})
    store(own, [{"sku": f"p{number}"} for number in range(2000)])

    def work(_: int) -> list[int]:
        settled = []
        with connect(own, "worker", autocommit=True) as connection, closing(make_client(own)) as client:
            while (batch := sync_batch(Indexer(connection, client, own), 50)).claimed:
                assert (batch.settled, batch.unavailable) == (batch.claimed, None)
                settled.append(batch.settled)
        return settled

    before = sent(es, index)
    with ThreadPoolExecutor(4) as pool:
        worked = list(pool.map(work, range(4)))
    assert sum(map(sum, worked)) == 2000
    assert all(worked)
    assert sent(es, index) - before == 2000
    assert pending(db) == 0


def sent(es: Elasticsearch, index: str) -> int:
    """How many documents this index has ever written."""
    stats = es.indices.stats(index=index, metric="indexing")
    return int(stats["indices"][index]["primaries"]["indexing"]["index_total"])
