"""Bulk answers with several fates in them, given by the real server: each item has its own (I4)."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer import bulk, sync
from indexer.bulk import Document, Outcome, Result, write
from indexer.indexer import Indexer
from indexer.rebuild import rebuild
from indexer.rows import read_products
from indexer.sync import document_of, sync_batch
from mappings.names import write_alias
from mappings.schema import CURRENT, SCHEMAS, tombstone
from tests.support import documents, ledger, live_index, store, sync_all

Db = psycopg.Connection[Any]

pytestmark = pytest.mark.usefixtures("index")

# No index takes a term that long. The import and the API refuse it; raw SQL does not.
POISON = "UPDATE products SET attributes = jsonb_build_object(repeat('n', 40000), 'v') WHERE sku = 'poison'"


@pytest.fixture
def full(settings: Settings, es: Elasticsearch) -> str:
    """The write alias of an index whose disk is full: Elasticsearch answers 429 for each document."""
    name = f"{settings.index_prefix}-full"
    mappings = dict(SCHEMAS[CURRENT].mappings)
    es.indices.create(
        index=name, aliases={write_alias(name): {}}, mappings=mappings, settings=dict(SCHEMAS[CURRENT].settings)
    )
    es.indices.put_settings(index=name, settings={"index.blocks.read_only_allow_delete": True})
    return write_alias(name)


def test_created_refused_conflicting_and_unavailable_in_one_answer(db: Db, es: Elasticsearch, full: str) -> None:
    """201, 400, 409 and 429 for four documents of one request, two indexes in it: one gives no 429 beside others."""
    alias = write_alias(live_index(db))
    fine, poison, older, blocked = (uuid4() for _ in range(4))
    write(es, alias, [Document(older, 5, tombstone(older, 5))])
    sent = [
        (alias, Document(fine, 1, tombstone(fine, 1))),
        (alias, Document(poison, 1, tombstone(poison, 1) | {"surprise": 1})),
        (alias, Document(older, 1, tombstone(older, 1))),
        (full, Document(blocked, 1, tombstone(blocked, 1))),
    ]
    lines: list[Any] = []
    for index, document in sent:
        action = {"_index": index, "_id": str(document.product_id), "version": 1, "version_type": "external"}
        lines += [orjson.dumps({"index": action}), orjson.dumps(document.body)]
    items = [item["index"] for item in es.bulk(operations=lines, require_alias=True)["items"]]
    assert [item["status"] for item in items] == [201, 400, 409, 429]
    results = [bulk._result(document, item) for (_, document), item in zip(sent, items, strict=True)]
    assert [result.outcome for result in results] == [
        Outcome.WRITTEN,
        Outcome.REFUSED,
        Outcome.CONFLICT,
        Outcome.UNAVAILABLE,
    ]
    assert str(results[1].error).startswith("strict_dynamic_mapping_exception")
    assert "flood-stage" in str(results[3].error)


def test_each_product_of_a_batch_has_its_own_fate(
    settings: Settings, db: Db, es: Elasticsearch, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same four in live sync. The one that meets a full disk is sent to that index by the test."""
    ids = store(settings, [{"sku": sku} for sku in ("fine", "poison", "faster", "blocked")])
    db.execute(POISON)
    write(es, write_alias(live_index(db)), [document_of(read_products(db, [ids["faster"]])[0], CURRENT)])

    def divided(client: Elasticsearch, alias: str, sent: Sequence[Document]) -> list[Result]:
        results = {
            result.document.product_id: result
            for index, some in (
                (alias, [item for item in sent if item.product_id != ids["blocked"]]),
                (full, [item for item in sent if item.product_id == ids["blocked"]]),
            )
            for result in write(client, index, some)
        }
        return [results[item.product_id] for item in sent]

    with monkeypatch.context() as patched:
        patched.setattr(sync, "write", divided)
        batch = sync_batch(Indexer(db, es, settings), 10)
    assert (batch.claimed, batch.settled, batch.refused) == (4, 2, 1)
    assert "flood-stage" in str(batch.unavailable)
    rows = {sku: ledger(db, product_id) for sku, product_id in ids.items()}
    assert {sku: row["synced_version"] for sku, row in rows.items()} == {
        "fine": 1, "poison": 0, "faster": 1, "blocked": 0,
    }  # fmt: skip
    assert {sku: row["attempts"] for sku, row in rows.items()} == {"fine": 0, "poison": 1, "faster": 0, "blocked": 0}
    assert {row["claimed_until"] for row in rows.values()} == {None}
    sync_all(settings, db, es)
    assert ledger(db, ids["blocked"])["synced_version"] == 1


