"""An older dump is restored, for real: the index is ahead, says so, and a rebuild makes all equal (docs/restore.md)."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from api.app import create_app
from catalog.connections import connect
from catalog.settings import Settings
from cli.run import migrate_database
from indexer import rebuild as rebuilding
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.rebuild import ensure_index, rebuild, step
from indexer.repair import reconcile
from indexer.sync import sync_batch
from mappings.names import read_alias
from mappings.schema import CURRENT
from tests.dumps import drop, dump, recreate, restore
from tests.equality import contents, different, expected
from tests.processes import run
from tests.support import documents, ledger, live_index, store, sync_all

pytestmark = pytest.mark.process

Db = psycopg.Connection[Any]


@pytest.fixture
def own(settings: Settings, es: Elasticsearch) -> Iterator[Settings]:
    """A database and indexes of this test's own: a restore cuts everybody else's connections."""
    own = settings.model_copy(
        update={
            "database_url": f"{settings.database_url}_restore",
            "index_prefix": f"{settings.index_prefix}-restore",
        }
    )
    recreate(own)
    migrate_database(own)
    ensure_index(own, es)
    yield own
    drop(own)
    es.indices.delete(index=list(es.indices.get(index=f"{own.index_prefix}-*").body))


@dataclass
class Restored:
    """The database is as it was in the dump; the index `live` is not. `changed` was changed three times since, `once`
    once, `deleted` deleted, `created` created; `same` is the same."""

    db: Db
    ids: dict[str, UUID]
    live: str


@pytest.fixture
def restored(own: Settings, es: Elasticsearch, tmp_path: Path) -> Iterator[Restored]:
    with closing(connect(own, "test", autocommit=True)) as db:
        ids = store(own, [{"sku": sku, "name": "then"} for sku in ("same", "changed", "once", "deleted")])
        sync_all(own, db, es)
        dump(own, tmp_path / "night.dump")
        for number in range(3):
            db.execute("UPDATE products SET name = %s WHERE sku = 'changed'", (f"since {number}",))
        db.execute("UPDATE products SET name = 'since' WHERE sku = 'once'")
        db.execute("DELETE FROM products WHERE sku = 'deleted'")
        ids |= store(own, [{"sku": "created", "name": "since"}])
        sync_all(own, db, es)
        live = live_index(db)
    restore(own, tmp_path / "night.dump")
    with closing(connect(own, "test", autocommit=True)) as db:
        yield Restored(db, ids, live)


async def test_live_sync_raises_the_alarm_and_settles_nothing_falsely(
    own: Settings, es: Elasticsearch, restored: Restored
) -> None:
    key = restored.ids["changed"]
    restored.db.execute("UPDATE products SET price = 5 WHERE id = %s", (key,))
    batch = sync_batch(Indexer(restored.db, es, own), 10)
    assert (batch.claimed, batch.settled, batch.refused) == (1, 0, 0)
    row = ledger(restored.db, key)
    assert row["error"] == f"index_ahead: {restored.live} holds version 4, Postgres has 2"
    assert (row["version"], row["synced_version"], row["attempts"]) == (2, 1, 0)
    app = create_app(own)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        health = (await client.get("/health/ready")).json()
        assert (health["status"], health["reconcile"]["ahead"]) == ("degraded", 1)
        assert "catalog reindex" in health["reconcile"]["advice"]
        assert "catalog_index_ahead 1.0" in (await client.get("/metrics")).text


@pytest.mark.parametrize("sku", ["once", "deleted"])
def test_a_version_that_the_index_has_of_another_past_is_not_taken_for_this_one(
    own: Settings, es: Elasticsearch, restored: Restored, sku: str
) -> None:
    """Version 2 is in the index: another change, or a tombstone. The product's second version of today is not that."""
    key = restored.ids[sku]
    restored.db.execute("UPDATE products SET name = 'today' WHERE id = %s", (key,))
    assert sync_batch(Indexer(restored.db, es, own), 10).settled == 0
    assert ledger(restored.db, key)["version"] == 3
    sync_all(own, restored.db, es)
    body = documents(restored.db, es)[str(key)]
    assert (body["deleted"], body.get("name"), body["version"]) == (False, "today", 3)


