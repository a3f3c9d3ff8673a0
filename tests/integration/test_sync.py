"""Live sync against the real servers: the invariants I1 to I4, I8 and I9."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from catalog.database import connect
from catalog.errors import Conflict
from catalog.settings import Settings
from indexer import ledger as ledger_module
from indexer.bulk import Document, Outcome, write
from indexer.compare import differences
from indexer.fanout import spread_chunk
from indexer.rebuild import rebuild
from indexer.switch import rollback
from indexer.sync import sync_batch
from mappings.names import read_alias, write_alias
from mappings.schema import tombstone
from tests.processes import wait_until
from tests.support import documents, ledger, live_index, store, sync_all, writer

Db = psycopg.Connection[Any]

pytestmark = pytest.mark.usefixtures("index")


def test_a_change_reaches_the_index_with_the_ledgers_version(settings: Settings, db: Db, es: Elasticsearch) -> None:
    (product_id,) = store(settings, [{"sku": "a", "price": "29.99"}]).values()
    sync_all(settings, db, es)
    db.execute("UPDATE products SET price = 19.99 WHERE sku = 'a'")
    sync_all(settings, db, es)
    answer = es.get(index=live_index(db), id=str(product_id))
    row = ledger(db, product_id)
    assert answer["_source"]["price_cents"] == 1999
    assert answer["_version"] == answer["_source"]["version"] == row["version"] == row["synced_version"] == 2


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


@pytest.mark.parametrize("table", ["products", "product_variants", "product_images", "categories", "product_sync"])
def test_truncate_is_refused(db: Db, table: str) -> None:
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="use DELETE"):
        db.execute(f"TRUNCATE {table} CASCADE")


def test_a_late_write_of_an_older_version_never_wins(settings: Settings, db: Db, es: Elasticsearch) -> None:
    (product_id,) = store(settings, [{"sku": "a", "name": "new"}]).values()
    db.execute("UPDATE products SET name = 'newer'")
    sync_all(settings, db, es)
    stale = Document(product_id, 1, tombstone(product_id, 1))
    (result,) = write(es, write_alias(live_index(db)), [stale])
    assert result.outcome is Outcome.CONFLICT
    assert documents(db, es)[str(product_id)]["name"] == "newer"


def test_deleted_products_are_tombstones_hidden_by_the_read_alias(
    settings: Settings, db: Db, es: Elasticsearch
) -> None:
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    sync_all(settings, db, es)
    db.execute("DELETE FROM products")
    sync_all(settings, db, es)
    assert documents(db, es)[str(product_id)] == tombstone(product_id, 2)
    assert es.count(index=read_alias(settings.index_prefix))["count"] == 0
    (late,) = write(es, write_alias(live_index(db)), [Document(product_id, 1, {"id": str(product_id)})])
    assert late.outcome is Outcome.CONFLICT


def test_the_same_id_inserted_again_goes_on_from_its_version(settings: Settings, db: Db, es: Elasticsearch) -> None:
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    db.execute("DELETE FROM products")
    sync_all(settings, db, es)
    db.execute("INSERT INTO products (id, sku, name, price) VALUES (%s, 'a', 'again', 1)", (product_id,))
    sync_all(settings, db, es)
    assert documents(db, es)[str(product_id)]["name"] == "again"
    assert ledger(db, product_id)["version"] == 3


def test_a_transaction_that_commits_late_is_not_skipped(settings: Settings, db: Db, es: Elasticsearch) -> None:
    with writer(settings) as late:
        late.execute("INSERT INTO products (sku, name, price) VALUES ('late', 'late', 1)")
        store(settings, [{"sku": "early"}])
        sync_all(settings, db, es)
        assert {body["sku"] for body in documents(db, es).values()} == {"early"}
        late.commit()
    sync_all(settings, db, es)
    assert {body["sku"] for body in documents(db, es).values()} == {"early", "late"}


def test_a_poison_document_does_not_hold_back_the_others(settings: Settings, db: Db, es: Elasticsearch) -> None:
    """The live index is given a field that is too narrow for one of 300 products."""
    es.indices.delete(index=live_index(db))
    name = live_index(db)
    es.indices.create(
        index=name,
        aliases={write_alias(name): {}},
        mappings={"dynamic": "false", "properties": {"inventory": {"type": "byte"}, "id": {"type": "keyword"}}},
    )
    ids = store(settings, [{"sku": f"p{number}", "inventory": 1000 * (number == 150)} for number in range(300)])
    poison = ids["p150"]
    batches = sync_all(settings, db, es)
    assert sum(batch.settled for batch in batches) == 299
    row = ledger(db, poison)
    assert row["attempts"] == 1
    assert "document_parsing_exception" in row["error"]
    for attempt in range(2, settings.sync_max_attempts + 1):
        db.execute("UPDATE product_sync SET next_attempt_at = now() WHERE product_id = %s", (poison,))
        sync_all(settings, db, es)
        assert ledger(db, poison)["attempts"] == attempt
    assert str(ledger(db, poison)["error"]).startswith("document_parsing_exception")
    assert ledger(db, poison)["next_attempt_at"] == "infinity"
    assert sync_all(settings, db, es) == []
    db.execute("UPDATE products SET inventory = 1 WHERE id = %s", (poison,))
    sync_all(settings, db, es)
    row = ledger(db, poison)
    assert (row["synced_version"], row["attempts"], row["error"]) == (2, 0, None)


@pytest.mark.parametrize(
    ("block", "lifted"),
    [({"index.blocks.write": True}, {"index.blocks.write": None}),
     ({"index.blocks.read_only_allow_delete": True}, {"index.blocks.read_only_allow_delete": None})],
)  # fmt: skip
def test_a_write_block_is_waited_for_and_counts_no_attempt(
    settings: Settings, db: Db, es: Elasticsearch, block: dict[str, Any], lifted: dict[str, Any]
) -> None:
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    es.indices.put_settings(index=live_index(db), settings=block)
    (batch,) = sync_all(settings, db, es)
    assert batch.unavailable is not None
    row = ledger(db, product_id)
    assert (row["attempts"], row["claimed_until"], row["synced_version"]) == (0, None, 0)
    es.indices.put_settings(index=live_index(db), settings=lifted)
    sync_all(settings, db, es)
    assert ledger(db, product_id)["synced_version"] == 1


def test_a_missing_alias_creates_no_index_and_loses_nothing(settings: Settings, db: Db, es: Elasticsearch) -> None:
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    name = live_index(db)
    es.indices.delete_alias(index=name, name=write_alias(name))
    batch = sync_batch(db, es, settings, 10)
    assert batch.unavailable is not None
    assert not es.indices.exists(index=write_alias(name))
    assert ledger(db, product_id)["attempts"] == 0
    es.indices.put_alias(index=name, name=write_alias(name))
    sync_all(settings, db, es)
    assert ledger(db, product_id)["synced_version"] == 1


def test_no_index_at_all_keeps_everything_pending(settings: Settings, db: Db, es: Elasticsearch) -> None:
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    db.execute("DELETE FROM search_indexes")
    batch = sync_batch(db, es, settings, 10)
    assert "catalog reindex" in str(batch.unavailable)
    assert ledger(db, product_id)["claimed_until"] is None


def test_an_unknown_field_is_refused_by_the_mapping(db: Db, es: Elasticsearch) -> None:
    with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
        es.index(index=live_index(db), document={"surprise": 1})


def test_an_index_ahead_of_postgres_raises_the_alarm(settings: Settings, db: Db, es: Elasticsearch) -> None:
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    write(es, write_alias(live_index(db)), [Document(product_id, 99, tombstone(product_id, 99))])
    sync_all(settings, db, es)
    row = ledger(db, product_id)
    assert row["error"].startswith("index_ahead")
    assert (row["attempts"], row["synced_version"]) == (0, 0)


def test_a_standby_that_is_ahead_holds_nothing_back(settings: Settings, db: Db, es: Elasticsearch) -> None:
    """The documented answer to a restored backup is a rebuild; the index that is ahead then stays as the standby."""
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    old = live_index(db)
    write(es, write_alias(old), [Document(product_id, 99, tombstone(product_id, 99))])
    rebuild(settings, es)
    sync_all(settings, db, es)
    row = ledger(db, product_id)
    assert (row["synced_version"], row["error"]) == (1, None)
    with pytest.raises(Conflict, match="index_ahead"):
        rollback(settings, es)


def test_a_document_deleted_by_hand_delays_nobody_else(settings: Settings, db: Db, es: Elasticsearch) -> None:
    ids = store(settings, [{"sku": "a"}, {"sku": "b"}])
    sync_all(settings, db, es)
    es.delete(index=live_index(db), id=str(ids["a"]))
    db.execute("UPDATE products SET name = 'changed'")
    (batch,) = sync_all(settings, db, es)
    assert (batch.settled, batch.unavailable) == (1, None)
    row = ledger(db, ids["a"])
    assert row["attempts"] == 0
    assert row["next_attempt_at"] is not None
    assert ledger(db, ids["b"])["synced_version"] == 2


def test_a_document_too_large_for_any_index_is_refused_alone(settings: Settings, db: Db, es: Elasticsearch) -> None:
    ids = store(settings, [{"sku": "large"}, {"sku": "fine"}])
    db.execute("UPDATE products SET attributes = jsonb_build_object('a', repeat('x', 17000000)) WHERE sku = 'large'")
    (batch,) = sync_all(settings, db, es)
    assert (batch.settled, batch.refused, batch.unavailable) == (1, 1, None)
    assert ledger(db, ids["large"])["error"].startswith("document_too_large")


def test_attributes_times_variants_are_bounded_before_anything_is_built(
    settings: Settings, db: Db, es: Elasticsearch
) -> None:
    variants = [{"sku": f"v{number}", "price": "1", "options": {"size": str(number)}} for number in range(100)]
    ids = store(settings, [{"sku": "many", "variants": variants}, {"sku": "fine"}])
    db.execute(
        "UPDATE products SET attributes = (SELECT jsonb_object_agg('a' || n, repeat('x', 900)) "
        "FROM generate_series(1, 100) AS n) WHERE sku = 'many'"
    )
    (batch,) = sync_all(settings, db, es)
    assert (batch.settled, batch.refused) == (1, 1)
    assert "100 variants" in ledger(db, ids["many"])["error"]


def test_a_row_that_no_parser_takes_is_refused_alone(settings: Settings, db: Db, es: Elasticsearch) -> None:
    ids = store(settings, [{"sku": "odd"}, {"sku": "fine"}])
    db.execute("""UPDATE products SET attributes = '{"x": 1e400}' WHERE sku = 'odd'""")
    (batch,) = sync_all(settings, db, es)
    assert (batch.settled, batch.refused) == (1, 1)
    assert ledger(db, ids["odd"])["attempts"] == 1


def test_a_value_too_long_for_a_facet_is_still_found_as_text(settings: Settings, db: Db, es: Elasticsearch) -> None:
    (product_id,) = store(settings, [{"sku": "a", "attributes": {"note": "needle " + "x" * 1500}}]).values()
    sync_all(settings, db, es)
    document = documents(db, es)[str(product_id)]
    assert "note" not in document["attributes"]
    found = es.search(index=live_index(db), query={"match": {"attributes_text": "needle"}})
    assert found["hits"]["total"]["value"] == 1


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
    assert ledger_module.claimable(db, 10) == 1


def test_settling_skips_a_row_that_a_writer_holds(settings: Settings, db: Db) -> None:
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    held = ledger_module.claim(db, 1, 30)
    assert held is not None
    with writer(settings) as busy:
        busy.execute("UPDATE products SET name = 'changed'")
        ledger_module.settle(db, held, {product_id: 1})
        busy.commit()
    assert ledger_module.claimable(db, 10) == 1


def test_a_single_change_overtakes_a_bulk_load(settings: Settings, db: Db) -> None:
    store(settings, [{"sku": f"bulk{number}"} for number in range(50)])
    db.execute("INSERT INTO products (sku, name, price) VALUES ('single', 'single', 1)")
    held = ledger_module.claim(db, 1, 30)
    assert held is not None
    (sku,) = db.execute("SELECT sku FROM products WHERE id = %s", (held.ids[0],)).fetchone() or ("",)
    assert sku == "single"


def test_a_deletion_under_a_running_fan_out_stays_a_deletion(settings: Settings, db: Db, es: Elasticsearch) -> None:
    """The fan-out has read the product and waits for the ledger row that the deleting transaction holds."""
    (product_id,) = store(settings, [{"sku": "a", "category": "Audio"}]).values()
    db.execute("UPDATE categories SET name = 'Sound'")
    with writer(settings) as deleting, connect(settings, "fanout", autocommit=True) as spreading:
        deleting.execute("DELETE FROM products")
        thread = threading.Thread(target=spread_chunk, args=(spreading,))
        thread.start()
        wait_until(lambda: db.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is not None)
        deleting.commit()
        thread.join()
    sync_all(settings, db, es)
    assert ledger(db, product_id)["deleted"]
    assert documents(db, es)[str(product_id)]["deleted"]
    assert differences(db, es, live_index(db)) == []


def test_a_rename_reaches_every_product_of_the_category(settings: Settings, db: Db, es: Elasticsearch) -> None:
    store(settings, [{"sku": f"p{number}", "category": "Audio > Head"} for number in range(20)])
    sync_all(settings, db, es)
    db.execute("UPDATE categories SET name = 'Sound' WHERE path = 'audio'")
    sync_all(settings, db, es)
    assert {body["category_text"][0] for body in documents(db, es).values()} == {"Sound"}
    assert db.execute("SELECT count(*) FROM fanout").fetchone() == (0,)


def test_thousands_of_attribute_names_do_not_grow_the_mapping(settings: Settings, db: Db, es: Elasticsearch) -> None:
    before = es.indices.get_mapping(index=live_index(db)).body
    attributes = [{f"name_{batch}_{number}": number for number in range(400)} for batch in range(10)]
    store(settings, [{"sku": f"p{batch}", "attributes": held} for batch, held in enumerate(attributes)])
    sync_all(settings, db, es)
    assert len(documents(db, es)) == 10
    assert es.indices.get_mapping(index=live_index(db)).body == before


def test_a_partial_failure_settles_what_succeeded(settings: Settings, db: Db, es: Elasticsearch) -> None:
    """201, 409 and 400 in one answer: each item has its own fate."""
    fine, conflict, refused = (uuid4() for _ in range(3))
    alias = write_alias(live_index(db))
    write(es, alias, [Document(conflict, 5, tombstone(conflict, 5))])
    bodies: list[tuple[UUID, dict[str, Any]]] = [
        (fine, tombstone(fine, 1)), (conflict, tombstone(conflict, 1)), (refused, {"surprise": 1}),
    ]  # fmt: skip
    results = write(es, alias, [Document(key, 1, body) for key, body in bodies])
    assert [result.outcome for result in results] == [Outcome.WRITTEN, Outcome.CONFLICT, Outcome.REFUSED]


def test_writes_need_an_alias(db: Db, es: Elasticsearch) -> None:
    key = uuid4()
    (result,) = write(es, live_index(db), [Document(key, 1, tombstone(key, 1))])
    assert result.outcome is Outcome.UNAVAILABLE
    with pytest.raises(NotFoundError):
        es.get(index=live_index(db), id=str(key))