def test_a_poison_document_among_500(settings: Settings, db: Db, es: Elasticsearch) -> None:
    """Refused by the real mapping: 499 are settled by the batch that it is in, and it is quarantined alone."""
    ids = store(settings, [{"sku": "poison" if number == 250 else f"p{number}"} for number in range(500)])
    db.execute(POISON)
    (batch,) = sync_all(settings, db, es)
    assert (batch.claimed, batch.settled, batch.refused) == (500, 499, 1)
    for _ in range(settings.sync_max_attempts - 1):
        db.execute("UPDATE product_sync SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL")
        sync_all(settings, db, es)
    row = ledger(db, ids["poison"])
    assert (row["attempts"], row["next_attempt_at"]) == (settings.sync_max_attempts, "infinity")
    assert "field [tokens] of type [keyword]" in row["error"]
    assert sync_all(settings, db, es) == []
    db.execute("UPDATE products SET attributes = '{}' WHERE sku = 'poison'")
    sync_all(settings, db, es)
    assert len(documents(db, es)) == 500
    assert ledger(db, ids["poison"])["error"] is None


def test_a_mapping_that_conflicts_refuses_each_document_for_itself(
    settings: Settings, db: Db, es: Elasticsearch
) -> None:
    """The live index has another type for a field: what fits goes on, the mapping stays, and a rebuild mends it."""
    index, current = live_index(db), SCHEMAS[CURRENT]
    wrong: dict[str, Any] = dict(current.mappings["properties"]) | {"sku": {"type": "long"}}
    mappings = dict(current.mappings) | {"properties": wrong}
    es.indices.delete(index=index)
    es.indices.create(index=index, aliases={write_alias(index): {}}, mappings=mappings, settings=dict(current.settings))
    ids = store(settings, [{"sku": "12"}, {"sku": "twelve"}])
    (batch,) = sync_all(settings, db, es)
    assert (batch.settled, batch.refused, batch.unavailable) == (1, 1, None)
    assert "failed to parse field [sku] of type [long]" in ledger(db, ids["twelve"])["error"]
    assert es.indices.get_mapping(index=index)[index]["mappings"]["properties"]["sku"] == {"type": "long"}
    db.execute("UPDATE product_sync SET next_attempt_at = 'infinity' WHERE product_id = %s", (ids["twelve"],))
    rebuild(settings, es)
    assert {body["sku"] for body in documents(db, es).values()} == {"12", "twelve"}


def test_the_first_writer_of_an_index_learns_which_were_refused(db: Db, es: Elasticsearch) -> None:
    """It asks only whether all were written; when not, the second try finds what the first wrote."""
    alias = write_alias(live_index(db))
    fine, poison, older = (uuid4() for _ in range(3))
    write(es, alias, [Document(older, 5, tombstone(older, 5))])
    sent = [
        Document(fine, 1, tombstone(fine, 1)),
        Document(poison, 1, tombstone(poison, 1) | {"surprise": 1}),
        Document(older, 1, tombstone(older, 1)),
    ]
    results = write(es, alias, sent, first_writer=True)
    assert [result.document for result in results] == sent
    assert [result.outcome for result in results] == [Outcome.CONFLICT, Outcome.REFUSED, Outcome.CONFLICT]
    assert str(results[1].error).startswith("strict_dynamic_mapping_exception")
    found = documents(db, es)
    assert {id_: document["version"] for id_, document in found.items()} == {str(fine): 1, str(older): 5}


def test_the_first_writer_of_an_index_asks_once_when_all_is_well(
    db: Db, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = bulk._bulk

    def noted(client: Elasticsearch, alias: str, body: bytes, filter_path: str) -> dict[str, Any]:
        asked.append(filter_path)
        return real(client, alias, body, filter_path)

    monkeypatch.setattr(bulk, "_bulk", noted)
    sent = [Document(product_id := uuid4(), 1, tombstone(product_id, 1)) for _ in range(3)]
    results = write(es, write_alias(live_index(db)), sent, first_writer=True)
    assert [result.outcome for result in results] == [Outcome.WRITTEN] * 3
    assert asked == ["errors"]


def test_the_first_writer_of_an_index_without_room_is_told(es: Elasticsearch, full: str) -> None:
    sent = [Document(product_id := uuid4(), 1, tombstone(product_id, 1))]
    (result,) = write(es, full, sent, first_writer=True)
    assert result.outcome is Outcome.UNAVAILABLE
    assert "flood-stage" in str(result.error)
