"""A rebuild as a row with chunks: killed, interrupted, held up, and carried on by whoever comes next (I5)."""

import signal
from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.models.job import REINDEX, JobState
from catalog.settings import Settings
from indexer import chunks, jobs, rebuild
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.jobs import Job
from indexer.rebuild import step
from indexer.rebuild_steps import Step
from mappings.checksum import checksum
from mappings.names import read_alias
from tests.commands import invoke
from tests.processes import run, running, wait_until
from tests.support import live_index, waiting_for_locks, writer

Db = psycopg.Connection[Any]

PRODUCTS = 4500
CHUNKS = 3
INSERT = "INSERT INTO products (sku, name, price) SELECT 'p' || n, 'Product ' || n, 1 FROM generate_series(1, %s) AS n"


@pytest.fixture
def full(settings: Settings, db: Db, es: Elasticsearch, index: str) -> str:
    """The live index, and enough products for three chunks; they go into the new index only, which is looked at."""
    db.execute(INSERT, (PRODUCTS,))
    db.execute("UPDATE product_sync SET synced_version = version")
    return index


@pytest.fixture
def begun(settings: Settings, db: Db, es: Elasticsearch, full: str) -> Job:
    """A rebuild with its first chunk done."""
    job = rebuild.start(db)
    assert [step(Indexer(db, es, settings)) for _ in range(2)] == [Step.WORKED, Step.WORKED]
    return jobs.get(db, job.id)


def indexes(settings: Settings, es: Elasticsearch) -> set[str]:
    return set(es.indices.get(index=f"{settings.index_prefix}-products-*").body)


def seen(settings: Settings, es: Elasticsearch) -> list[str]:
    """What readers look at."""
    return [*es.indices.get_alias(name=read_alias(settings.index_prefix)).body]


def done_at(db: Db) -> dict[int, Any]:
    return dict(db.execute("SELECT number, done_at FROM reindex_chunks WHERE done_at IS NOT NULL").fetchall())


def end_leases(db: Db) -> None:
    """A minute passes."""
    db.execute("UPDATE reindex_chunks SET claimed_until = now() - interval '1 second' WHERE done_at IS NULL")


def assert_finished(settings: Settings, db: Db, es: Elasticsearch, old: str) -> None:
    new = live_index(db)
    assert new != old
    assert seen(settings, es) == [new]
    assert indexes(settings, es) == {old, new}
    assert db.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall() == [("done", 2)]
    assert differences(Indexer(db, es, settings), new) == []
    assert es.count(index=new)["count"] == PRODUCTS


@pytest.mark.process
def test_killed_before_it_is_planned(settings: Settings, db: Db, es: Elasticsearch, full: str) -> None:
    """The index that nobody has written down is dropped by the next one."""
    doomed = settings.model_copy(update={"failpoint": "rebuild.after_create"})
    assert run(doomed, "reindex").returncode == -9
    assert seen(settings, es) == [full]
    left = indexes(settings, es) - {full}
    assert len(left) == 1
    assert invoke(settings, "reindex").returncode == 0
    assert_finished(settings, db, es, full)
    assert live_index(db) not in left


@pytest.mark.process
@pytest.mark.parametrize("point", ["rebuild.after_chunk", "rebuild.before_switch"])
def test_killed_and_run_again(settings: Settings, db: Db, es: Elasticsearch, full: str, begun: Job, point: str) -> None:
    doomed = settings.model_copy(update={"failpoint": point})
    assert run(doomed, "reindex").returncode == -9
    assert seen(settings, es) == [full]
    before = done_at(db)
    assert len(before) == (1 if point == "rebuild.after_chunk" else CHUNKS)
    end_leases(db)
    again = invoke(settings, "reindex")
    assert (again.returncode, "joining it" in again.stderr) == (0, True)
    assert {number: at for number, at in done_at(db).items() if number in before} == before
    assert len(done_at(db)) == CHUNKS
    assert live_index(db) == begun.progress["index"]
    assert_finished(settings, db, es, full)


