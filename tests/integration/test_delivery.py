"""Hints are lost, doubled and delivered while the first one still runs: everything settles exactly once (I8)."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import redis
from celery import Celery
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from stack import Server, ephemeral
from tests.processes import environment, running, wait_until
from tests.support import documents, ledger, live_index, store, writer

Db = psycopg.Connection[Any]

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("index")]

# A worker with other transport options than ours: messages that are not acknowledged come back after a second.
IMPATIENT = """
import json, sys
from workers.app import BACKGROUND_QUEUE, SYNC_QUEUE, app
app.conf.broker_transport_options |= json.loads(sys.argv[1])
app.worker_main(["worker", "-Q", f"{SYNC_QUEUE},{BACKGROUND_QUEUE}", "--pool", "prefork", "--without-mingle"])
"""
LEASES = "SELECT count(*) FROM product_sync WHERE claimed_until IS NOT NULL"
OPTIONS = {"visibility_timeout": 1, "unacked_restore_interval": 0.5, "unacked_restore_throttle": 1}


@pytest.fixture(scope="module")
def private_redis() -> Iterator[Server]:
    with ephemeral(servers={"redis"}, in_memory=True) as own:
        yield own.redis


@pytest.fixture
def own(settings: Settings, private_redis: Server) -> Settings:
    private_redis.start()
    with redis.Redis.from_url(private_redis.url) as client:
        client.flushall()
    return settings.model_copy(update={"redis_url": private_redis.url, "worker_concurrency": 2})


@contextmanager
def impatient_worker(settings: Settings) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-c", IMPATIENT, json.dumps(OPTIONS)],
        cwd=tempfile.gettempdir(),
        env=environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def settled(db: Db) -> bool:
    return db.execute("SELECT count(*) FROM product_sync WHERE version > synced_version").fetchone() == (0,)


def blocked_workers(db: Db) -> int:
    """How many workers stand in the middle of a batch, before the table that the test has locked."""
    row = db.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'catalog-worker' AND wait_event_type = 'Lock' "
        "AND datname = current_database()"
    ).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def batches_that_take_long(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """Whoever has claimed rows waits for the register of indexes until the block ends."""
    with writer(settings) as locking:
        locking.execute("LOCK TABLE search_indexes IN ACCESS EXCLUSIVE MODE")
        yield locking
        locking.commit()


def test_a_task_longer_than_the_visibility_timeout_does_no_harm(own: Settings, db: Db, es: Elasticsearch) -> None:
    """One hint is delivered to both processes of a worker, the second time while the first one is at work.

    Its lease has run out as well: both hold the same rows and write the same documents.
    """
    ids = store(own, [{"sku": f"p{number}"} for number in range(30)])
    with impatient_worker(own.model_copy(update={"sync_lease_seconds": 0.5})):
        with batches_that_take_long(own), redis.Redis.from_url(own.redis_url) as client:
            hint(own)
            wait_until(lambda: blocked_workers(db) == 2)
            # The two belong to one message: it was sent once.
            assert client.hlen("unacked") == 1
        # Settled by the one, and given back by the other, too.
        wait_until(lambda: settled(db) and db.execute(LEASES).fetchone() == (0,))
    assert len(documents(db, es)) == 30
    hits = es.search(index=live_index(db), size=100, version=True)["hits"]["hits"]
    assert {hit["_version"] for hit in hits} == {1}
    for product_id in ids.values():
        row = ledger(db, product_id)
        assert (row["version"], row["synced_version"], row["attempts"], row["error"]) == (1, 1, 0, None)


def test_redis_killed_in_the_middle_of_a_task(own: Settings, db: Db, es: Elasticsearch, private_redis: Server) -> None:
    """The task ends when its message can no longer be acknowledged; the worker finds Redis again and goes on."""
    with running(own, "worker") as worker, running(own, "pump"):
        store(own, [{"sku": "before"}])
        wait_until(lambda: settled(db))
        with batches_that_take_long(own):
            store(own, [{"sku": "during"}])
            wait_until(lambda: blocked_workers(db) > 0)
            private_redis.kill()
        wait_until(lambda: settled(db))
        private_redis.start()
        store(own, [{"sku": "after"}])
        wait_until(lambda: settled(db), 60)
        assert worker.poll() is None
    assert {body["sku"] for body in documents(db, es).values()} == {"before", "during", "after"}


def test_doubled_and_disordered_hints_write_every_product_once(own: Settings, db: Db, es: Elasticsearch) -> None:
    with running(own, "worker"):
        for number in range(20):
            store(own, [{"sku": f"p{number}"}])
            hint(own, times=5)
        wait_until(lambda: settled(db))
    hits = es.search(index=live_index(db), size=100, version=True)["hits"]["hits"]
    assert {hit["_version"] for hit in hits} <= {1}
    assert len(documents(db, es)) == 20


def hint(settings: Settings, times: int = 1) -> None:
    """What the pump sends."""
    with Celery(broker=settings.redis_url) as sender, sender.connection_for_write() as connection:
        for _ in range(times):
            sender.send_task("sync.drain", queue="sync", connection=connection)
