"""`catalog reconcile` says that all is equal only when nothing was left out of the comparison (I7)."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.settings import Settings
from indexer import compare
from indexer import repair as reconciling
from indexer.audit import audit_page
from indexer.indexer import Indexer
from indexer.rebuild import rebuild
from indexer.registry import LIVE, targets
from indexer.sync import sync_batch
from indexer.verify import Verification, verify
from mappings.names import read_alias
from tests.commands import invoke
from tests.support import documents, ledger, live_index, store, sync_all, writer

Db = psycopg.Connection[Any]


@pytest.fixture
def ids(settings: Settings, db: Db, es: Elasticsearch, index: str) -> dict[str, UUID]:
    stored = store(settings, [{"sku": f"p{number}", "category": "Audio", "brand": "Acme"} for number in range(5)])
    sync_all(settings, db, es)
    return stored


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is on its way in these tests: what differs in one look differs in every one."""
    monkeypatch.setattr(compare.lasting_differences, "__defaults__", (1, None, lambda seconds: None))


def proof(settings: Settings, db: Db, es: Elasticsearch, *, repair: bool = False, wait: float = 0.0) -> Verification:
    return verify(Indexer(db, es, settings), repair=repair, wait=wait)


def lose(es: Elasticsearch, index: str, product_id: UUID) -> None:
    es.delete(index=index, id=str(product_id), version=1, version_type="external_gte", refresh=True)


def without_triggers(db: Db, statement: str, *parameters: Any) -> None:
    """As `pg_restore --disable-triggers` writes."""
    with db.transaction():
        db.execute("ALTER TABLE products DISABLE TRIGGER USER")
        db.execute(statement.encode(), parameters)
        db.execute("ALTER TABLE products ENABLE TRIGGER USER")
        for trigger in ("ledger_insert", "ledger_update", "ledger_delete"):
            db.execute(f"ALTER TABLE products ENABLE ALWAYS TRIGGER {trigger}")


def no_alias(settings: Settings, db: Db, es: Elasticsearch) -> None:
    es.indices.delete_alias(index=live_index(db), name=read_alias(settings.index_prefix))


def no_filter(settings: Settings, db: Db, es: Elasticsearch) -> None:
    es.indices.put_alias(index=live_index(db), name=read_alias(settings.index_prefix))


def another_index(settings: Settings, db: Db, es: Elasticsearch) -> None:
    es.indices.create(index=f"{settings.index_prefix}-other", aliases={read_alias(settings.index_prefix): {}})


def no_index(settings: Settings, db: Db, es: Elasticsearch) -> None:
    db.execute("DELETE FROM search_indexes")


def newer_shape(settings: Settings, db: Db, es: Elasticsearch) -> None:
    db.execute("UPDATE search_indexes SET schema_version = 99")


def pending(settings: Settings, db: Db, es: Elasticsearch) -> None:
    db.execute("UPDATE products SET name = 'changed' WHERE sku = 'p1'")


def renamed(settings: Settings, db: Db, es: Elasticsearch) -> None:
    db.execute("UPDATE categories SET name = 'Sound'")


def quarantined(settings: Settings, db: Db, es: Elasticsearch) -> None:
    pending(settings, db, es)
    db.execute("UPDATE product_sync SET next_attempt_at = 'infinity' WHERE version > synced_version")


def unmade(settings: Settings, db: Db, es: Elasticsearch) -> None:
    """A value of which nobody can make a document, as if it had been written all the same."""
    db.execute("""UPDATE products SET attributes = '{"x": 1e400}' WHERE sku = 'p1'""")
    db.execute("UPDATE product_sync SET synced_version = version")


def silently_new(settings: Settings, db: Db, es: Elasticsearch) -> None:
    without_triggers(db, "INSERT INTO products (id, sku, name, price) VALUES (%s, 'silent', 'Silent', 5)", uuid4())


def silently_gone(settings: Settings, db: Db, es: Elasticsearch) -> None:
    without_triggers(db, "DELETE FROM products WHERE sku = 'p1'")


