"""A product behind a forced filter is found through no door, and through each of them without the filter."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch
from fastapi import FastAPI

from catalog.settings import Settings
from tests.apps import create_app
from tests.e2e.canary import HIDING, OTHERS, Canary, Door, remembering
from tests.support import store, sync_all

Db = psycopg.Connection[Any]

SCOPES = ["search", "read", "read_sync", "explain"]
# Different in every answer, or of how common a word is in all products.
VARYING = (
    "query_id", "request_id", "took_ms", "score", "explanation", "next_cursor", "age_seconds", "lag_seconds",
    "queryID", "processingTimeMS",
)  # fmt: skip


@pytest.fixture
async def app(settings: Settings, db: Db) -> AsyncIterator[FastAPI]:
    app = create_app(remembering(settings))
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def with_key(app: FastAPI, admin: httpx.AsyncClient, forced: dict[str, Any]) -> AsyncIterator[httpx.AsyncClient]:
    """A client that sends a key with these forced filters."""
    made = await admin.post("/api/v1/api-keys", json={"name": "a key", "scopes": SCOPES, "forced": forced})
    assert made.status_code == 201, made.text
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"X-API-Key": made.json()["key"]}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client


async def ask(client: httpx.AsyncClient, door: Door) -> httpx.Response:
    if door.body is not None:
        return await client.post(door.path, json=door.body)
    return await client.get(door.path, params=list(door.params))


def steady(answer: Any) -> Any:
    """An answer without what is different every time."""
    if isinstance(answer, dict):
        return {name: steady(held) for name, held in answer.items() if name not in VARYING}
    return [steady(held) for held in answer] if isinstance(answer, list) else answer


async def test_every_door_shows_it_to_whoever_sees_everything(
    app: FastAPI, admin: httpx.AsyncClient, canary: Canary
) -> None:
    async with with_key(app, admin, {}) as client:
        for door in canary.doors:
            answer = await ask(client, door)
            assert answer.status_code == 200, (door, answer.text)
            assert canary.told(door, answer.text), (door, answer.text)
        for door in canary.reads:
            assert (await ask(client, door)).status_code == 200, door


@pytest.mark.parametrize("forced", HIDING, ids=str)
async def test_no_door_shows_what_forced_filters_hide(
    app: FastAPI, admin: httpx.AsyncClient, canary: Canary, forced: dict[str, Any]
) -> None:
    async with with_key(app, admin, {}) as everything, with_key(app, admin, forced) as client:
        for door in canary.doors:
            # Somebody else has just looked: nothing of it may be remembered for others.
            await ask(everything, door)
            answer = await ask(client, door)
            # Nobody has ever heard of an attribute that no product in sight has.
            assert answer.status_code == 200 or (answer.status_code == 404 and "/facets/" in door.path), (door, answer)
            assert not canary.told(door, answer.text), (door, answer.text)
        for door in canary.reads:
            answer = await ask(client, door)
            assert answer.status_code == 404, (door, answer.text)
            assert not canary.told(door, answer.text), (door, answer.text)
        assert (await client.get("/api/v1/search")).json()["total"]["value"] > 0


@pytest.mark.parametrize("forced", HIDING[::2], ids=str)
async def test_nor_while_elasticsearch_is_away(
    admin: httpx.AsyncClient, canary: Canary, settings: Settings, forced: dict[str, Any]
) -> None:
    app = create_app(remembering(settings).model_copy(update={"elasticsearch_url": "http://127.0.0.1:1"}))
    shown = 0
    async with (
        app.router.lifespan_context(app),
        with_key(app, admin, {}) as everything,
        with_key(app, admin, forced) as client,
    ):
        for door in canary.doors:
            shown += bool(canary.told(door, (await ask(everything, door)).text))
            answer = await ask(client, door)
            assert not canary.told(door, answer.text), (door, answer.text)
        assert (await client.get("/api/v1/search")).json()["degraded"]
    # Without Elasticsearch less is found, and walks are not begun.
    assert shown > len(canary.doors) * 0.7


async def test_it_is_as_if_it_had_never_been(
    app: FastAPI, admin: httpx.AsyncClient, canary: Canary, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    forced = {"brand": "Norvane"}
    async with with_key(app, admin, forced) as client:
        before = [await ask(client, door) for door in canary.doors]
    db.execute("DELETE FROM products WHERE id = %s", [canary.product_id])
    db.execute("DELETE FROM categories WHERE id = %s", [canary.category_id])
    sync_all(settings, db, es)
    es.indices.forcemerge(index=f"{settings.index_prefix}-*", max_num_segments=1)
    fresh = create_app(remembering(settings).model_copy(update={"cache_seconds": 0}))
    async with fresh.router.lifespan_context(fresh), with_key(fresh, admin, forced) as client:
        for door, answer in zip(canary.doors, before, strict=True):
            after = await ask(client, door)
            assert after.status_code == answer.status_code, door
            assert steady(after.json()) == steady(answer.json()), door


async def test_a_walk_is_refused_under_other_filters(app: FastAPI, admin: httpx.AsyncClient, canary: Canary) -> None:
    first = {"q": "lamp", "per_page": "2", "cursor": "*"}
    hidden = {"brand": "Norvane"}
    async with (
        with_key(app, admin, {}) as everything,
        with_key(app, admin, hidden) as client,
        with_key(app, admin, hidden) as same,
    ):
        theirs = (await everything.get("/api/v1/search", params=first)).json()["next_cursor"]
        own = (await client.get("/api/v1/search", params=first)).json()["next_cursor"]
        for reader, cursor, status in [
            (client, theirs, 422), (everything, own, 422), (client, own, 200), (same, own, 200),
        ]:  # fmt: skip
            answer = await reader.get("/api/v1/search", params=first | {"cursor": cursor})
            assert answer.status_code == status, answer.text


async def test_a_whole_walk_shows_nothing_of_it(app: FastAPI, admin: httpx.AsyncClient, canary: Canary) -> None:
    async with with_key(app, admin, {"on_sale": True}) as client:
        cursor, seen = "*", 0
        while cursor is not None:
            door = Door("/api/v1/search", (("q", "quilfernal lamp"), ("per_page", "2"), ("cursor", cursor)))
            answer = await ask(client, door)
            assert not canary.told(door, answer.text)
            seen += len(answer.json()["hits"])
            cursor = answer.json()["next_cursor"]
    assert seen == len(OTHERS)


async def test_a_word_in_sight_is_still_a_correction(app: FastAPI, admin: httpx.AsyncClient, canary: Canary) -> None:
    async with with_key(app, admin, {"brand": "Norvane"}) as client:
        answer = (await client.get("/api/v1/search", params={"q": "quited lamp"})).json()
        assert answer["query"]["corrected_to"] == "quilted lamp"
        assert answer["hits"][0]["name"] == "Quilted Lamp"


async def test_a_hidden_word_is_corrected_like_any_unknown_one(
    app: FastAPI, admin: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    # "quiltee" is a word of the index, and "quilted" the only one in sight that is near.
    store(settings, [*OTHERS, {"sku": "HIDDEN", "name": "Quiltee Lamp", "brand": "Vorzakh"}])
    sync_all(settings, db, es)
    async with with_key(app, admin, {}) as everything, with_key(app, admin, {"brand": "Norvane"}) as client:
        params = {"q": "quiltee"}
        assert (await everything.get("/api/v1/search", params=params)).json()["query"]["corrected_to"] is None
        answer = (await client.get("/api/v1/search", params=params)).json()
        assert answer["query"]["corrected_to"] == "quilted"
        assert [hit["name"] for hit in answer["hits"]] == ["Quilted Lamp"]


async def test_the_shops_pages_do_not_open(app: FastAPI, admin: httpx.AsyncClient, canary: Canary) -> None:
    async with with_key(app, admin, {"brand": "Norvane"}) as client:
        for path in ("/", "/?q=lamp", "/suggest?q=qui", f"/p/{canary.product_id}"):
            answer = await client.get(path)
            assert answer.status_code == 403, path
            assert not canary.told(Door(path), answer.text)


GRAPHQL = """
query($id: ID!, $category: String!) {
  product(id: $id) { name }
  products(search: "lamp") { totalCount edges { node { name sku brand category { name path } } } }
  in: products(category: $category) { totalCount edges { node { name } } }
  categories(all: true) { name path productCount products { edges { node { name } } } }
  search(q: "quilfernal lamp") { correctedTo hits { name sku brand } facets { name values { value label } } }
  autocomplete(q: "qui") { sections { queries { text } products { text sku } categories { text } brands { text } } }
}
"""


async def test_graphql_shows_nothing_of_it_either(app: FastAPI, admin: httpx.AsyncClient, canary: Canary) -> None:
    variables = {"id": str(canary.product_id), "category": str(canary.category_id)}
    door = Door("/graphql", body={"query": GRAPHQL, "variables": variables})
    async with with_key(app, admin, {}) as everything, with_key(app, admin, {"brand": "Norvane"}) as client:
        shown = await ask(everything, door)
        assert "errors" not in shown.json(), shown.text
        assert all(canary.told(Door(""), str(held)) for held in shown.json()["data"].values()), shown.text
        answer = await ask(client, door)
        assert "errors" not in answer.json(), answer.text
        assert not canary.told(door, answer.text), answer.text
        assert (answer.json()["data"]["product"], answer.json()["data"]["in"]["totalCount"]) == (None, 0)
