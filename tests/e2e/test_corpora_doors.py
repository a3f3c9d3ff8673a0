"""Hostile values through the other doors, and in what administrators write: each refused or answered, as text."""

from typing import Any
from unicodedata import normalize
from uuid import uuid4

import grpc
import httpx
import psycopg
import pytest
from fastapi import FastAPI

from catalog.settings import Settings
from catalog.v1 import product_service_pb2 as pb
from tests.e2e.conftest import PASSWORD
from tests.e2e.corpora import TEXTS
from tests.e2e.grpc_calls import served, signed_in, stub_of
from tests.e2e.helpers import assert_problem
from tests.support import store

# What only the inside of the service would say.
INSIDE = (
    "Traceback",
    "site-packages",
    "psycopg",
    "sqlalchemy",
    "elastic_transport",
    "search_phase",
    "parsing_exception",
)
FOR_CALLERS = (grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)

pytestmark = pytest.mark.usefixtures("db")


def assert_no_leak(said: str, sent: str) -> None:
    assert not [word for word in INSIDE if word in said and word not in sent], (sent, said)


def assert_answered(answer: httpx.Response, sent: str, status: int = 200) -> bool:
    """Whether it was taken; else it was refused for what it is."""
    assert_no_leak(answer.text, sent)
    if answer.status_code == status:
        return True
    assert 400 <= answer.status_code < 500, (sent, answer.text)
    assert_problem(answer, answer.status_code)
    return False


@pytest.mark.usefixtures("small_catalogue")
async def test_instantsearch(client: httpx.AsyncClient) -> None:
    for text in TEXTS:
        for params in (
            {"query": text, "highlightPreTag": text}, {"filters": text}, {"filters": f'brand:"{text}"'},
            {"facetFilters": [[f"brand:{text}", text]]}, {"numericFilters": [f"price>{text}"]}, {"facets": [text]},
            {"facetName": "brand", "facetQuery": text}, text,
        ):  # fmt: skip
            body = [{"indexName": "products", "params": params}]
            assert_answered(await client.post("/api/v1/instantsearch", json=body), text)
        assert_answered(await client.post("/api/v1/instantsearch", json=[{"indexName": text}]), text)


GRAPHQL = (
    "query ($text: String!) { search(q: $text) { hits { name } } }",
    "query ($text: String!) { search(filters: {brand: [$text], category: $text}) { hits { name } } }",
    "query ($text: String!) { search(filters: {attributes: [{name: $text, values: [$text]}]}) { hits { name } } }",
    "query ($text: String!) { search(facets: [$text]) { hits { name } } }",
    "query ($text: String!) { products(search: $text) { totalCount } }",
    "query ($text: String!) { products(category: $text) { totalCount } }",
    "query ($text: String!) { autocomplete(q: $text) { sections { queries { text } } } }",
)
CREATE = """
    mutation ($sku: String!, $text: String!) {
        createProduct(input: {sku: $sku, name: $text, description: $text, price: "1.00"}) { name } }
"""


@pytest.mark.usefixtures("small_catalogue")
async def test_graphql(editor: httpx.AsyncClient) -> None:
    made = 0
    for number, text in enumerate(TEXTS):
        variables = {"text": text, "sku": f"S-{number}"}
        for query in (*GRAPHQL, CREATE, text):
            answer = await editor.post("/graphql", json={"query": query, "variables": variables})
            assert answer.status_code in (200, 400), (text, answer.text)
            assert_no_leak(answer.text, text)
            codes = {error["extensions"]["code"] for error in answer.json().get("errors", [])}
            assert codes <= {"INVALID_INPUT", "NOT_FOUND"}, (query, text, answer.text)
            if query == CREATE and not codes:
                made += 1
                name: str = answer.json()["data"]["createProduct"]["name"]
                assert name.split() == normalize("NFC", text).split()
    assert made > len(TEXTS) / 2


async def _ended(call: Any) -> tuple[grpc.StatusCode, str]:
    """How a call ends, and the answer or what is said instead."""
    try:
        return grpc.StatusCode.OK, str(await call)
    except grpc.aio.AioRpcError as error:
        return error.code(), f"{error.details()} {error.trailing_metadata()}"


