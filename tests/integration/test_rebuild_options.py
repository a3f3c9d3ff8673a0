"""A rebuild that is cancelled, and one with other settings (I5)."""

import threading
from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.models.job import REINDEX, JobState
from catalog.settings import Settings
from indexer import chunks, jobs, loading, rebuild, rows
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.jobs import Job
from indexer.rebuild import step
from indexer.rebuild_steps import Step
from indexer.registry import LIVE, targets
from mappings.names import read_alias
from tests.commands import invoke
from tests.support import live_index, store, sync_all

Db = psycopg.Connection[Any]


@pytest.fixture
def full(settings: Settings, db: Db, es: Elasticsearch, index: str) -> str:
    store(settings, [{"sku": f"p{number}"} for number in range(20)])
    sync_all(settings, db, es)
    return index


@pytest.fixture
def begun(settings: Settings, db: Db, es: Elasticsearch, full: str) -> Job:
    job = rebuild.start(db)
    assert step(Indexer(db, es, settings)) is Step.WORKED
    return jobs.get(db, job.id)


def index_settings(es: Elasticsearch, name: str) -> dict[str, Any]:
    held: dict[str, Any] = es.indices.get_settings(index=name)[name]["settings"]["index"]
    return held


def assert_only(settings: Settings, db: Db, es: Elasticsearch, live: str) -> None:
    """`live` is the one index there is, and goes on."""
    assert [*es.indices.get(index=f"{settings.index_prefix}-products-*").body] == [live]
    assert [*es.indices.get_alias(name=read_alias(settings.index_prefix)).body] == [live]
    assert [(target.name, target.state) for target in targets(db)] == [(live, LIVE)]
    db.execute("UPDATE products SET name = 'after' WHERE sku = 'p1'")
    sync_all(settings, db, es)
    assert differences(Indexer(db, es, settings), live) == []


@pytest.mark.parametrize("steps", [0, 1], ids=["planned", "filled"])
def test_cancelled(settings: Settings, db: Db, es: Elasticsearch, full: str, begun: Job, steps: int) -> None:
    for _ in range(steps):
        step(Indexer(db, es, settings))
    answer = invoke(settings, "reindex", "--cancel")
    assert (answer.returncode, "the live index is unchanged" in answer.stderr) == (0, True)
    assert jobs.get(db, begun.id).state == JobState.CANCELLED
    assert_only(settings, db, es, full)


def test_cancelled_before_anybody_began(settings: Settings, db: Db, es: Elasticsearch, full: str) -> None:
    job = rebuild.start(db)
    assert invoke(settings, "reindex", "--cancel").returncode == 0
    assert jobs.get(db, job.id).state == JobState.CANCELLED
    assert_only(settings, db, es, full)


def test_nothing_to_cancel(settings: Settings, full: str) -> None:
    answer = invoke(settings, "reindex", "--cancel")
    assert (answer.returncode, answer.stderr.strip()) == (1, "No rebuild is running.")


def test_cancelled_while_a_worker_holds_a_chunk(
    settings: Settings, db: Db, es: Elasticsearch, full: str, begun: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker stands in the middle of its chunk until the rebuild is cancelled and another one has begun."""
    reading, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        reading.set()
        assert go_on.wait(30)
        return rows.read_between(*arguments)

    def work() -> None:
        with connect(settings, "test", autocommit=True) as connection:
            outcome.append(step(Indexer(connection, es, settings)))

    outcome: list[Step] = []
    with monkeypatch.context() as patched:
        patched.setattr(loading, "read_between", slow)
        worker = threading.Thread(target=work)
        worker.start()
        assert reading.wait(30)
    jobs.request_cancel(db, REINDEX)
    assert step(Indexer(db, es, settings)) is Step.ENDED
    assert not es.indices.exists(index=begun.progress["index"])
    second = rebuild.start(db)
    assert step(Indexer(db, es, settings)) is Step.WORKED
    go_on.set()
    worker.join()
    assert outcome == [Step.ENDED]
    assert jobs.get(db, begun.id).state == JobState.CANCELLED
    rebuild.run(Indexer(db, es, settings))
    assert jobs.get(db, second.id).state == JobState.DONE
    assert {target.name for target in targets(db)} == {full, jobs.get(db, second.id).progress["index"]}
    assert differences(Indexer(db, es, settings), live_index(db)) == []


def test_shards(settings: Settings, db: Db, es: Elasticsearch, full: str) -> None:
    assert invoke(settings, "reindex", "--shards", "2").returncode == 0
    assert index_settings(es, full)["number_of_shards"] == "1"
    assert index_settings(es, live_index(db))["number_of_shards"] == "2"
    assert differences(Indexer(db, es, settings), live_index(db)) == []


def test_joining_with_other_shards_is_refused(settings: Settings, db: Db, es: Elasticsearch, begun: Job) -> None:
    answer = invoke(settings, "reindex", "--shards", "3")
    assert (answer.returncode, "with other shards" in answer.stderr) == (1, True)
    assert jobs.get(db, begun.id).state == JobState.RUNNING


def test_refresh_interval_and_replicas_are_put_back(settings: Settings, db: Db, es: Elasticsearch, full: str) -> None:
    own = settings.model_copy(update={"index_replicas": 1, "index_refresh_interval": "700ms"})
    job = rebuild.start(db)
    assert step(Indexer(db, es, own)) is Step.WORKED
    name = jobs.get(db, job.id).progress["index"]
    held = index_settings(es, name)
    assert (held["refresh_interval"], held["number_of_replicas"]) == ("-1", "0")
    rebuild.run(Indexer(db, es, own))
    held = index_settings(es, name)
    assert (held["refresh_interval"], held["number_of_replicas"]) == ("700ms", "1")


def test_a_rebuild_without_products(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    assert rebuild.rebuild(settings, es) == live_index(db)
    job = db.execute("SELECT id FROM jobs ORDER BY created_at DESC LIMIT 1").fetchone()
    assert job is not None
    assert chunks.count(db, job[0]) == chunks.ChunkCounts(1, 0, 0, 0)
