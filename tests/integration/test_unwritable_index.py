"""An index that nobody reads takes no writes: live sync goes on, and what missed a change never goes live (I5)."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.errors import Conflict
from catalog.models.job import REINDEX
from catalog.settings import Settings
from indexer import jobs, registry
from indexer import rebuild as rebuilding
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.rebuild import rebuild, result, start, step
from indexer.rebuild_steps import Step
from indexer.registry import LIVE, MissedWrite, targets
from indexer.repair import reconcile
from indexer.switch import rollback, switch
from mappings.names import read_alias, write_alias
from tests.commands import invoke
from tests.support import documents, ledger, live_index, store, sync_all

pytestmark = pytest.mark.secured

Db = psycopg.Connection[Any]

BLOCK: dict[str, Any] = {"index.blocks.write": True}
UNBLOCK: dict[str, Any] = {"index.blocks.write": None}


@pytest.fixture
def ids(settings: Settings, db: Db, es: Elasticsearch, index: str) -> dict[str, UUID]:
    """A live index and a standby with five products."""
    stored = store(settings, [{"sku": f"p{number}"} for number in range(5)])
    sync_all(settings, db, es)
    rebuild(settings, es)
    return stored


def standby(db: Db) -> str:
    return next(target.name for target in targets(db) if target.state == registry.STANDBY)


def impatient(db: Db) -> None:
    """As if the first of the failures had been longer ago than anybody waits."""
    db.execute("UPDATE search_indexes SET failing_since = now() - interval '1 hour' WHERE failing_since IS NOT NULL")
    no_wait(db)


def no_wait(db: Db) -> None:
    db.execute("UPDATE product_sync SET next_attempt_at = NULL WHERE next_attempt_at <> 'infinity'")


def write_block(es: Elasticsearch, index: str) -> None:
    es.indices.put_settings(index=index, settings=BLOCK)


def closed(es: Elasticsearch, index: str) -> None:
    es.indices.close(index=index)


def red(es: Elasticsearch, index: str) -> None:
    """Its only shard is nowhere: a write to it would be waited for."""
    es.indices.delete(index=index)
    es.indices.create(
        index=index,
        aliases={write_alias(index): {}},
        settings={"index.routing.allocation.enable": "none"},
        wait_for_active_shards=0,
    )


def alias_lost(es: Elasticsearch, index: str) -> None:
    es.indices.delete_alias(index=index, name=write_alias(index))


@pytest.mark.parametrize("fault", [write_block, closed, red, alias_lost])
def test_the_live_index_goes_on(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], fault: Callable[[Elasticsearch, str], None]
) -> None:
    fault(es, standby(db))
    db.execute("UPDATE products SET name = 'first' WHERE sku = 'p1'")
    (batch,) = sync_all(settings, db, es)
    assert (batch.settled, batch.waiting, batch.unavailable) == (0, 1, None)
    assert documents(db, es)[str(ids["p1"])]["name"] == "first"
    row = ledger(db, ids["p1"])
    assert (row["attempts"], row["error"], row["synced_version"], row["claimed_until"]) == (0, None, 1, None)
    # It waits its time without being claimed again, so whatever is newer overtakes it.
    assert row["next_attempt_at"] is not None
    assert sync_all(settings, db, es) == []
    db.execute("UPDATE products SET name = 'second' WHERE sku = 'p2'")
    sync_all(settings, db, es)
    assert documents(db, es)[str(ids["p2"])]["name"] == "second"

    impatient(db)
    batches = sync_all(settings, db, es)
    assert sum(batch.settled for batch in batches) == 2
    assert ledger(db, ids["p1"])["synced_version"] == 2
    assert [target.given_up for target in targets(db) if target.state == registry.STANDBY] == [True]


def test_a_short_block_costs_nothing(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    es.indices.put_settings(index=standby(db), settings=BLOCK)
    db.execute("UPDATE products SET name = 'changed'")
    sync_all(settings, db, es)
    with pytest.raises(Conflict, match="takes no writes now"):
        rollback(settings, es)
    es.indices.put_settings(index=standby(db), settings=UNBLOCK)
    no_wait(db)
    sync_all(settings, db, es)
    assert all(found.equal for found in reconcile(Indexer(db, es, settings), repair=False))
    db.execute("UPDATE search_indexes SET failed_at = now() - interval '1 minute' WHERE failed_at IS NOT NULL")
    old = standby(db)
    assert rollback(settings, es) == old
    assert live_index(db) == old


def test_failures_far_apart_are_not_one_long_failure(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    es.indices.put_settings(index=standby(db), settings=BLOCK)
    db.execute("UPDATE products SET name = 'changed'")
    sync_all(settings, db, es)
    db.execute(
        "UPDATE search_indexes SET failing_since = now() - interval '1 hour', failed_at = now() - interval '1 minute' "
        "WHERE failing_since IS NOT NULL"
    )
    no_wait(db)
    (batch,) = sync_all(settings, db, es)
    assert batch.waiting == 5
    assert not any(target.given_up for target in targets(db))


def test_an_index_that_was_given_up_never_goes_live(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    lost = standby(db)
    es.indices.put_settings(index=lost, settings=BLOCK)
    db.execute("UPDATE products SET name = 'changed'")
    sync_all(settings, db, es)
    impatient(db)
    sync_all(settings, db, es)
    es.indices.put_settings(index=lost, settings=UNBLOCK)

    refused = invoke(settings, "rollback")
    assert refused.returncode == 1
    assert "took no writes for 60 s" in refused.stderr
    assert "cluster_block_exception" in refused.stderr
    assert "The live index is unchanged." in refused.stderr
    # It is written to no more, and no longer compared.
    db.execute("UPDATE products SET name = 'changed again'")
    (batch,) = sync_all(settings, db, es)
    assert (batch.settled, batch.waiting) == (5, 0)
    assert {hit["_source"]["name"] for hit in es.search(index=lost)["hits"]["hits"]} == {
        f"Product p{number}" for number in range(5)
    }
    compared = invoke(settings, "reconcile")
    assert compared.returncode == 0
    assert f"{lost} (standby) is left out" in " ".join(compared.stderr.split())

    before = live_index(db)
    assert invoke(settings, "reindex").returncode == 0
    assert live_index(db) not in (before, lost)
    assert invoke(settings, "rollback").returncode == 0
    assert live_index(db) == before


def test_a_live_index_that_is_away_lets_nothing_be_noted_on_the_other(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    """An outage of everything is not the standby's fault."""
    for target in targets(db):
        es.indices.put_settings(index=target.name, settings=BLOCK)
    db.execute("UPDATE products SET name = 'changed'")
    (batch,) = sync_all(settings, db, es)
    assert (batch.settled, batch.waiting) == (0, 0)
    assert batch.unavailable is not None
    assert db.execute("SELECT count(failed_at) FROM search_indexes").fetchone() == (0,)


