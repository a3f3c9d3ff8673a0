"""Quarantine: what is in it, trying again, doing without, and how every index then agrees with Postgres (I4).

The live index takes no brand, so that products with one are refused; the standby takes every product.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.database import Database, make_engine
from catalog.services import ledger as sync_ledger
from catalog.services import quarantine
from catalog.services.quarantine import Action
from catalog.settings import Settings
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.rebuild import ensure_index, rebuild
from indexer.registry import STANDBY, targets
from indexer.repair import reconcile
from indexer.switch import rollback
from mappings.schema import CURRENT, SCHEMAS
from tests.support import documents, ledger, live_index, store, sync_all, writer

Db = psycopg.Connection[Any]


@pytest.fixture
def strict(settings: Settings) -> Settings:
    """One refusal is enough."""
    return settings.model_copy(update={"sync_max_attempts": 1})


@pytest.fixture(autouse=True)
def narrow(settings: Settings, db: Db, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> str:
    """The live index, which takes no brand; beside it a standby that does."""
    current = SCHEMAS[CURRENT]
    fields = {name: field for name, field in current.mappings["properties"].items() if name != "brand"}
    with monkeypatch.context() as patched:
        patched.setitem(SCHEMAS, CURRENT, replace(current, mappings={**current.mappings, "properties": fields}))
        name = ensure_index(settings, es)
    rebuild(settings, es)
    assert rollback(settings, es) == name
    return name


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    engine = make_engine(settings)
    yield Database(engine)
    await engine.dispose()


@pytest.fixture
def refused(strict: Settings, db: Db, es: Elasticsearch) -> UUID:
    """A product in quarantine; another one, `fine`, is in the index."""
    ids = store(strict, [{"sku": "branded", "brand": "Weft"}, {"sku": "fine"}])
    sync_all(strict, db, es)
    assert is_quarantined(db, ids["branded"])
    return ids["branded"]


async def drop(settings: Settings, product_id: UUID) -> None:
    engine = make_engine(settings)
    await Database(engine).run(quarantine.apply, Action.DROP, [product_id])
    await engine.dispose()


def is_quarantined(db: Db, product_id: UUID) -> bool:
    return bool(ledger(db, product_id)["next_attempt_at"] == "infinity")


def mend(es: Elasticsearch, index: str) -> None:
    es.indices.put_mapping(index=index, properties={"brand": SCHEMAS[CURRENT].mappings["properties"]["brand"]})


def shown(es: Elasticsearch, index: str) -> set[str]:
    """Skus of the products that an index shows."""
    es.indices.refresh(index=index)
    hits = es.search(index=index, size=100, query={"term": {"deleted": False}})["hits"]["hits"]
    return {hit["_source"]["sku"] for hit in hits}


def all_shown(db: Db, es: Elasticsearch) -> list[set[str]]:
    return [shown(es, target.name) for target in targets(db)]


def assert_equal(settings: Settings, db: Db, es: Elasticsearch) -> None:
    """Every index is what Postgres says, by versions and by contents."""
    for target in targets(db):
        assert differences(Indexer(db, es, settings), target.name) == []
    assert all(found.equal for found in reconcile(Indexer(db, es, settings), repair=False))


async def test_what_is_listed(database: Database, refused: UUID) -> None:
    page = await database.run(quarantine.list_page, 1, 10)
    (item,) = page.items
    assert (page.total, item.product_id, item.sku, item.name) == (1, refused, "branded", "Product branded")
    assert (item.version, item.attempts, item.deleted) == (1, 1, False)
    assert "strict_dynamic_mapping_exception" in str(item.error)


async def test_the_latest_change_comes_first_in_pages(
    database: Database, strict: Settings, db: Db, es: Elasticsearch, refused: UUID
) -> None:
    later = store(strict, [{"sku": "later", "brand": "Weft"}])["later"]
    sync_all(strict, db, es)
    pages = [await database.run(quarantine.list_page, number, 1) for number in (1, 2, 3)]
    assert [[item.product_id for item in page.items] for page in pages] == [[later], [refused], []]
    assert {page.total for page in pages} == {2}


async def test_a_deleted_product_is_listed_without_its_name(database: Database, db: Db, refused: UUID) -> None:
    db.execute("DELETE FROM products WHERE id = %s", (refused,))
    db.execute("UPDATE product_sync SET next_attempt_at = 'infinity' WHERE product_id = %s", (refused,))
    (item,) = (await database.run(quarantine.list_page, 1, 10)).items
    assert (item.product_id, item.sku, item.name, item.deleted) == (refused, None, None, True)


def test_a_newer_version_that_succeeds_releases_it(
    strict: Settings, db: Db, es: Elasticsearch, narrow: str, refused: UUID
) -> None:
    db.execute("UPDATE products SET brand_id = NULL WHERE id = %s", (refused,))
    assert not is_quarantined(db, refused), "a newer version deserves attempts of its own"
    sync_all(strict, db, es)
    row = ledger(db, refused)
    assert (row["synced_version"], row["attempts"], row["next_attempt_at"], row["error"]) == (2, 0, None, None)
    assert shown(es, narrow) == {"branded", "fine"}
    assert_equal(strict, db, es)


async def test_a_replay_is_written_once_the_index_is_mended(
    database: Database, strict: Settings, db: Db, es: Elasticsearch, narrow: str, refused: UUID
) -> None:
    mend(es, narrow)
    assert sync_all(strict, db, es) == [], "nobody tries it again by himself"
    assert await database.run(quarantine.apply, Action.REPLAY, [refused]) == []
    row = ledger(db, refused)
    assert (row["attempts"], row["next_attempt_at"], row["error"], row["claimed_until"]) == (0, None, None, None)
    sync_all(strict, db, es)
    assert shown(es, narrow) == {"branded", "fine"}
    row = ledger(db, refused)
    assert (row["version"], row["synced_version"]) == (1, 1)
    assert_equal(strict, db, es)


async def test_a_replay_that_is_refused_again_is_back_in_quarantine(
    database: Database, strict: Settings, db: Db, es: Elasticsearch, refused: UUID
) -> None:
    await database.run(quarantine.apply, Action.REPLAY, [refused])
    assert not is_quarantined(db, refused)
    sync_all(strict, db, es)
    assert is_quarantined(db, refused)
    assert ledger(db, refused)["attempts"] == 1


async def test_a_replay_is_no_old_lag_and_lets_single_changes_overtake_it(
    database: Database, db: Db, refused: UUID
) -> None:
    db.execute("UPDATE product_sync SET changed_at = now() - interval '3 days' WHERE product_id = %s", (refused,))
    await database.run(quarantine.apply, Action.REPLAY, [refused])
    lag = await database.run(sync_ledger.lag)
    assert (lag.pending, lag.quarantined) == (1, 0)
    assert lag.oldest_seconds < 86_400
    assert ledger(db, refused)["priority"] > 0
    db.execute("UPDATE products SET name = 'changed' WHERE id = %s", (refused,))
    assert ledger(db, refused)["priority"] == 0


@pytest.mark.parametrize("action", list(Action))
async def test_only_what_is_in_quarantine_is_touched(
    database: Database, settings: Settings, db: Db, es: Elasticsearch, refused: UUID, action: Action
) -> None:
    """One that is in the index, one that waits for its next attempt, and one that never was."""
    fine = UUID(next(iter(documents(db, es))))
    waiting = store(settings, [{"sku": "waiting", "brand": "Weft"}])["waiting"]
    sync_all(settings, db, es)
    nobody = uuid4()
    before = [ledger(db, key) for key in (fine, waiting)]
    assert before[1]["attempts"] == 1
    asked = [nobody, refused, fine, waiting, refused]
    assert await database.run(quarantine.apply, action, asked) == [nobody, fine, waiting]
    assert [ledger(db, key) for key in (fine, waiting)] == before
    assert not is_quarantined(db, refused)


@pytest.mark.parametrize("action", list(Action))
async def test_one_that_is_being_changed_is_left_to_its_writer(
    database: Database, settings: Settings, db: Db, refused: UUID, action: Action
) -> None:
    with writer(settings) as other:
        other.execute("UPDATE products SET name = 'changed' WHERE id = %s", (refused,))
        assert await database.run(quarantine.apply, action, [refused]) == [refused]
        assert await quarantine.apply_to_all(database, action) == 0
        other.commit()
    row = ledger(db, refused)
    assert (row["version"], row["dropped_version"], row["next_attempt_at"]) == (2, None, None)


@pytest.mark.parametrize("action", list(Action))
async def test_all_of_it_goes_in_chunks(
    database: Database,
    strict: Settings,
    db: Db,
    es: Elasticsearch,
    monkeypatch: pytest.MonkeyPatch,
    action: Action,
) -> None:
    ids = store(strict, [{"sku": f"p{number}", "brand": "Weft"} for number in range(7)])
    sync_all(strict, db, es)
    monkeypatch.setattr(quarantine, "CHUNK_SIZE", 3)
    told: list[int] = []
    assert await quarantine.apply_to_all(database, action, told.append) == 7
    assert told == [3, 6, 7]
    assert not any(is_quarantined(db, key) for key in ids.values())


async def test_a_drop_takes_it_out_of_every_index(
    database: Database, strict: Settings, db: Db, es: Elasticsearch, narrow: str, refused: UUID
) -> None:
    """The standby took the version that the live index refused: a tombstone of that version would be too late there."""
    standby = next(target.name for target in targets(db) if target.state == STANDBY)
    assert (shown(es, narrow), shown(es, standby)) == ({"fine"}, {"branded", "fine"})
    assert await database.run(quarantine.apply, Action.DROP, [refused]) == []
    sync_all(strict, db, es)
    row = ledger(db, refused)
    assert (row["version"], row["synced_version"], row["dropped_version"], row["deleted"]) == (2, 2, 2, False)
    assert all_shown(db, es) == [{"fine"}, {"fine"}]
    for target in targets(db):
        assert es.get(index=target.name, id=str(refused))["_source"]["deleted"] is True
    assert_equal(strict, db, es)


async def test_the_next_change_puts_a_dropped_product_back(
    database: Database, strict: Settings, db: Db, es: Elasticsearch, refused: UUID
) -> None:
    await database.run(quarantine.apply, Action.DROP, [refused])
    sync_all(strict, db, es)
    db.execute("UPDATE products SET brand_id = NULL WHERE id = %s", (refused,))
    assert not (await database.run(sync_ledger.status, refused)).dropped
    sync_all(strict, db, es)
    assert all_shown(db, es) == [{"branded", "fine"}, {"branded", "fine"}]
    assert_equal(strict, db, es)


async def test_a_change_before_the_tombstone_is_written_wins(
    database: Database, strict: Settings, db: Db, es: Elasticsearch, refused: UUID
) -> None:
    await database.run(quarantine.apply, Action.DROP, [refused])
    db.execute("UPDATE products SET brand_id = NULL WHERE id = %s", (refused,))
    sync_all(strict, db, es)
    assert all_shown(db, es) == [{"branded", "fine"}, {"branded", "fine"}]


async def test_a_rebuild_after_a_drop_leaves_it_out(
    database: Database, strict: Settings, db: Db, es: Elasticsearch, refused: UUID
) -> None:
    """The new index would take it; dropped is dropped until its next change."""
    await database.run(quarantine.apply, Action.DROP, [refused])
    sync_all(strict, db, es)
    name = rebuild(strict, es)
    assert live_index(db) == name
    assert shown(es, name) == {"fine"}
    assert_equal(strict, db, es)
    db.execute("UPDATE products SET name = 'changed' WHERE id = %s", (refused,))
    sync_all(strict, db, es)
    assert shown(es, name) == {"branded", "fine"}


def test_dropped_in_mid_rebuild(
    strict: Settings, db: Db, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch, refused: UUID
) -> None:
    """The index that is being built holds the version of before the drop."""
    before = {target.name for target in targets(db)}

    def failpoint(_: Settings, point: str) -> None:
        if point == "rebuild.after_chunk":
            (building,) = {target.name for target in targets(db)} - before
            assert shown(es, building) == {"branded", "fine"}
            asyncio.run(drop(strict, refused))
            sync_all(strict, db, es)

    monkeypatch.setattr("indexer.rebuild_steps.failpoint", failpoint)
    assert shown(es, rebuild(strict, es)) == {"fine"}
    assert ledger(db, refused)["dropped_version"] == 2
    assert_equal(strict, db, es)


async def test_a_repair_does_not_put_a_dropped_product_back(
    database: Database, strict: Settings, db: Db, es: Elasticsearch, refused: UUID
) -> None:
    """An index that shows it all the same gets another tombstone."""
    await database.run(quarantine.apply, Action.DROP, [refused])
    sync_all(strict, db, es)
    standby = next(target.name for target in targets(db) if target.state == STANDBY)
    stale = {**es.get(index=standby, id=str(refused))["_source"], "version": 1, "deleted": False, "sku": "stale"}
    es.index(index=standby, id=str(refused), document=stale, version=2, version_type="external_gte")
    assert shown(es, standby) == {"stale", "fine"}
    assert [found.index for found in reconcile(Indexer(db, es, strict), repair=True) if not found.equal] == [standby]
    sync_all(strict, db, es)
    assert (await database.run(sync_ledger.status, refused)).dropped
    assert all_shown(db, es) == [{"fine"}, {"fine"}]
    assert_equal(strict, db, es)
