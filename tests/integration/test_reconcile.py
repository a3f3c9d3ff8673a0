"""Equality of index and Postgres is proven, and what differs is repaired by live sync."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer.bulk import Document, write
from indexer.indexer import Indexer
from indexer.rebuild import rebuild
from indexer.repair import Findings, reconcile
from mappings.checksum import checksum
from mappings.names import write_alias
from mappings.schema import tombstone
from tests.commands import invoke
from tests.support import documents, live_index, store, sync_all

Db = psycopg.Connection[Any]

Spoil = Callable[[Elasticsearch, str, dict[str, UUID]], None]


@pytest.fixture
def ids(settings: Settings, db: Db, es: Elasticsearch, index: str) -> dict[str, UUID]:
    stored = store(settings, [{"sku": f"p{number}", "attributes": {"weight_g": number}} for number in range(40)])
    sync_all(settings, db, es)
    return stored


def check(settings: Settings, db: Db, es: Elasticsearch, *, repair: bool = False) -> Findings:
    (found,) = reconcile(Indexer(db, es, settings), repair=repair)
    return found


def test_equal(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    found = check(settings, db, es)
    assert (found.equal, found.products) == (True, 40)


def missing(es: Elasticsearch, index: str, ids: dict[str, UUID]) -> None:
    es.delete(index=index, id=str(ids["p3"]), version=1, version_type="external_gte", refresh=True)


def stale(es: Elasticsearch, index: str, ids: dict[str, UUID]) -> None:
    """A document of an older version; external_gte can't go back, so it is removed and put in again."""
    body = es.get(index=index, id=str(ids["p3"]))["_source"]
    es.delete(index=index, id=str(ids["p3"]), version=9, version_type="external")
    es.indices.put_settings(index=index, settings={"index.gc_deletes": "0s"})
    es.indices.refresh(index=index)
    es.indices.close(index=index)
    es.indices.open(index=index, wait_for_active_shards=1)
    old = body | {"version": 0, "checksum": 1}
    es.index(index=index, id=str(ids["p3"]), document=old, version=0, version_type="external", refresh=True)


def altered(es: Elasticsearch, index: str, ids: dict[str, UUID]) -> None:
    """The right version with other contents, as a hand in the index would leave it."""
    body = es.get(index=index, id=str(ids["p3"]))["_source"] | {"price_cents": 1}
    es.index(index=index, id=str(ids["p3"]), document=body, version=1, version_type="external_gte", refresh=True)


def unknown(es: Elasticsearch, index: str, ids: dict[str, UUID]) -> None:
    """A living document of a product that Postgres never had."""
    body = es.get(index=index, id=str(ids["p3"]))["_source"] | {"id": str(uuid4())}
    es.index(index=index, id=body["id"], document=body, version=5, version_type="external", refresh=True)


@pytest.mark.parametrize("spoil", [missing, stale, altered, unknown])
def test_what_differs_is_found_and_repaired(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], spoil: Spoil
) -> None:
    before = {key: body for key, body in documents(db, es).items() if key != str(ids["p3"])}
    spoil(es, live_index(db), ids)
    found = check(settings, db, es)
    assert not found.equal
    assert (len(found.versions) + len(found.contents), found.ahead, found.repaired) == (1, (), 0)
    assert check(settings, db, es, repair=True).repaired == 1
    (batch,) = sync_all(settings, db, es)
    assert batch.settled == 1
    assert check(settings, db, es).equal
    after = documents(db, es)
    assert {key: after[key] for key in before} == before
    assert sum(not body["deleted"] for body in after.values()) == 40
    assert after[str(ids["p3"])]["price_cents"] == 1000


def test_an_index_ahead_is_reported_and_never_repaired(
    settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    key = ids["p3"]
    body = es.get(index=live_index(db), id=str(key))["_source"] | {"version": 7, "checksum": checksum(str(key), 7)}
    write(es, write_alias(live_index(db)), [Document(key, 7, body)])
    found = check(settings, db, es, repair=True)
    assert ([item.product_id for item in found.ahead], found.repaired) == ([key], 0)


def test_what_is_pending_is_no_drift(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    db.execute("UPDATE products SET name = 'on its way' WHERE sku = 'p3'")
    db.execute("DELETE FROM products WHERE sku = 'p4'")
    assert check(settings, db, es).equal


def test_the_standby_is_proven_too(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    old = live_index(db)
    rebuild(settings, es)
    missing(es, old, ids)
    found = {item.index: item.equal for item in reconcile(Indexer(db, es, settings), repair=True)}
    assert found == {old: False, live_index(db): True}
    sync_all(settings, db, es)
    assert all(item.equal for item in reconcile(Indexer(db, es, settings), repair=False))


def test_tombstones_are_no_difference(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    db.execute("DELETE FROM products WHERE sku = 'p5'")
    sync_all(settings, db, es)
    assert documents(db, es)[str(ids["p5"])] == tombstone(ids["p5"], 2)
    assert check(settings, db, es).equal


@pytest.mark.secured
def test_the_command(settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    assert invoke(settings, "reconcile").returncode == 0
    missing(es, live_index(db), ids)
    refused = invoke(settings, "reconcile", "--json")
    assert refused.returncode == 1
    said = json.loads(refused.stdout)
    assert [item["product_id"] for item in said["indexes"][0]["versions"]] == [str(ids["p3"])]
    assert (said["equal"], said["problems"], said["outstanding"]) == (False, [], 0)
    # Nobody is there to write it again.
    assert invoke(settings, "reconcile", "--repair", "--wait", "0.1").returncode == 1
    sync_all(settings, db, es)
    assert invoke(settings, "reconcile").returncode == 0