def test_a_rebuild_waits_for_its_index(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    job, building = building_and_blocked(settings, db, es)
    assert step(Indexer(db, es, settings)) is Step.UNAVAILABLE
    es.indices.put_settings(index=building, settings=UNBLOCK)
    db.execute("UPDATE search_indexes SET failed_at = now() - interval '1 minute' WHERE failed_at IS NOT NULL")
    no_wait(db)
    sync_all(settings, db, es)
    rebuilding.run(Indexer(db, es, settings))
    assert result(db, job) == building
    assert differences(Indexer(db, es, settings), building) == []


def test_a_rebuild_fails_when_its_index_was_given_up(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    live = live_index(db)
    job, building = building_and_blocked(settings, db, es)
    impatient(db)
    sync_all(settings, db, es)
    es.indices.put_settings(index=building, settings=UNBLOCK)
    rebuilding.run(Indexer(db, es, settings))
    with pytest.raises(Conflict, match="took no writes for 60 s"):
        result(db, job)
    assert live_index(db) == live
    assert not es.indices.exists(index=building)
    assert rebuild(settings, es) == live_index(db)


def building_and_blocked(settings: Settings, db: Db, es: Elasticsearch) -> tuple[jobs.Job, str]:
    """A rebuild whose index has missed a live write after it was created."""
    job = start(db)
    assert step(Indexer(db, es, settings)) is Step.WORKED
    building = str(jobs.get(db, job.id).progress["index"])
    assert jobs.active(db, REINDEX) is not None
    es.indices.put_settings(index=building, settings=BLOCK)
    db.execute("UPDATE products SET name = 'changed'")
    (batch,) = sync_all(settings, db, es)
    assert batch.waiting == 5
    return job, building


def test_an_error_can_not_be_noted_while_the_alias_moves(settings: Settings, db: Db, ids: dict[str, UUID]) -> None:
    """A writer that saw a standby finds it live when it wants to note that it missed a write: nothing is settled."""
    name = standby(db)
    noted: list[MissedWrite] = []

    def note() -> None:
        with connect(settings, "writer", autocommit=True) as writer:
            noted.append(registry.note_missed(writer, name, "blocked"))
            noted.append(registry.note_error(writer, name, "refused"))

    writer = threading.Thread(target=note)
    with db.transaction():
        registry.lock(db, name)
        writer.start()
        writer.join(1)
        assert writer.is_alive()
        registry.promote(db, name)
    writer.join()
    assert noted == [MissedWrite.LIVE, MissedWrite.LIVE]
    assert [target.error for target in targets(db) if target.state == LIVE] == [None]


def test_an_index_with_an_error_is_not_switched_to(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    """Also when the error is noted after everything was compared."""
    live = live_index(db)
    assert registry.note_error(db, standby(db), "first") is MissedWrite.GIVEN_UP
    with pytest.raises(Conflict, match="first"):
        switch(Indexer(db, es, settings), standby(db))
    assert live_index(db) == live
    assert list(es.indices.get_alias(name=read_alias(settings.index_prefix)).body) == [live]
    with pytest.raises(Conflict, match="no longer registered"), db.transaction():
        registry.lock(db, "unheard-of")