@pytest.mark.parametrize(
    "spoil",
    [no_alias, no_filter, another_index, no_index, newer_shape, pending, renamed, quarantined, unmade, silently_new,
     silently_gone],
)  # fmt: skip
def test_what_is_left_out_is_not_called_equal(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], spoil: Callable[[Settings, Db, Any], None]
) -> None:
    assert proof(settings, db, es).equal
    spoil(settings, db, es)
    assert not proof(settings, db, es).equal


@pytest.mark.secured
def test_the_command_says_what_is_wrong(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    no_filter(settings, db, es)
    pending(settings, db, es)
    answer = invoke(settings, "reconcile", "--wait", "0.1")
    said = " ".join(answer.stdout.split())
    assert answer.returncode == 1
    assert "Searches see deleted products" in said
    assert "1 changes from before are still not written: are workers running?" in said


def test_a_repair_waits_until_the_workers_have_written_it(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    lose(es, live_index(db), ids["p3"])
    stop = threading.Event()

    def follow() -> None:
        with connect(settings, "test-sync", autocommit=True) as connection:
            while not stop.wait(0.05):
                sync_batch(Indexer(connection, es, settings), 100)

    worker = threading.Thread(target=follow)
    worker.start()
    try:
        found = proof(settings, db, es, repair=True, wait=30)
    finally:
        stop.set()
        worker.join()
    assert (found.equal, found.repaired) == (True, 1)


def test_what_triggers_did_not_record_is_repaired(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    silently_new(settings, db, es)
    silently_gone(settings, db, es)
    assert proof(settings, db, es).unrecorded == 2
    assert proof(settings, db, es, repair=True).repaired == 2
    sync_all(settings, db, es)
    assert proof(settings, db, es).equal
    shown = {body["sku"] for body in documents(db, es).values() if not body["deleted"]}
    assert shown == {"p0", "p2", "p3", "p4", "silent"}
    assert ledger(db, ids["p1"])["deleted"]


def test_changes_in_the_replica_role_are_recorded(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    db.execute("SET session_replication_role = replica")
    db.execute("UPDATE products SET name = 'silent' WHERE sku = 'p1'")
    db.execute("UPDATE categories SET name = 'Sound', names = '{Sound}'")
    db.execute("SET session_replication_role = origin")
    assert ledger(db, ids["p1"])["version"] == 2
    assert db.execute("SELECT count(*) FROM fanout").fetchone() == (1,)


def test_a_lost_standby_does_not_keep_the_live_index_from_being_compared(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], index: str
) -> None:
    live = rebuild(settings, es)
    es.indices.delete(index=index)
    found = {item.index: (item.equal, item.error is None) for item in proof(settings, db, es).indexes}
    assert found == {live: (True, True), index: (False, False)}
    assert [target.name for target in targets(db) if target.state == LIVE] == [live]


def test_products_of_a_rename_that_is_still_to_be_spread_are_no_drift(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    """However long the spread is held up."""
    db.execute("UPDATE categories SET name = 'Sound'")
    db.execute("UPDATE brands SET name = 'Bolt'")
    (target,) = targets(db)
    page = audit_page(Indexer(db, es, settings), target, wait=lambda seconds: None)
    assert (page.compared, page.differing) == (5, [])


def test_a_large_repair_holds_few_locks_at_a_time(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third piece of five meets a locked row: what came before it is committed, and what comes after goes on."""
    monkeypatch.setattr(reconciling, "CHUNK_SIZE", 1)
    for key in ids.values():
        lose(es, live_index(db), key)
    with writer(settings) as busy:
        busy.execute("UPDATE products SET popularity = 1 WHERE sku = 'p2'")
        found = reconciling.reconcile(Indexer(db, es, settings), repair=True, quick=True)
        assert found[0].repaired == 4
        assert db.execute("SELECT count(*) FROM product_sync WHERE version = 2").fetchone() == (4,)
    assert db.execute("SELECT count(DISTINCT bumped_at) FROM product_sync WHERE version = 2").fetchone() == (5,)
