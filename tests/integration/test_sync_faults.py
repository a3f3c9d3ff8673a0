"""One bad document, a blocked or missing index, an index ahead: nobody else is held back (I4)."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.errors import Conflict
from catalog.settings import Settings
from indexer.bulk import Document, Outcome, write
from indexer.indexer import Indexer
from indexer.rebuild import rebuild
from indexer.switch import rollback
from indexer.sync import sync_batch
from mappings.names import write_alias
from mappings.schema import tombstone
from tests.support import ledger, live_index, store, sync_all

Db = psycopg.Connection[Any]

pytestmark = [pytest.mark.secured, pytest.mark.usefixtures("index")]


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
    batch = sync_batch(Indexer(db, es, settings), 10)
    assert batch.unavailable is not None
    assert not es.indices.exists(index=write_alias(name))
    assert ledger(db, product_id)["attempts"] == 0
    es.indices.put_alias(index=name, name=write_alias(name))
    sync_all(settings, db, es)
    assert ledger(db, product_id)["synced_version"] == 1


def test_no_index_at_all_keeps_everything_pending(settings: Settings, db: Db, es: Elasticsearch) -> None:
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    db.execute("DELETE FROM search_indexes")
    batch = sync_batch(Indexer(db, es, settings), 10)
    assert "catalog reindex" in str(batch.unavailable)
    assert ledger(db, product_id)["claimed_until"] is None


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
