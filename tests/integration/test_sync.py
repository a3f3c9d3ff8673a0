"""Live sync against the real servers: versions, tombstones, late commits (I1 to I3, I9)."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from catalog.settings import Settings
from indexer.bulk import Document, Outcome, write
from mappings.names import read_alias, write_alias
from mappings.schema import tombstone
from tests.support import documents, ledger, live_index, store, sync_all, writer

Db = psycopg.Connection[Any]

pytestmark = [pytest.mark.secured, pytest.mark.usefixtures("index")]


def test_a_change_reaches_the_index_with_the_ledgers_version(settings: Settings, db: Db, es: Elasticsearch) -> None:
    (product_id,) = store(settings, [{"sku": "a", "price": "29.99"}]).values()
    sync_all(settings, db, es)
    db.execute("UPDATE products SET price = 19.99 WHERE sku = 'a'")
    sync_all(settings, db, es)
    answer = es.get(index=live_index(db), id=str(product_id))
    row = ledger(db, product_id)
    assert answer["_source"]["price_cents"] == 1999
    assert answer["_version"] == answer["_source"]["version"] == row["version"] == row["synced_version"] == 2


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


def test_an_unknown_field_is_refused_by_the_mapping(db: Db, es: Elasticsearch) -> None:
    with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
        es.index(index=live_index(db), document={"surprise": 1})


def test_a_value_too_long_for_a_facet_is_still_found_as_text(settings: Settings, db: Db, es: Elasticsearch) -> None:
    (product_id,) = store(settings, [{"sku": "a", "attributes": {"note": "needle " + "x" * 1500}}]).values()
    sync_all(settings, db, es)
    document = documents(db, es)[str(product_id)]
    assert not [token for token in document["tokens"] if token.startswith("note")]
    found = es.search(index=live_index(db), query={"match": {"attributes_text": "needle"}})
    assert found["hits"]["total"]["value"] == 1


def test_thousands_of_attribute_names_do_not_grow_the_mapping(settings: Settings, db: Db, es: Elasticsearch) -> None:
    before = es.indices.get_mapping(index=live_index(db)).body
    attributes = [{f"name_{batch}_{number}": number for number in range(400)} for batch in range(10)]
    store(settings, [{"sku": f"p{batch}", "attributes": held} for batch, held in enumerate(attributes)])
    sync_all(settings, db, es)
    assert len(documents(db, es)) == 10
    assert es.indices.get_mapping(index=live_index(db)).body == before


def test_writes_need_an_alias(db: Db, es: Elasticsearch) -> None:
    key = uuid4()
    (result,) = write(es, live_index(db), [Document(key, 1, tombstone(key, 1))])
    assert result.outcome is Outcome.UNAVAILABLE
    with pytest.raises(NotFoundError):
        es.get(index=live_index(db), id=str(key))
