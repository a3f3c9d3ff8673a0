"""A product behind a forced filter is found by no method of gRPC, and comes to no watcher."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import psycopg
import pytest
from fastapi import FastAPI
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from api.grpc.changes import DELETED, HIDDEN
from catalog.settings import Settings
from catalog.v1 import product_service_pb2 as pb
from tests.apps import create_app
from tests.e2e.canary import ASKED, HIDING, TYPED, Canary, Door, remembering
from tests.e2e.grpc_calls import Metadata, refusal, served, stub_of, watching
from tests.e2e.live_socket import published
from workers.relay import Relay

Db = psycopg.Connection[Any]

SCOPES = ["search", "read", "explain"]


@pytest.fixture
async def app(settings: Settings, db: Db) -> AsyncIterator[FastAPI]:
    app = create_app(remembering(settings))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def stub(app: FastAPI) -> AsyncIterator[Any]:
    async with served(app) as channel:
        yield stub_of(channel)


@pytest.fixture
async def relay(settings: Settings, db: Db) -> AsyncIterator[Relay]:
    relay = Relay(settings)
    yield relay
    await relay.close()


async def a_key(admin: httpx.AsyncClient, forced: dict[str, Any]) -> Metadata:
    """The metadata of a key with these forced filters."""
    made = await admin.post("/api/v1/api-keys", json={"name": "a key", "scopes": SCOPES, "forced": forced})
    assert made.status_code == 201, made.text
    return (("x-api-key", made.json()["key"]),)


def _filter(name: str, **held: Any) -> pb.SearchRequest:
    return pb.SearchRequest(attributes=[pb.AttributeFilter(name=name, **held)])


def requests(canary: Canary) -> list[tuple[str, Message]]:
    """Each shows the canary, among others, to whoever sees everything. Every word of it is asked for through REST."""
    category = str(canary.category_id)
    lists = [
        {}, {"search": "quillfernal"}, {"search": "ZQX-77-KIV"}, {"search": "lamp"}, {"category": "lamps"},
        {"category": "Lamps > Umbrawyck Lights"}, {"category": category}, {"per_page": 8},
    ]  # fmt: skip
    searches = [
        *({"q": q} for q in ["", *ASKED[::2]]),
        *({"q": q, "explain": True} for q in ("lamp", "quilfernal", "vorzack norvane lamp")),
        *({"sort": sort} for sort in ("newest", "price_desc", "popularity", "name")),
        *({"facets": [name]} for name in ("brand", "category", "price")),
        *({"facets": [f"attr.{name}"], "per_page": 1, "sort": "price_asc"}
          for name in ("hue", "sparkrating", "wick", "hiddenwatts")),
        {"q": "lamp", "exact": True}, {"q": "lamp", "cursor": "*", "per_page": 1, "sort": "price_desc"},
        {"category": "lamps/umbrawyck-lights"}, {"category": category}, {"category": category, "price_max": "1"},
        {"brand": ["vorzakh"]}, {"price_min": "7000"},
    ]  # fmt: skip
    return [
        *(("ListProducts", pb.ListProductsRequest(**asked)) for asked in lists),  # type: ignore[arg-type]
        *(("Search", pb.SearchRequest(**asked)) for asked in searches),  # type: ignore[arg-type]
        ("Search", _filter("hue", values=["frostmulberry"])),
        ("Search", _filter("wick", values=["snaggletwist"])),
        ("Search", _filter("hiddenwatts", min=4000)),
        *(("Suggest", pb.SuggestRequest(q=q)) for q in TYPED[::2]),
        ("Suggest", pb.SuggestRequest(q="lamp", category=category)),
        ("Suggest", pb.SuggestRequest(q="quillf", limit=20)),
    ]


def told(canary: Canary, answer: Message, asked: Message | str = "") -> set[str]:
    """What a message says of the canary that whoever asks has not said: as JSON, for numbers too, and on the wire."""
    text = MessageToJson(answer, ensure_ascii=False) + answer.SerializeToString().decode("latin-1")
    return canary.told(Door(str(asked)), text)


async def test_every_method_shows_it_to_whoever_sees_everything(
    stub: Any, admin: httpx.AsyncClient, canary: Canary
) -> None:
    key = await a_key(admin, {})
    for method, request in requests(canary):
        answer = await getattr(stub, method)(request, metadata=key, timeout=60)
        assert told(canary, answer, request), (method, request, answer)
    product = await stub.GetProduct(pb.GetProductRequest(id=str(canary.product_id)), metadata=key, timeout=60)
    assert told(canary, product)


@pytest.mark.parametrize("forced", HIDING, ids=str)
async def test_no_method_shows_what_forced_filters_hide(
    stub: Any, admin: httpx.AsyncClient, canary: Canary, forced: dict[str, Any]
) -> None:
    everything, key = await a_key(admin, {}), await a_key(admin, forced)
    for method, request in requests(canary):
        # Somebody else has just looked: nothing of it may be remembered for others.
        await getattr(stub, method)(request, metadata=everything, timeout=60)
        answer = await getattr(stub, method)(request, metadata=key, timeout=60)
        assert not told(canary, answer, request), (method, request, answer)
    request = pb.GetProductRequest(id=str(canary.product_id))
    error = await refusal(stub.GetProduct(request, metadata=key, timeout=60))
    assert error.code() == grpc.StatusCode.NOT_FOUND
    assert not canary.told(Door(str(request)), f"{error.details()} {error.trailing_metadata()}")
    assert (await stub.ListProducts(pb.ListProductsRequest(), metadata=key, timeout=60)).total > 0


def shake(db: Db, canary: Canary) -> None:
    """Everything that may happen to the canary, to its end."""
    for change in (
        "price = price + 1", "name = name || ' II'", "attributes = attributes || '{\"hue\": \"gleamish\"}'",
        "status = 'draft'", "status = 'active'", "status = 'archived'",
    ):  # fmt: skip
        db.execute(f"UPDATE products SET {change} WHERE id = %s", [canary.product_id])
    db.execute("UPDATE product_variants SET price = price + 1 WHERE product_id = %s", [canary.product_id])
    db.execute("UPDATE products SET status = 'active' WHERE id = %s", [canary.product_id])
    db.execute("DELETE FROM products WHERE id = %s", [canary.product_id])


async def marked(db: Db, relay: Relay, name: str) -> int:
    """Publish a change of a product that every filter of HIDING lets through, after all others; its position."""
    db.execute("UPDATE products SET name = %s WHERE sku = 'LAMP-2'", [name])
    await published(relay)
    row = db.execute("SELECT max(position) FROM domain_events").fetchone()
    assert row is not None
    return int(row[0])


async def until(call: Any, position: int) -> list[pb.ProductChange]:
    """The changes up to this one: whatever happened before it has come by then."""
    changes = [await call.read()]
    while changes[-1].position < position:
        changes.append(await call.read())
    return changes


@pytest.mark.parametrize("forced", HIDING, ids=str)
async def test_nothing_of_it_comes_to_a_watcher(
    stub: Any, admin: httpx.AsyncClient, canary: Canary, db: Db, relay: Relay, forced: dict[str, Any]
) -> None:
    """From the oldest event, and as it is changed, hidden and deleted while it is being watched, by its id too."""
    key = await a_key(admin, forced)
    row = db.execute("SELECT id FROM products WHERE sku = 'LAMP-2'").fetchone()
    assert row is not None
    both = [str(canary.product_id), str(row[0])]
    first = await marked(db, relay, "First Lamp")
    async with (
        watching(stub, key, after_position=0) as call,
        watching(stub, key, after_position=0, product_ids=both) as of_it,
    ):
        changes = await until(call, first) + await until(of_it, first)
        shake(db, canary)
        last = await marked(db, relay, "Last Lamp")
        changes += await until(call, last) + await until(of_it, last)
    assert changes[-1].product.name == "Last Lamp", "what is in sight does come"
    assert not {change.type for change in changes} & {DELETED, HIDDEN}
    for change in changes:
        assert not told(canary, change), change


async def test_all_of_it_comes_to_a_watcher_who_sees_everything(
    stub: Any, admin: httpx.AsyncClient, canary: Canary, db: Db, relay: Relay
) -> None:
    first = await marked(db, relay, "First Lamp")
    async with watching(stub, await a_key(admin, {}), after_position=0) as call:
        changes = await until(call, first)
        shake(db, canary)
        changes += await until(call, await marked(db, relay, "Last Lamp"))
    types = {change.type for change in changes if told(canary, change)}
    assert {"ProductCreated", HIDDEN, DELETED} <= types


async def test_a_product_that_goes_out_of_sight_is_hidden_once(
    stub: Any, admin: httpx.AsyncClient, canary: Canary, db: Db, relay: Relay
) -> None:
    """The watcher has been shown it, so it is told that it is gone, and nothing of what became of it."""
    first = await marked(db, relay, "First Lamp")
    async with watching(stub, await a_key(admin, {"brand": "norvane"}), after_position=0) as call:
        seen = await until(call, first)
        db.execute("UPDATE products SET brand_id = (SELECT id FROM brands WHERE name = 'Vorzakh') WHERE sku = 'LAMP-3'")
        db.execute("UPDATE products SET name = 'Vorzakh Lamp', price = price + 1 WHERE sku = 'LAMP-3'")
        db.execute("DELETE FROM products WHERE sku = 'LAMP-3'")
        changes = await until(call, await marked(db, relay, "Last Lamp"))
    (lamp,) = {change.product_id for change in seen if change.product.sku == "LAMP-3"}
    assert [(change.type, change.product_id) for change in changes[:-1]] == [(HIDDEN, lamp)]
    assert not told(canary, changes[0])
