"""GraphQL over HTTP: methods, types, bodies, errors, rights, settings."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg
import pytest

from catalog.settings import Settings
from tests.apps import create_app
from tests.e2e.graphql_client import ask, post, refused
from tests.e2e.helpers import a_product

GRAPHQL = "/graphql"
TYPENAME = {"query": "{ __typename }"}
RESPONSE = "application/graphql-response+json"
CREATE = "mutation ($input: CreateProductInput!) { createProduct(input: $input) { id } }"


@asynccontextmanager
async def with_settings(settings: Settings, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings.model_copy(update=changes))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
async def test_nothing_but_post(client: httpx.AsyncClient, method: str) -> None:
    """A change can't be made by a link, an image or a form, nor anything be read by a script of another page."""
    answer = await client.request(method, GRAPHQL, params={"query": "mutation { deleteProduct(id: 1) }"})
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql", "",
     "application/json-patch+json", "text/plain, application/json"],
)  # fmt: skip
async def test_nothing_but_json(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.post(GRAPHQL, content=json.dumps(TYPENAME), headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == 415
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"1", b'"x"', b"[]", b"{}", b'{"query": 1}', b'{"query": ""}', b'{"query": null}', b"\xff\xfe",
     b'{"query": "{__typename}", "variables": []}', b'{"query": "{__typename}", "variables": "{}"}',
     b'{"query": "{__typename}", "operationName": 1}', b'{"query": "{__typename}", "extensions": 1}',
     b"[" * 100_000, b'{"query": "{__typename}", "variables": ' + b'{"a":' * 5000, b'{"query": "\\ud800"}',
     b'[{"query": "{__typename}"}]'],
)  # fmt: skip
async def test_a_body_that_is_no_request(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(GRAPHQL, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    told = answer.json()["errors"][0]
    assert told["extensions"]["code"] == "INVALID_INPUT"
    assert told["extensions"]["requestId"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "query",
    ["{", "{ nothing }", "{ products }", "{ product { id } }", "query A { __typename } query B { __typename }",
     "subscription { a }", "type A { a: Int }", "fragment a on Query { __typename }", "{ ...a }", "\x00",
     "{ products(page: \"x\") { totalCount } }",
     "{ search(sort: cheapest) { tookMs } }", "{ __typename @skip }", "{ __typename @nothing }",
     "{ a: products { totalCount } a: categories { id } }", "query ($a: Int, $a: Int) { __typename }",
     "mutation { createProduct(input: {}) { id } }", "mutation { createProduct(input: {color: 1}) { id } }",
     "{ products(page: 99999999999) { totalCount } }", "{ products(page: " + "9" * 5000 + ") { totalCount } }",
     "mutation { createProduct(input: {sku: 1, name: 2, price: {}}) { id } }"],
)  # fmt: skip
async def test_a_document_that_can_not_be_run(client: httpx.AsyncClient, query: str) -> None:
    """200 in `application/json`, as the specification asks of old clients' sake, and 400 in its own type."""
    answer = await client.post(GRAPHQL, json={"query": query})
    assert answer.status_code == 200
    assert "data" not in answer.json()
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"INVALID_INPUT"}
    strict = await client.post(GRAPHQL, json={"query": query}, headers={"Accept": RESPONSE})
    assert strict.status_code == 400
    assert strict.headers["content-type"] == RESPONSE


async def test_a_wrong_variable(client: httpx.AsyncClient) -> None:
    query = "query ($page: Int!) { products(page: $page) { totalCount } }"
    pages: list[Any] = ["x", None, 1.5, 2**40, [1, 2], {}, True]
    for page in pages:
        assert (await refused(client, query, page=page))["code"] == "INVALID_INPUT"
    assert (await refused(client, query))["code"] == "INVALID_INPUT"
    told = await refused(client, query, page=0)
    assert told["errors"] == [{"field": "page", "message": "must be 1 or more"}]


async def test_who_may_change(client: httpx.AsyncClient, analyst: httpx.AsyncClient) -> None:
    assert (await refused(client, CREATE, input=a_product()))["code"] == "UNAUTHENTICATED"
    assert (await refused(analyst, CREATE, input=a_product()))["code"] == "FORBIDDEN"
    assert (await refused(analyst, CREATE, input=a_product(price=-1)))["code"] == "FORBIDDEN", "rights before fields"


@pytest.mark.parametrize("credential", ["Bearer x.y.z", "Basic YTpi", "Bearer"])
async def test_a_credential_that_does_not_hold(client: httpx.AsyncClient, credential: str) -> None:
    """Also for what anybody may ask: whoever sends one relies on it."""
    answer = await client.post(GRAPHQL, json=TYPENAME, headers={"Authorization": credential})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_account_that_was_closed(editor: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    db.execute("UPDATE users SET active = false")
    answer = await editor.post(GRAPHQL, json={"query": CREATE, "variables": {"input": a_product()}})
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_search_may_need_a_credential(settings: Settings, db: psycopg.Connection[Any]) -> None:
    async with with_settings(settings, public_search=False) as client:
        assert (await refused(client, "{ search { tookMs } }"))["code"] == "UNAUTHENTICATED"
        assert (await refused(client, '{ autocomplete(q: "a") { tookMs } }'))["code"] == "UNAUTHENTICATED"


async def test_introspection_is_turned_off(settings: Settings, db: psycopg.Connection[Any]) -> None:
    """Nor does an error tell what is in the schema."""
    async with with_settings(settings, graphql_introspection=False) as client:
        assert (await refused(client, "{ __schema { queryType { name } } }"))["code"] == "INVALID_INPUT"
        for query in ("{ product(id: 1) { nam } }", "{ prodict }", "{ products(pag: 1) { totalCount } }",
                      "{ search(sort: pric_asc) { tookMs } }", "mutation { createProduct(input: {nam: 1}) { id } }",
                      "query ($a: ProductInpu) { __typename }"):  # fmt: skip
            message = " ".join(error["message"] for error in (await post(client, query))["errors"])
            assert "Did you mean" not in message
        assert await ask(client, "{ __typename }") == {"__typename": "Query"}


async def test_batches_are_a_setting_with_one_cost_for_all(settings: Settings, db: psycopg.Connection[Any]) -> None:
    async with with_settings(settings, graphql_batching=True, graphql_max_batch=3) as client:
        answer = await client.post(GRAPHQL, json=[TYPENAME, {"query": "{"}, TYPENAME])
        good, bad, also = answer.json()
        assert good == also == {"data": {"__typename": "Query"}}
        assert bad["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
        many = await client.post(GRAPHQL, json=[TYPENAME] * 4)
        assert many.json()["errors"][0]["extensions"]["limit"] == {"name": "batch", "allowed": 3}
        assert (await client.post(GRAPHQL, json=[])).status_code == 400
    async with with_settings(settings, graphql_batching=True, graphql_max_cost=1000) as client:
        one = {"query": "{ products(perPage: 100) { edges { node { id sku name } } } }"}
        assert "data" in (await client.post(GRAPHQL, json=[one, one])).json()[0]
        dear = await client.post(GRAPHQL, json=[one, one, one])
        assert dear.json()["errors"][0]["extensions"]["limit"]["name"] == "cost"


async def test_a_limit_is_named(client: httpx.AsyncClient) -> None:
    told = await refused(client, "{" + " __typename" * 500 + "}")
    assert told["limit"] == {"name": "repetition", "allowed": 1000}
    assert told["code"] == "INVALID_INPUT"


async def test_what_nobody_foresaw_is_masked(
    settings: Settings, db: psycopg.Connection[Any], client: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    """A table that is not there stands for any fault of ours."""
    db.execute("ALTER TABLE products RENAME TO hidden_products")
    try:
        answer = await post(client, "{ products { totalCount } }")
    finally:
        db.execute("ALTER TABLE hidden_products RENAME TO products")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "products" not in error["message"].lower().replace("/products", "")
    assert "graphql.failed" in capfd.readouterr().err


async def test_a_server_that_is_away(settings: Settings, db: psycopg.Connection[Any]) -> None:
    async with with_settings(settings, database_url="postgresql://catalog@127.0.0.1:1/none") as client:
        told = await refused(client, "{ products { totalCount } }")
        assert (told["code"], told["status"], told["retryAfter"]) == ("UNAVAILABLE", 503, 5)


async def test_no_scripts_and_no_page(client: httpx.AsyncClient) -> None:
    answer = await client.get(GRAPHQL, headers={"Accept": "text/html"})
    assert answer.status_code == 405
    assert "<script" not in answer.text
