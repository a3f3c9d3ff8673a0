"""A write that arrives long after the product was deleted never brings it back (I2)."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer.bulk import Document, Outcome, write
from indexer.rows import read_products
from indexer.sync import document_of
from mappings.names import read_alias, write_alias
from mappings.schema import CURRENT, tombstone
from tests.support import documents, live_index, store, sync_all

Db = psycopg.Connection[Any]
Fate = Callable[[Elasticsearch, str], None]

pytestmark = pytest.mark.usefixtures("index")


def nothing(es: Elasticsearch, index: str) -> None:
    """The deletion was a moment ago."""


def gc_deletes(es: Elasticsearch, index: str) -> None:
    """Whatever Elasticsearch itself remembers of deletions is forgotten."""
    es.indices.put_settings(index=index, settings={"index.gc_deletes": "0s"})
    # The clock that Elasticsearch goes by here ticks five times a second.
    time.sleep(0.5)
    es.indices.refresh(index=index)
    es.indices.flush(index=index, force=True)


def close_and_open(es: Elasticsearch, index: str) -> None:
    """What is in memory only is gone."""
    es.indices.close(index=index)
    es.indices.open(index=index, wait_for_active_shards=1)


def both(es: Elasticsearch, index: str) -> None:
    gc_deletes(es, index)
    close_and_open(es, index)


@pytest.mark.parametrize("fate", [nothing, gc_deletes, close_and_open, both])
def test_a_late_write_after_a_deletion_is_refused(settings: Settings, db: Db, es: Elasticsearch, fate: Fate) -> None:
    """A worker reads the product, stands still while it is deleted and the deletion synced, and then writes."""
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    late = read_document(db, product_id)
    sync_all(settings, db, es)
    db.execute("DELETE FROM products")
    sync_all(settings, db, es)
    index = live_index(db)
    fate(es, index)
    (result,) = write(es, write_alias(index), [late])
    assert result.outcome is Outcome.CONFLICT
    assert documents(db, es) == {str(product_id): tombstone(product_id, 2)}
    assert es.count(index=read_alias(settings.index_prefix))["count"] == 0


@pytest.mark.parametrize("fate", [nothing, gc_deletes, close_and_open, both])
def test_a_product_deleted_before_its_first_write_stays_away(
    settings: Settings, db: Db, es: Elasticsearch, fate: Fate
) -> None:
    """The index has never seen the product when the deletion arrives: the tombstone is there all the same."""
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    late = read_document(db, product_id)
    db.execute("DELETE FROM products")
    sync_all(settings, db, es)
    fate(es, live_index(db))
    (result,) = write(es, write_alias(live_index(db)), [late])
    assert result.outcome is Outcome.CONFLICT
    assert documents(db, es) == {str(product_id): tombstone(product_id, 2)}


@pytest.mark.parametrize("fate", [nothing, gc_deletes, close_and_open, both])
def test_an_id_inserted_again_is_indexed_and_keeps_the_late_write_out(
    settings: Settings, db: Db, es: Elasticsearch, fate: Fate
) -> None:
    (product_id,) = store(settings, [{"sku": "a", "name": "first life"}]).values()
    late = read_document(db, product_id)
    db.execute("DELETE FROM products")
    sync_all(settings, db, es)
    fate(es, live_index(db))
    db.execute("INSERT INTO products (id, sku, name, price) VALUES (%s, 'a', 'second life', 1)", (product_id,))
    sync_all(settings, db, es)
    (result,) = write(es, write_alias(live_index(db)), [late])
    assert result.outcome is Outcome.CONFLICT
    assert [(body["name"], body["version"]) for body in documents(db, es).values()] == [("second life", 3)]


@pytest.mark.parametrize("fate", [gc_deletes, close_and_open, both])
def test_elasticsearchs_own_memory_of_a_deletion_would_not_do(
    settings: Settings, db: Db, es: Elasticsearch, fate: Fate
) -> None:
    """The fault that tombstones are there for: a deletion instead of a tombstone, and the product is back."""
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    late = read_document(db, product_id)
    sync_all(settings, db, es)
    es.delete(index=live_index(db), id=str(product_id), version=2, version_type="external")
    fate(es, live_index(db))
    (result,) = write(es, write_alias(live_index(db)), [late])
    assert result.outcome is Outcome.WRITTEN


def read_document(db: Db, product_id: UUID) -> Document:
    """What a worker has in its hands after reading the product."""
    (snapshot,) = read_products(db, [product_id])
    return document_of(snapshot, CURRENT)
