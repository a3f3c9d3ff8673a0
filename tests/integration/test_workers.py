"""Pump, workers and scheduler as real processes, with real faults: nothing is lost (I3, I8)."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from stack import Server, ephemeral
from tests.processes import running, wait_until
from tests.support import documents, live_index, store

Db = psycopg.Connection[Any]

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("index")]


@pytest.fixture(scope="module")
def private_redis() -> Iterator[Server]:
    """A Redis of this test's own, so that killing and flushing it disturbs nobody."""
    with ephemeral(servers={"redis"}, in_memory=True) as own:
        yield own.redis


@pytest.fixture
def own(settings: Settings, private_redis: Server) -> Settings:
    private_redis.start()
    url = f"{private_redis.url.rstrip('/')}/0" if private_redis.url.count("/") < 3 else private_redis.url
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return settings.model_copy(update={"redis_url": url, "worker_concurrency": 2, "sync_sweep_seconds": 1})


def settled(db: Db) -> bool:
    row = db.execute("SELECT count(*) FROM product_sync WHERE version > synced_version").fetchone()
    return row == (0,)


@pytest.mark.secured
def test_a_change_is_indexed_without_being_asked_for(own: Settings, db: Db, es: Elasticsearch) -> None:
    with running(own, "worker"), running(own, "pump"):
        store(own, [{"sku": f"p{number}"} for number in range(50)])
        wait_until(lambda: settled(db))
        assert len(documents(db, es)) == 50
        db.execute("UPDATE products SET name = 'changed' WHERE sku = 'p7'")
        wait_until(lambda: settled(db), 5)
    assert {body["name"] for body in documents(db, es).values() if body["sku"] == "p7"} == {"changed"}


def test_the_sweep_alone_is_enough(own: Settings, db: Db, es: Elasticsearch) -> None:
    """The pump is down for good: the scheduler's sweep finds the work."""
    with running(own, "worker"), running(own, "scheduler"):
        store(own, [{"sku": "a"}])
        wait_until(lambda: settled(db))
    assert len(documents(db, es)) == 1


def test_redis_may_be_killed_and_emptied(own: Settings, db: Db, es: Elasticsearch, private_redis: Server) -> None:
    with running(own, "worker"), running(own, "pump"):
        store(own, [{"sku": "before"}])
        wait_until(lambda: settled(db))
        private_redis.kill()
        # A worker that had its hint already may take this one, too.
        store(own, [{"sku": "during"}])
        private_redis.start()
        wait_until(lambda: settled(db), 60)
        with redis.Redis.from_url(own.redis_url) as client:
            for number in range(20):
                store(own, [{"sku": f"flush{number}"}])
                client.flushall()
        wait_until(lambda: settled(db), 60)
    assert len(documents(db, es)) == 22


@pytest.mark.parametrize("point", ["sync.after_claim", "sync.after_write", "sync.after_settle"])
def test_a_worker_killed_in_mid_batch_loses_nothing(own: Settings, db: Db, es: Elasticsearch, point: str) -> None:
    store(own, [{"sku": f"p{number}"} for number in range(100)])
    doomed = own.model_copy(update={"failpoint": point, "sync_batch_size": 30})
    with running(doomed, "worker", "--pool", "solo") as worker, running(own, "pump"):
        wait_until(lambda: worker.poll() is not None)
        assert worker.returncode == -9
        assert not settled(db)
        with running(own, "worker"):
            wait_until(lambda: settled(db))
    assert len(documents(db, es)) == 100
    answers = es.search(index=live_index(db), size=100, version=True)["hits"]["hits"]
    assert {hit["_version"] for hit in answers} == {1}


def test_two_workers_share_a_backlog(own: Settings, db: Db, es: Elasticsearch) -> None:
    store(own, [{"sku": f"p{number}"} for number in range(2000)])
    small = own.model_copy(update={"sync_batch_size": 50})
    with running(small, "worker"), running(small, "worker"), running(small, "pump"), running(small, "pump"):
        wait_until(lambda: settled(db), 60)
    assert len(documents(db, es)) == 2000
