"""The ledger: what bumps it, who claims, settles and waits for whom."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.settings import Settings
from indexer import ledger as ledger_module
from indexer.compare import differences
from indexer.fanout import spread_chunk
from indexer.indexer import Indexer
from tests.processes import wait_until
from tests.support import documents, ledger, live_index, store, sync_all, waiting_for_locks, writer

Db = psycopg.Connection[Any]

pytestmark = pytest.mark.usefixtures("index")

# Products that one rename makes wait.
BULK = 30_000


def test_several_statements_in_one_transaction_bump_once(settings: Settings, db: Db) -> None:
    variants = [{"sku": "a-1", "price": "5", "inventory": 1, "options": {"size": "M"}}]
    (product_id,) = store(settings, [{"sku": "a", "variants": variants, "images": ["/a.svg"]}]).values()
    assert ledger(db, product_id)["version"] == 1
    with db.transaction():
        db.execute("UPDATE products SET name = 'x' WHERE sku = 'a'")
        db.execute("UPDATE product_variants SET price = 6")
        db.execute("DELETE FROM product_images")
    assert ledger(db, product_id)["version"] == 2


def test_every_way_of_writing_is_caught(settings: Settings, db: Db) -> None:
    ids = store(settings, [{"sku": "a", "category": "A", "brand": "B"}, {"sku": "b"}])

    def versions() -> list[int]:
        return [ledger(db, ids[sku])["version"] for sku in "ab"]

    assert versions() == [1, 1]
    db.execute("UPDATE products SET inventory = 5")
    assert versions() == [2, 2]
    db.execute("INSERT INTO product_images (product_id, url, position) SELECT id, '/x', 0 FROM products")
    assert versions() == [3, 3]
    db.execute("DELETE FROM brands")
    assert versions() == [4, 3]
    db.execute("DELETE FROM categories")
    assert versions() == [5, 3]
    assert ledger(db, ids["a"])["deleted"]


@pytest.mark.parametrize(
    "table", ["products", "product_variants", "product_images", "categories", "brands", "product_sync"]
)
def test_truncate_is_refused(db: Db, table: str) -> None:
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="use DELETE"):
        db.execute(f"TRUNCATE {table} CASCADE")


def test_a_refused_row_that_a_writer_holds_delays_nobody(settings: Settings, db: Db, es: Elasticsearch) -> None:
    ids = store(settings, [{"sku": "odd"}, {"sku": "fine"}])
    db.execute("""UPDATE products SET attributes = '{"x": 1e400}' WHERE sku = 'odd'""")
    held = ledger_module.claim(db, 10, 30)
    assert held is not None
    with writer(settings) as busy:
        busy.execute("UPDATE products SET attributes = '{}' WHERE sku = 'odd'")
        assert not ledger_module.count_attempt(db, ids["odd"], 2, "refused", 3)
        busy.commit()
    assert ledger(db, ids["odd"])["attempts"] == 0


def test_one_claim_has_one_lease(settings: Settings, db: Db) -> None:
    store(settings, [{"sku": f"p{number}"} for number in range(50)])
    held = ledger_module.claim(db, 50, 30)
    assert held is not None
    assert db.execute("SELECT count(DISTINCT claimed_until) FROM product_sync").fetchone() == (1,)
    ledger_module.release(db, held, held.ids)
    assert db.execute("SELECT count(*) FROM product_sync WHERE claimed_until IS NULL").fetchone() == (50,)


def test_a_variant_and_its_product_updated_at_once_do_not_deadlock(settings: Settings, db: Db) -> None:
    """Single statements, so nothing but the order of locks inside the triggers is at work."""
    variants = [{"sku": "a-1", "price": "5", "inventory": 1000000, "options": {"size": "M"}}]
    store(settings, [{"sku": "a", "variants": variants}])

    def repeat(statement: LiteralString) -> None:
        with connect(settings, "test", autocommit=True) as connection:
            for _ in range(300):
                connection.execute(statement)

    with ThreadPoolExecutor(2) as pool:
        work = [
            pool.submit(repeat, "UPDATE product_variants SET inventory = inventory - 1"),
            pool.submit(repeat, "UPDATE products SET popularity = popularity + 1"),
        ]
        for done in work:
            done.result()
    assert db.execute("SELECT inventory, popularity FROM products").fetchone() == (999700, 300)


def test_a_product_that_was_loaded_past_the_triggers_gets_its_row_with_its_first_update(
    settings: Settings, db: Db
) -> None:
    known = store(settings, [{"sku": "known"}])["known"]
    db.execute("ALTER TABLE products DISABLE TRIGGER ledger_insert")
    try:
        row = db.execute("INSERT INTO products (sku, name, price) VALUES ('x', 'X', 1) RETURNING id").fetchone()
    finally:
        db.execute("ALTER TABLE products ENABLE ALWAYS TRIGGER ledger_insert")
    assert row is not None
    db.execute("UPDATE products SET price = 2")
    assert (ledger(db, row[0])["version"], ledger(db, known)["version"]) == (1, 2)


def test_ledger_rows_are_permanent(settings: Settings, db: Db) -> None:
    store(settings, [{"sku": "a"}])
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="permanent"):
        db.execute("DELETE FROM product_sync")


def test_two_workers_never_claim_the_same_product(settings: Settings, db: Db) -> None:
    store(settings, [{"sku": f"p{number}"} for number in range(10)])
    first = ledger_module.claim(db, 6, 30)
    second = ledger_module.claim(db, 6, 30)
    assert first is not None
    assert second is not None
    assert (len(first.ids), len(second.ids)) == (6, 4)
    assert not {*first.ids} & {*second.ids}
    assert ledger_module.claim(db, 6, 30) is None


def test_a_row_bumped_while_it_is_being_written_stays_pending(settings: Settings, db: Db) -> None:
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    held = ledger_module.claim(db, 1, 30)
    assert held is not None
    db.execute("UPDATE products SET name = 'changed'")
    ledger_module.settle(db, held, {product_id: 1})
    row = ledger(db, product_id)
    assert (row["version"], row["synced_version"], row["claimed_until"]) == (2, 1, None)
    assert ledger_module.waiting(db, 10) == (1, False, False)


def test_settling_skips_a_row_that_a_writer_holds(settings: Settings, db: Db) -> None:
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    held = ledger_module.claim(db, 1, 30)
    assert held is not None
    with writer(settings) as busy:
        busy.execute("UPDATE products SET name = 'changed'")
        ledger_module.settle(db, held, {product_id: 1})
        busy.commit()
    assert ledger_module.waiting(db, 10) == (1, False, False)


def test_no_lease_is_left_on_what_two_workers_settle_at_once(settings: Settings, db: Db) -> None:
    """The first one's lease has run out. The second one skips rows that the first is settling at this moment."""
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    first = ledger_module.claim(db, 1, 0)
    second = ledger_module.claim(db, 1, 30)
    assert first is not None
    assert second is not None
    with writer(settings) as settling:
        ledger_module.settle(settling, first, {product_id: 1})
        ledger_module.settle(db, second, {product_id: 1})
        settling.commit()
    row = ledger(db, product_id)
    assert (row["version"], row["synced_version"], row["claimed_until"]) == (1, 1, None)


