"""Whatever is sent to search: a clear 4xx or a plain answer, never a failure."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from api.instantsearch.endpoint import router as instantsearch_routes
from api.rest.search import router as search_routes
from catalog.services.tokens import issue
from catalog.settings import Settings
from search.elasticsearch.searcher import SearchDefect
from search.request import SearchRequest
from tests.apps import create_app
from tests.e2e.helpers import assert_problem
from tests.e2e.small_catalogue import search, skus
from tests.support import store, sync_all

Db = psycopg.Connection[Any]

pytestmark = pytest.mark.usefixtures("small_catalogue")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"q": "x" * 10_000}, "q"), ({"page": "0"}, "page"), ({"per_page": "101"}, "per_page"), ({"sort": "x"}, "sort"),
        ({"colour": "red"}, "colour"), ({"price_min": "cheap"}, "price_min"), ({"page": "9999"}, "page"),
    ],
)  # fmt: skip
async def test_bad_parameters_are_named(client: httpx.AsyncClient, params: dict[str, str], field: str) -> None:
    response = await client.get("/api/v1/search", params=params)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in response.json()["errors"]]


@pytest.mark.parametrize(
    "q", ['name:"x" OR (y', "/.*.*.*/", "a" * 200, "( ( ( [", "* ? ~2 ^5", "мышь 😀 ‏עכבר", "a " * 100,
          '{"match_all":{}}', "\\"]
)  # fmt: skip
async def test_syntax_is_plain_text(client: httpx.AsyncClient, q: str) -> None:
    await search(client, q=q)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"attr.\\ud800": "x"}', 422), (b'{"brand": "\\udfff"}', 422), (b'{"q": "\\ud800"}', 422),
        (b'{"facets": "attr.\\ud800"}', 422), (b'{"\\ud800": null, "q": "x"}', 200),
        (b'{"price_min": NaN}', 422), (b'{"brand": Infinity}', 422), (b'{"attr.a": [1e400]}', 422),
        (b'{"q": "' + b"x" * 70_000 + b'"}', 413), (b'{"brand": {}}', 422), (b"[]", 422), (b"nonsense", 422),
    ],
)  # fmt: skip
async def test_bodies_that_are_none(client: httpx.AsyncClient, body: bytes, status: int) -> None:
    answer = await client.post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text


async def test_what_no_server_takes_is_our_defect_and_no_outage(app: FastAPI) -> None:
    """Nothing of the kind passes the parser; if it did, "try again later" would be the wrong advice."""
    with pytest.raises(SearchDefect):
        await app.state.search.search(SearchRequest(page=20_000))


async def test_a_large_body_without_a_length_is_refused(client: httpx.AsyncClient) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    answer = await client.post("/api/v1/search", content=parts(), headers={"Content-Type": "application/json"})
    assert_problem(answer, 413)


@pytest.mark.parametrize(
    "name",
    ["a[b]", "a>b", "a.b", "..", "a*", "a_", "a\x00b", "a\tb", "\u2028a", "n" * 100, "😀" * 100, "null", "\x1fa"],
)
async def test_no_attribute_name_breaks_a_search(client: httpx.AsyncClient, name: str) -> None:
    for value in ("x", "1", "ﷺ" * 1000, "\ufb2c" * 1000, "😀" * 1000, "\x00"):
        await search(client, q="laptop", **{f"attr.{name}": value, "price_min": "1"})
    await search(client, facets=f"attr.{name}")
    await search(client, **{f"attr.{name}_min": "-1e15", f"attr.{name}_max": "1"})


async def test_stored_attribute_names_of_any_kind_are_facets(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    names = ["weight [kg]", "a > b", "a.b", "..", "😀"]
    store(settings, [{"sku": f"A{value}", "attributes": dict.fromkeys(names, value)} for value in ("x", "y")])
    sync_all(settings, db, es)
    facets = {facet["name"]: facet for facet in (await search(client))["facets"]}
    for name in names:
        assert [value["count"] for value in facets[f"attr.{name}"]["values"]] == [1, 1]
        assert await skus(client, **{f"attr.{name}": "x"}) == ["Ax"]


@pytest.mark.parametrize("category", ["ﷺ/" * 1300, "ﷺ>" * 1300, "!!!", "a" * 2600, "\x00a"])
async def test_no_category_breaks_a_search(client: httpx.AsyncClient, category: str) -> None:
    assert (await search(client, category=category))["hits"] == []
    assert (await client.get("/api/v1/autocomplete", params={"q": "lap", "category": category})).status_code == 200


async def test_head_is_get_without_a_body(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/search", "/api/v1/products", "/api/v1/categories", "/health/live", "/metrics"):
        got, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers["content-type"] == got.headers["content-type"]
    assert (await client.head("/api/v1/search", params={"page": "0"})).status_code == 422
    assert (await client.head("/api/v1/products/bulk")).status_code in (404, 405)


async def test_a_private_catalogue_is_searched_with_a_token_only(
    settings: Settings, db: psycopg.Connection[Any]
) -> None:
    app = create_app(settings.model_copy(update={"public_search": False}))
    transport = httpx.ASGITransport(app=app)
    calls = [*_calls(search_routes), *_calls(instantsearch_routes)]
    assert ("POST", "/api/v1/search/multi") in calls
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as stranger,
    ):
        refused = {call: (await stranger.request(*call)).status_code for call in calls}
        assert refused == dict.fromkeys(calls, 401)
        made = "INSERT INTO users (email, password_hash, role) VALUES ('s@example.com', '', 'storefront') RETURNING id"
        row = db.execute(made).fetchone()
        assert row is not None
        stranger.headers["Authorization"] = f"Bearer {issue(settings, row[0], 'storefront')}"
        let_in = {call: (await stranger.request(*call)).status_code for call in calls}
        # What is posted has no body here, which is looked at behind the door.
        assert let_in == {call: 422 if call[0] == "POST" else 200 for call in calls}


def _calls(router: APIRouter) -> Iterator[tuple[str, str]]:
    """Method and address of every endpoint of the router, with `brand` for whatever its address names."""
    for route in router.routes:
        assert isinstance(route, APIRoute)
        for method in sorted(route.methods or ()):
            yield method, re.sub(r"\{.*?\}", "brand", route.path)