def test_the_comparison_finds_all_that_differs(own: Settings, es: Elasticsearch, restored: Restored) -> None:
    ids = restored.ids
    (found,) = reconcile(Indexer(restored.db, es, own), repair=False)
    assert {(item.product_id, item.database_version, item.indexed_version) for item in found.ahead} == {
        (ids["changed"], 1, 4),
        (ids["once"], 1, 2),
    }
    # A product that is deleted in the index, and one that Postgres knows nothing of.
    assert {(item.product_id, item.database_version, item.indexed_version) for item in found.versions} == {
        (ids["deleted"], 1, None),
        (ids["created"], None, 1),
    }
    told = run(own, "reconcile")
    assert told.returncode == 1
    assert "a backup was restored: run `catalog reindex`" in told.stdout


def test_a_rebuild_makes_everything_equal_again(own: Settings, es: Elasticsearch, restored: Restored) -> None:
    db, ids = restored.db, restored.ids
    assert run(own, "reindex").returncode == 0
    assert differences(Indexer(db, es, own), live_index(db)) == []
    shown = contents(es, read_alias(own.index_prefix))
    assert different(shown, expected(db, CURRENT)) == []
    assert {body["sku"]: body["name"] for body in shown.values()} == dict.fromkeys(
        ("same", "changed", "once", "deleted"), "then"
    )
    # The index that was live is ahead, and no way back. It holds nothing up either.
    refused = run(own, "rollback")
    assert (refused.returncode, "differs from Postgres" in refused.stderr) == (1, True)
    db.execute("UPDATE products SET name = 'today' WHERE sku = 'changed'")
    sync_all(own, db, es)
    row = ledger(db, ids["changed"])
    assert (row["version"], row["synced_version"], row["error"]) == (2, 2, None)
    assert documents(db, es)[str(ids["changed"])]["name"] == "today"


@pytest.mark.drill
def test_a_dump_from_before_a_rebuild(own: Settings, es: Elasticsearch, tmp_path: Path) -> None:
    """The register comes back with an index that is gone, and without the one that readers look at."""
    with closing(connect(own, "test", autocommit=True)) as db:
        store(own, [{"sku": "a", "name": "then"}])
        sync_all(own, db, es)
        old = live_index(db)
        dump(own, tmp_path / "night.dump")
        rebuild(own, es)
    es.indices.delete(index=old)
    restore(own, tmp_path / "night.dump")
    with closing(connect(own, "test", autocommit=True)) as db:
        db.execute("UPDATE products SET name = 'today'")
        assert sync_batch(Indexer(db, es, own), 10).unavailable is not None
        assert not es.indices.exists(index=old)
        assert run(own, "reindex").returncode == 0
        sync_all(own, db, es)
        assert [body["name"] for body in contents(es, read_alias(own.index_prefix)).values()] == ["today"]


@pytest.mark.drill
def test_a_dump_from_the_middle_of_a_rebuild(own: Settings, es: Elasticsearch, tmp_path: Path) -> None:
    """The rebuild of the dump has long ended; carried on, it would call the index equal that is ahead. It is cancelled
    first."""
    with closing(connect(own, "test", autocommit=True)) as db:
        store(own, [{"sku": "a", "name": "then"}])
        sync_all(own, db, es)
        rebuilding.start(db)
        step(Indexer(db, es, own))
        dump(own, tmp_path / "night.dump")
        rebuilding.run(Indexer(db, es, own))
        db.execute("UPDATE products SET name = 'since'")
        sync_all(own, db, es)
    restore(own, tmp_path / "night.dump")
    ended = run(own, "reindex", "--cancel")
    assert (ended.returncode, ended.stderr.startswith("Too late")) == (1, True)
    assert run(own, "reindex").returncode == 0
    with closing(connect(own, "test", autocommit=True)) as db:
        assert differences(Indexer(db, es, own), live_index(db)) == []
        assert [body["name"] for body in contents(es, read_alias(own.index_prefix)).values()] == ["then"]