def test_a_single_change_overtakes_a_bulk_load(settings: Settings, db: Db) -> None:
    store(settings, [{"sku": f"bulk{number}"} for number in range(50)])
    db.execute("INSERT INTO products (sku, name, price) VALUES ('single', 'single', 1)")
    held = ledger_module.claim(db, 1, 30)
    assert held is not None
    (sku,) = db.execute("SELECT sku FROM products WHERE id = %s", (held.ids[0],)).fetchone() or ("",)
    assert sku == "single"


def test_a_single_change_overtakes_thirty_thousand_products_of_a_renamed_category(settings: Settings, db: Db) -> None:
    """It is the last to have changed, so nothing but its priority puts it before the others."""
    ids = store(settings, [{"sku": "single"}, {"sku": "bulk", "category": "Audio"}])
    # The replica role leaves out triggers that the ledger does not need, and foreign keys: it is the slowest step.
    db.execute("SET session_replication_role = replica")
    db.execute(
        "INSERT INTO products (sku, name, price, category_id)"
        " SELECT 'bulk' || number, 'bulk', 1, categories.id FROM generate_series(2, %s) AS number, categories",
        (BULK,),
    )
    db.execute("SET session_replication_role = origin")
    db.execute("UPDATE product_sync SET synced_version = version")
    db.execute("UPDATE categories SET name = 'Sound'")
    while spread_chunk(db):
        pass
    assert ledger_module.waiting(db, 2 * BULK) == (BULK, False, False)
    db.execute("UPDATE products SET price = 2 WHERE sku = 'single'")
    held = ledger_module.claim(db, 1, 30)
    assert held is not None
    assert held.ids == [ids["single"]]


def test_a_deletion_under_a_running_fan_out_stays_a_deletion(
    settings: Settings, db: Db, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fan-out has read the product and waits for the ledger row that the deleting transaction holds."""
    monkeypatch.setattr(ledger_module, "LOCK_TIMEOUT_MILLISECONDS", 30_000)
    (product_id,) = store(settings, [{"sku": "a", "category": "Audio"}]).values()
    db.execute("UPDATE categories SET name = 'Sound'")
    with writer(settings) as deleting, connect(settings, "fanout", autocommit=True) as spreading:
        deleting.execute("DELETE FROM products")
        thread = threading.Thread(target=spread_chunk, args=(spreading,))
        thread.start()
        wait_until(lambda: waiting_for_locks(db) > 0)
        deleting.commit()
        thread.join()
    sync_all(settings, db, es)
    assert ledger(db, product_id)["deleted"]
    assert documents(db, es)[str(product_id)]["deleted"]
    assert differences(Indexer(db, es, settings), live_index(db)) == []


def test_a_rename_reaches_every_product_of_the_category(settings: Settings, db: Db, es: Elasticsearch) -> None:
    store(settings, [{"sku": f"p{number}", "category": "Audio > Head"} for number in range(20)])
    sync_all(settings, db, es)
    db.execute("UPDATE categories SET name = 'Sound' WHERE path = 'audio'")
    sync_all(settings, db, es)
    assert {body["category_text"][0] for body in documents(db, es).values()} == {"Sound"}
    assert db.execute("SELECT count(*) FROM fanout").fetchone() == (0,)
