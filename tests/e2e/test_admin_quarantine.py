"""Quarantine over REST: list, replay, drop, and what a product's own status tells of it."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.schemas.quarantine import MAX_IDS
from catalog.settings import Settings
from tests.e2e.helpers import PRODUCTS, assert_problem
from tests.support import documents, ledger, store, sync_all

Db = psycopg.Connection[Any]

QUARANTINE = "/api/v1/admin/quarantine"
REPLAY, DROP = f"{QUARANTINE}/replay", f"{QUARANTINE}/drop"
ERROR = "document_parsing_exception: failed to parse field [inventory]"


@pytest.fixture
def ids(settings: Settings, db: Db, es: Elasticsearch, index: str) -> dict[str, UUID]:
    """Three products in quarantine, the latest last, and `fine`, which is in the index."""
    fine = store(settings, [{"sku": "fine"}])
    sync_all(settings, db, es)
    ids = {sku: store(settings, [{"sku": sku}])[sku] for sku in ("a", "b", "c")}
    db.execute(
        "UPDATE product_sync SET attempts = 3, error = %s, next_attempt_at = 'infinity' WHERE version > synced_version",
        (ERROR,),
    )
    return ids | fine


def quarantined(db: Db) -> set[UUID]:
    return {row[0] for row in db.execute("SELECT product_id FROM product_sync WHERE next_attempt_at = 'infinity'")}


def named(*ids: UUID) -> dict[str, list[str]]:
    return {"ids": [str(product_id) for product_id in ids]}


async def test_the_list_in_pages(admin: httpx.AsyncClient, ids: dict[str, UUID]) -> None:
    page = (await admin.get(QUARANTINE)).json()
    assert (page["total"], page["page"], page["per_page"]) == (3, 1, 20)
    assert [item["sku"] for item in page["items"]] == ["c", "b", "a"]
    item = page["items"][0]
    assert item.pop("changed_at").endswith("Z")
    assert item == {
        "product_id": str(ids["c"]),
        "sku": "c",
        "name": "Product c",
        "deleted": False,
        "version": 1,
        "attempts": 3,
        "error": ERROR,
    }
    second = (await admin.get(QUARANTINE, params={"page": 2, "per_page": 2})).json()
    assert ([item["sku"] for item in second["items"]], second["total"]) == (["a"], 3)


async def test_replay_by_id(admin: httpx.AsyncClient, db: Db, ids: dict[str, UUID]) -> None:
    nobody = uuid4()
    answer = await admin.post(REPLAY, json=named(ids["a"], nobody, ids["fine"], ids["b"], ids["a"]))
    assert answer.status_code == 200
    assert answer.json() == {"replayed": 2, "not_quarantined": [str(nobody), str(ids["fine"])]}
    assert quarantined(db) == {ids["c"]}


async def test_a_replay_is_written_by_the_workers(
    admin: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    await admin.post(REPLAY, json=named(ids["a"]))
    sync_all(settings, db, es)
    assert set(documents(db, es)) == {str(ids["fine"]), str(ids["a"])}


async def test_drop_by_id(
    admin: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    answer = await admin.post(DROP, json=named(ids["a"], ids["fine"]))
    assert answer.json() == {"dropped": 1, "not_quarantined": [str(ids["fine"])]}
    sync_all(settings, db, es)
    assert documents(db, es)[str(ids["a"])]["deleted"] is True
    assert (await admin.get(f"{PRODUCTS}/{ids['a']}")).json()["sku"] == "a", "the product itself stays"


@pytest.mark.parametrize(("address", "word"), [(REPLAY, "replayed"), (DROP, "dropped")])
async def test_all_of_it(admin: httpx.AsyncClient, db: Db, ids: dict[str, UUID], address: str, word: str) -> None:
    answer = await admin.post(address, json={"all": True})
    assert answer.json() == {word: 3, "not_quarantined": []}
    assert quarantined(db) == set()
    assert ledger(db, ids["fine"])["dropped_version"] is None
    assert (await admin.post(address, json={"all": True})).json() == {word: 0, "not_quarantined": []}


@pytest.mark.parametrize("address", [REPLAY, DROP])
async def test_ten_thousand_ids_at_once(admin: httpx.AsyncClient, db: Db, ids: dict[str, UUID], address: str) -> None:
    others = [uuid4() for _ in range(MAX_IDS - 1)]
    answer = await admin.post(address, json=named(ids["a"], *others))
    assert answer.status_code == 200
    assert len(answer.json()["not_quarantined"]) == MAX_IDS - 1
    assert quarantined(db) == {ids["b"], ids["c"]}
    assert_problem(await admin.post(address, json=named(ids["b"], uuid4(), *others)), 422, "ids")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "ids"),
        ({"ids": []}, "ids"),
        ({"ids": ["no id"]}, "ids.0"),
        ({"ids": "all"}, "ids"),
        ({"all": False}, "all"),
        ({"all": "true"}, "all"),
        ({"all": True, "ids": [str(uuid4())]}, "all"),
        ({"all": True, "force": True}, "force"),
        ([], "body"),
    ],
)
async def test_what_is_refused(admin: httpx.AsyncClient, db: Db, ids: dict[str, UUID], body: Any, field: str) -> None:
    for address in (REPLAY, DROP):
        assert_problem(await admin.post(address, json=body), 422, field)
    assert len(quarantined(db)) == 3


async def test_unknown_parameters_are_refused(admin: httpx.AsyncClient) -> None:
    assert_problem(await admin.get(QUARANTINE, params={"pages": 2}), 422, "pages")
    assert_problem(await admin.get(QUARANTINE, params={"per_page": 101}), 422, "per_page")
    assert_problem(await admin.post(REPLAY, params={"dry": 1}, json={"all": True}), 422, "dry")


async def test_it_is_for_admins_only(
    client: httpx.AsyncClient, editor: httpx.AsyncClient, analyst: httpx.AsyncClient, db: Db, ids: dict[str, UUID]
) -> None:
    for caller, status in ((client, 401), (editor, 403), (analyst, 403)):
        assert_problem(await caller.get(QUARANTINE), status)
        for address in (REPLAY, DROP):
            assert_problem(await caller.post(address, json={"all": True}), status)
    assert len(quarantined(db)) == 3


async def test_the_status_of_a_product_tells_of_quarantine_and_drop(
    admin: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    address = f"{PRODUCTS}/{ids['a']}/sync"

    async def told() -> Any:
        status = (await admin.get(address)).json()
        return tuple(status[name] for name in ("in_sync", "quarantined", "dropped", "next_attempt_at", "attempts"))

    assert await told() == (False, True, False, None, 3)
    await admin.post(REPLAY, json=named(ids["a"]))
    assert await told() == (False, False, False, None, 0)
    db.execute(
        "UPDATE product_sync SET attempts = 1, next_attempt_at = '2100-01-01T01:00:00+01' WHERE product_id = %s",
        (ids["a"],),
    )
    assert await told() == (False, False, False, "2100-01-01T00:00:00Z", 1)
    db.execute("UPDATE product_sync SET next_attempt_at = 'infinity' WHERE product_id = %s", (ids["a"],))
    await admin.post(DROP, json=named(ids["a"]))
    assert await told() == (False, False, True, None, 0)
    sync_all(settings, db, es)
    assert await told() == (True, False, True, None, 0)
    await admin.patch(f"{PRODUCTS}/{ids['a']}", json={"name": "changed"})
    assert await told() == (False, False, False, None, 0)
    await admin.delete(f"{PRODUCTS}/{ids['a']}")
    assert (await told())[2] is False
