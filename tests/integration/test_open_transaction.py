"""A transaction of somebody else stays open: whatever wants to bump its products goes on with all others (I3, I8)."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer import counters, fanout, reconciler
from indexer.backoff import Backoff
from indexer.fanout import spread_chunk
from indexer.indexer import Indexer
from indexer.rebuild import start
from indexer.sync import sync_batch
from tests.processes import running, wait_until
from tests.support import documents, ledger, live_index, store, sync_all, writer
from workers import resources, tasks

Db = psycopg.Connection[Any]

TOUCH = "UPDATE products SET popularity = popularity + 1 WHERE sku = ANY (%s)"
RENAME = "UPDATE categories SET name = 'Renamed' WHERE parent_id IS NULL"


@pytest.fixture
def ids(settings: Settings, db: Db, es: Elasticsearch, index: str) -> dict[str, UUID]:
    """Two categories below one, and a product of none."""
    products = [{"sku": f"{name}{number}", "category": f"Root > {name}"} for name in "ab" for number in range(8)]
    stored = store(settings, [*products, {"sku": "other"}])
    sync_all(settings, db, es)
    return stored


def renamed(db: Db, es: Elasticsearch) -> set[str]:
    """The skus whose documents have the category's new name."""
    return {body["sku"] for body in documents(db, es).values() if "Renamed" in body.get("category_text", [])}


def price(db: Db, es: Elasticsearch, product_id: UUID) -> int:
    cents: int = documents(db, es)[str(product_id)]["price_cents"]
    return cents


@pytest.mark.process
def test_live_sync_goes_on_when_the_products_of_a_renamed_category_are_locked(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    """With two processes, and a locked product in each of two categories that are spread."""
    own = settings.model_copy(update={"worker_concurrency": 2})
    with running(own, "worker"), running(own, "pump"), writer(settings) as busy:
        db.execute("UPDATE products SET price = 11 WHERE sku = 'other'")
        wait_until(lambda: price(db, es, ids["other"]) == 1100)
        busy.execute(TOUCH, (["a3", "b3"],))
        db.execute(RENAME)
        wait_until(lambda: len(renamed(db, es)) == 14)
        db.execute("UPDATE products SET price = 12 WHERE sku = 'other'")
        wait_until(lambda: price(db, es, ids["other"]) == 1200)
        assert ledger(db, ids["other"])["synced_version"] == 3
        busy.rollback()
        wait_until(lambda: len(renamed(db, es)) == 16)


def test_a_locked_product_is_put_off_and_not_forgotten(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer takes the change back, so nobody else bumps it."""
    monkeypatch.setattr(fanout, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(fanout, "CHUNK_SIZE", 3)
    with writer(settings) as busy:
        busy.execute(TOUCH, (["a3", "b3"],))
        db.execute(RENAME)
        while db.execute("SELECT FROM fanout WHERE kind = 'category'").fetchone() is not None:
            assert spread_chunk(db)
        waiting = {row[0] for row in db.execute("SELECT entity_id FROM fanout WHERE kind = 'product'")}
        assert waiting == {ids["a3"], ids["b3"]}
        assert spread_chunk(db)
        busy.rollback()
    sync_all(settings, db, es)
    assert len(renamed(db, es)) == 16
    assert db.execute("SELECT count(*) FROM fanout").fetchone() == (0,)


def test_writers_of_other_products_do_not_wait_behind_a_spread(
    settings: Settings, db: Db, ids: dict[str, UUID]
) -> None:
    """Nothing of a chunk stays locked when one of its products is."""
    with writer(settings) as busy, writer(settings) as other:
        busy.execute(TOUCH, ([f"a{number}" for number in range(4, 8)],))
        db.execute(RENAME)
        assert spread_chunk(db)
        other.execute("SET lock_timeout = '5s'")
        other.execute(TOUCH, ([f"a{number}" for number in range(4)],))


def test_a_repair_leaves_a_locked_product_to_the_next_round(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    own = settings.model_copy(update={"reconcile_products_per_second": 1e6})
    for sku in ("a3", "other"):
        es.delete(index=live_index(db), id=str(ids[sku]), version=1, version_type="external_gte", refresh=True)
    with writer(settings) as busy:
        busy.execute(TOUCH, (["a3"],))
        reconciler.run(Indexer(db, es, own))
        assert (ledger(db, ids["other"])["version"], ledger(db, ids["a3"])["version"]) == (2, 1)
        assert db.execute("SELECT value FROM counters WHERE name = %s", (counters.REPAIRS,)).fetchone() == (1,)
        busy.rollback()
    db.execute("UPDATE jobs SET created_at = created_at - interval '1 hour'")
    reconciler.run(Indexer(db, es, own))
    sync_all(settings, db, es)
    assert len(documents(db, es)) == 17


def test_a_document_of_another_past_does_not_wait_for_a_writer(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    """Its product needs a version of its own, and is locked: the others of the batch are settled."""
    index, key = live_index(db), ids["a3"]
    body = es.get(index=index, id=str(key))["_source"] | {"price_cents": 1}
    es.index(index=index, id=str(key), document=body, version=1, version_type="external_gte", refresh=True)
    db.execute("UPDATE product_sync SET synced_version = 0 WHERE product_id = ANY (%s)", ([key, ids["other"]],))
    with writer(settings) as busy:
        # As the trigger would lock it, without a version that is newer.
        busy.execute("SELECT FROM product_sync WHERE product_id = %s FOR NO KEY UPDATE", (key,))
        db.execute("UPDATE product_sync SET claimed_until = NULL WHERE product_id = %s", (ids["other"],))
        assert sync_batch(Indexer(db, es, settings), 10).settled == 1
    assert ledger(db, ids["other"])["synced_version"] == 1


def test_a_process_that_carries_a_rebuild_spreads_renames_too(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every process is at work on a rebuild, hints for a spread would wait behind those for the rebuild."""
    monkeypatch.setattr(resources, "get_settings", lambda: settings)
    monkeypatch.setattr(resources, "_connection", db)
    monkeypatch.setattr(resources, "_client", es)
    monkeypatch.setattr(resources, "_backoff", Backoff(100))
    start(db)
    db.execute(RENAME)
    tasks.reindex()
    assert len(renamed(db, es)) == 16
    assert db.execute("SELECT count(*) FROM fanout").fetchone() == (0,)