@pytest.mark.usefixtures("small_catalogue")
async def test_grpc(app: FastAPI, settings: Settings, db: psycopg.Connection[Any]) -> None:
    editor = signed_in(settings, db, "editor")
    async with served(app) as channel:
        stub = stub_of(channel)
        for number, text in enumerate(TEXTS):
            attribute = pb.AttributeFilter(name=text, values=[text])
            for method, request in (
                ("Search", pb.SearchRequest(q=text)),
                ("Search", pb.SearchRequest(brand=[text], category=text)),
                ("Search", pb.SearchRequest(attributes=[attribute])),
                ("Search", pb.SearchRequest(facets=[text])),
                ("Search", pb.SearchRequest(sort=text)),
                ("Search", pb.SearchRequest(cursor=text)),
                ("Search", pb.SearchRequest(price_min=text)),
                ("Suggest", pb.SuggestRequest(q=text)),
                ("Suggest", pb.SuggestRequest(q="a", category=text)),
                ("ListProducts", pb.ListProductsRequest(search=text)),
                ("GetProduct", pb.GetProductRequest(id=text)),
                ("CreateProduct", pb.CreateProductRequest(
                    product=pb.ProductInput(sku=f"S-{number}", name=text, price="1.00"))),
            ):  # fmt: skip
                code, said = await _ended(getattr(stub, method)(request, metadata=editor, timeout=60))
                assert code in FOR_CALLERS, (request, code, said)
                assert_no_leak(said, text)


async def test_orders(settings: Settings, admin: httpx.AsyncClient) -> None:
    store(settings, [{"sku": "KETTLE", "inventory": 1000}])
    order = {"email": "ada@example.com", "lines": [{"sku": "KETTLE", "quantity": 1}]}
    taken = 0
    for text in TEXTS:
        for field, value in (
            ("name", text), ("address_lines", [text]), ("client_reference", text), ("email", text),
            ("email", f"{text}@example.com"), ("lines", [{"sku": text, "quantity": 1}]),
        ):  # fmt: skip
            headers = {"Idempotency-Key": uuid4().hex}
            answer = await admin.post("/api/v1/orders", json={**order, field: value}, headers=headers)
            if assert_answered(answer, text, 201) and field == "name":
                taken += 1
                assert answer.json()["name"].split() == normalize("NFC", text).split()
        sent = {"Idempotency-Key": text.encode()}
        assert_answered(await admin.post("/api/v1/orders", json=order, headers=sent), text, 201)  # type: ignore[arg-type]
    assert taken > len(TEXTS) / 2


async def test_synonyms(admin: httpx.AsyncClient) -> None:
    taken = 0
    for number, text in enumerate(TEXTS):
        for kind, terms in (("two_way", [text, f"word{number}"]), ("one_way", [f"word{number}", text])):
            answer = await admin.post("/api/v1/merchandising/synonyms", json={"kind": kind, "terms": terms})
            taken += assert_answered(answer, text, 201)
        assert_answered(await admin.get("/api/v1/merchandising/synonyms", params={"search": text}), text)
    assert taken > 0


async def test_users(admin: httpx.AsyncClient) -> None:
    user = {"email": "new@example.com", "role": "editor", "password": PASSWORD}
    for text in TEXTS:
        assert not assert_answered(await admin.post("/api/v1/users", json={**user, "role": text}), text, 201)
        assert not assert_answered(await admin.post("/api/v1/users", json={**user, "email": text}), text, 201)
        assert not assert_answered(await admin.post("/api/v1/users", json={**user, text: text}), text, 201)
    assert (await admin.get("/api/v1/users")).json()["total"] == 1


async def test_api_keys(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    keys = "/api/v1/api-keys"
    taken = 0
    for text in TEXTS:
        for change in (
            {"name": text}, {"scopes": [text]}, {"expires_at": text}, {"forced": {"brand": text}},
            {"forced": {"category": text}}, {"forced": {f"attr.{text}": text}}, {"forced": {text: "x"}},
        ):  # fmt: skip
            answer = await admin.post(keys, json={"name": "a key", "scopes": ["search", "read"], **change})
            if assert_answered(answer, text, 201) and "forced" in change:
                taken += 1
                # What such a filter lets through is nothing, and it breaks no search or list.
                headers = {"X-API-Key": answer.json()["key"]}
                found = await client.get("/api/v1/products", headers=headers)
                assert (found.status_code, found.json()["total"]) == (200, 0), (change, found.text)
    assert taken > len(TEXTS) / 2


async def test_webhooks(admin: httpx.AsyncClient) -> None:
    hook = {"url": "https://shop.example.com/hook", "types": ["PriceChanged"]}
    taken = 0
    for text in TEXTS:
        for change in (
            {"url": text}, {"url": f"https://{text}/"}, {"url": f"https://shop.example.com/{text}"}, {"types": [text]},
            {"description": text},
        ):  # fmt: skip
            answer = await admin.post("/api/v1/webhooks", json={**hook, **change})
            taken += assert_answered(answer, text, 201) and "description" in change
    assert taken > 0
