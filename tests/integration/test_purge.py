"""Old tombstones leave the indexes; what they kept out stays out, and what comes back is indexed (I2)."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from celery import Celery
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer import purge as purging
from indexer.bulk import Document, Outcome, write
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.purge import purge
from indexer.rebuild import rebuild
from indexer.registry import targets
from indexer.repair import reconcile
from mappings.names import write_alias
from mappings.schema import tombstone
from tests.processes import running, wait_until
from tests.support import documents, ledger, live_index, store, sync_all
from workers.app import configure

Db = psycopg.Connection[Any]

pytestmark = pytest.mark.usefixtures("index")


@pytest.fixture
def ids(settings: Settings, db: Db, es: Elasticsearch) -> dict[str, UUID]:
    """`old` was deleted 31 days ago, `young` 29 days ago; `living` is there."""
    stored = store(settings, [{"sku": sku} for sku in ("old", "young", "living")])
    sync_all(settings, db, es)
    db.execute("DELETE FROM products WHERE sku IN ('old', 'young')")
    sync_all(settings, db, es)
    for sku, days in (("old", 31), ("young", 29), ("living", 31)):
        age(db, stored[sku], days)
    return stored


def age(db: Db, product_id: UUID, days: int) -> None:
    db.execute(
        "UPDATE product_sync SET synced_at = now() - make_interval(days => %s) WHERE product_id = %s",
        (days, product_id),
    )


def test_old_tombstones_leave_every_index(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    first = live_index(db)
    rebuild(settings, es)
    db.execute("INSERT INTO products (id, sku, name, price) VALUES (%s, 'old', 'again', 1)", (ids["old"],))
    db.execute("DELETE FROM products WHERE sku = 'old'")
    sync_all(settings, db, es)
    age(db, ids["old"], 31)
    es.indices.refresh(index=first)
    assert purge(Indexer(db, es, settings)) == 2
    for index in (first, live_index(db)):
        assert not es.exists(index=index, id=str(ids["old"]))
    assert es.get(index=first, id=str(ids["young"]))["_source"] == tombstone(ids["young"], 2)
    assert es.exists(index=first, id=str(ids["living"]))
    assert purge(Indexer(db, es, settings)) == 0


def test_index_and_postgres_stay_equal(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    assert purge(Indexer(db, es, settings)) == 1
    assert differences(Indexer(db, es, settings), live_index(db)) == []
    (found,) = reconcile(Indexer(db, es, settings), repair=False)
    assert (found.equal, found.products) == (True, 1)
    assert ledger(db, ids["old"])["version"] == 2


def test_a_late_write_after_the_purge_is_refused(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    """Elasticsearch remembers the version of the deletion for `index.gc_deletes`, a minute."""
    purge(Indexer(db, es, settings))
    late = Document(ids["old"], 1, tombstone(ids["old"], 1))
    (result,) = write(es, write_alias(live_index(db)), [late])
    assert result.outcome is Outcome.CONFLICT


@pytest.mark.parametrize("forgotten", [False, True], ids=["at once", "after gc_deletes"])
def test_an_id_inserted_again_after_the_purge_is_indexed(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], forgotten: bool
) -> None:
    purge(Indexer(db, es, settings))
    if forgotten:
        es.indices.put_settings(index=live_index(db), settings={"index.gc_deletes": "0s"})
        es.indices.refresh(index=live_index(db))
        es.indices.close(index=live_index(db))
        es.indices.open(index=live_index(db), wait_for_active_shards=1)
    db.execute("INSERT INTO products (id, sku, name, price) VALUES (%s, 'old', 'again', 1)", (ids["old"],))
    sync_all(settings, db, es)
    body = documents(db, es)[str(ids["old"])]
    assert (body["name"], body["version"]) == ("again", 3)
    row = ledger(db, ids["old"])
    assert (row["synced_version"], row["error"], row["deleted"]) == (3, None, False)
    (found,) = reconcile(Indexer(db, es, settings), repair=False)
    assert (found.equal, found.products) == (True, 2)


def test_a_product_that_comes_back_in_the_middle_of_it_is_left_alone(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is inserted and indexed between the look at the ledger and the deletion."""
    delete = purging._delete

    def too_late(client: Elasticsearch, alias: str, tombstones: dict[UUID, int]) -> int:
        if tombstones:
            db.execute("INSERT INTO products (id, sku, name, price) VALUES (%s, 'old', 'again', 1)", (ids["old"],))
            sync_all(settings, db, es)
        return delete(client, alias, tombstones)

    monkeypatch.setattr(purging, "_delete", too_late)
    assert purge(Indexer(db, es, settings)) == 0
    assert documents(db, es)[str(ids["old"])]["name"] == "again"


def test_a_deletion_that_is_not_settled_is_left_alone(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    db.execute("UPDATE product_sync SET synced_version = 1 WHERE product_id = %s", (ids["old"],))
    assert purge(Indexer(db, es, settings)) == 0


def test_a_dropped_product_keeps_its_tombstone(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    """It may come back with any change, and is not deleted."""
    db.execute("UPDATE product_sync SET dropped_version = 2, version = 2 WHERE product_id = %s", (ids["living"],))
    sync_all(settings, db, es)
    age(db, ids["living"], 31)
    assert purge(Indexer(db, es, settings)) == 1
    assert documents(db, es)[str(ids["living"])] == tombstone(ids["living"], 2)


def test_many_tombstones_are_taken_a_page_at_a_time(
    settings: Settings, db: Db, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "PAGE_SIZE", 3)
    # Ids with the same first byte share a bucket.
    db.execute(
        "INSERT INTO products (id, sku, name, price) SELECT ('ab' || right(gen_random_uuid()::text, 34))::uuid, "
        "'p' || n, 'p', 1 FROM generate_series(1, 10) AS n"
    )
    db.execute("DELETE FROM products")
    sync_all(settings, db, es)
    db.execute("UPDATE product_sync SET synced_at = now() - interval '31 days'")
    assert purge(Indexer(db, es, settings), seconds=0) == 0
    assert purge(Indexer(db, es, settings)) == 10
    assert documents(db, es) == {}


def test_an_index_that_takes_no_deletions_is_left_for_the_next_time(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    es.indices.put_settings(index=live_index(db), settings={"index.blocks.write": True})
    assert purge(Indexer(db, es, settings)) == 0
    es.indices.put_settings(index=live_index(db), settings={"index.blocks.write": None})
    assert purge(Indexer(db, es, settings)) == 1


def test_a_missing_alias_creates_nothing(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    (target,) = targets(db)
    es.indices.delete_alias(index=target.name, name=target.alias)
    assert purge(Indexer(db, es, settings)) == 0
    assert not es.indices.exists(index=target.alias)


@pytest.mark.secured
@pytest.mark.process
def test_a_worker_does_it_every_hour(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    entry = configure(settings)["beat_schedule"]["purge"]
    assert entry["schedule"] == 3600
    with running(settings, "worker", "--pool", "solo"):
        with Celery(broker=settings.redis_url) as sender, sender.connection_for_write() as connection:
            sender.send_task(entry["task"], queue="background", connection=connection)
        wait_until(lambda: not es.exists(index=live_index(db), id=str(ids["old"])))
    assert es.exists(index=live_index(db), id=str(ids["young"]))