@pytest.mark.process
def test_killed_and_carried_on_by_workers(settings: Settings, db: Db, es: Elasticsearch, full: str, begun: Job) -> None:
    assert run(settings.model_copy(update={"failpoint": "rebuild.after_chunk"}), "reindex").returncode == -9
    end_leases(db)
    with running(settings, "worker"), running(settings, "pump"):
        wait_until(lambda: jobs.active(db, REINDEX) is None, 60)
    assert live_index(db) == begun.progress["index"]
    assert_finished(settings, db, es, full)


def test_a_chunk_that_somebody_holds_is_left_to_them(settings: Settings, db: Db, es: Elasticsearch, begun: Job) -> None:
    held = [chunks.claim(db, begun.id) for _ in range(2)]
    assert [chunk.number for chunk in held if chunk] == [2, 3]
    assert step(Indexer(db, es, settings)) is Step.WAITING
    end_leases(db)
    assert step(Indexer(db, es, settings)) is Step.WORKED


@pytest.mark.process
def test_interrupted_and_run_again(settings: Settings, db: Db, es: Elasticsearch, full: str, begun: Job) -> None:
    """Ctrl-C in the middle of a chunk ends the command, not the rebuild."""
    with writer(settings) as locking:
        locking.execute("LOCK TABLE search_indexes IN ACCESS EXCLUSIVE MODE")
        with running(settings, "reindex") as process:
            wait_until(lambda: waiting_for_locks(db) > 0)
            process.send_signal(signal.SIGINT)
            process.wait(20)
            assert process.returncode == 1
    assert jobs.get(db, begun.id).state == JobState.RUNNING
    assert seen(settings, es) == [full]
    end_leases(db)
    assert invoke(settings, "reindex").returncode == 0
    assert live_index(db) == begun.progress["index"]
    assert_finished(settings, db, es, full)


def test_an_outage_in_the_middle_is_waited_out(settings: Settings, db: Db, es: Elasticsearch, full: str) -> None:
    """The new index takes no writes for a while: no chunk is lost, nothing fails and the live index stays."""
    rebuild.start(db)
    assert step(Indexer(db, es, settings)) is Step.WORKED
    name = jobs.active(db, REINDEX)
    assert name is not None
    es.indices.put_settings(index=name.progress["index"], settings={"index.blocks.write": True})
    assert [step(Indexer(db, es, settings)) for _ in range(3)] == [Step.UNAVAILABLE] * 3
    assert chunks.count(db, name.id) == chunks.ChunkCounts(CHUNKS, CHUNKS, CHUNKS, 0)
    assert seen(settings, es) == [full]
    es.indices.put_settings(index=name.progress["index"], settings={"index.blocks.write": None})
    rebuild.run(Indexer(db, es, settings))
    assert_finished(settings, db, es, full)


def test_a_new_index_that_differs_never_goes_live(
    settings: Settings, db: Db, es: Elasticsearch, full: str, begun: Job
) -> None:
    while chunks.count(db, begun.id).left:
        step(Indexer(db, es, settings))
    ids = [row[0] for row in db.execute("SELECT id FROM products ORDER BY id")]
    lost, wrong = ids[0], ids[-1]
    new = begun.progress["index"]
    body = es.get(index=new, id=str(wrong))["_source"] | {"version": 7, "checksum": checksum(str(wrong), 7)}
    es.index(index=new, id=str(wrong), document=body, version=7, version_type="external")
    es.delete(index=new, id=str(lost))
    refused = invoke(settings, "reindex")
    assert refused.returncode == 1
    assert f"{lost}: Postgres 1, index None" in refused.stderr
    assert f"{wrong}: Postgres 1, index 7" in refused.stderr
    assert "The live index is unchanged" in refused.stderr
    assert seen(settings, es) == [full]
    assert indexes(settings, es) == {full}
    assert jobs.get(db, begun.id).state == JobState.FAILED
