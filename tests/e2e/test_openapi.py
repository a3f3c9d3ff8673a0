"""The documentation: a page that loads without any other host, and a document that tools can read."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from api.rest.search_models import AutocompleteOut, SearchOut
from catalog.settings import Settings
from tests.support import store, sync_all

pytestmark = pytest.mark.usefixtures("db")


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from _nodes(item)


async def test_the_page_and_its_assets_come_from_here(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"(https?:)?//[a-z]", page.text.replace("// ", "")), "no address of another host"
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(assets) == 3
    for asset in assets:
        answer = await client.get(asset)
        assert answer.status_code == 200, asset
        assert len(answer.content) > 500
    assert '"validatorUrl": null' in page.text, "the badge would ask a public server"
    assert "/openapi.json" in page.text


async def test_the_shop_leads_to_it(client: httpx.AsyncClient, index: str) -> None:
    assert 'href="/docs"' in (await client.get("/")).text


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Any:
    answer = await client.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


async def test_every_address_is_described(document: Any) -> None:
    operations = {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    expected = {
        ("POST", "/api/v1/auth/token"),
        ("GET", "/api/v1/products"),
        ("POST", "/api/v1/products"),
        ("POST", "/api/v1/products/bulk"),
        ("GET", "/api/v1/products/{product_id}"),
        ("PUT", "/api/v1/products/{product_id}"),
        ("PATCH", "/api/v1/products/{product_id}"),
        ("DELETE", "/api/v1/products/{product_id}"),
        ("GET", "/api/v1/products/{product_id}/sync"),
        ("GET", "/api/v1/categories"),
        ("POST", "/api/v1/categories"),
        ("GET", "/api/v1/categories/{category_id}"),
        ("PUT", "/api/v1/categories/{category_id}"),
        ("PATCH", "/api/v1/categories/{category_id}"),
        ("DELETE", "/api/v1/categories/{category_id}"),
        ("GET", "/api/v1/search"),
        ("POST", "/api/v1/search"),
        ("GET", "/api/v1/autocomplete"),
        ("GET", "/api/v1/merchandising/synonyms"),
        ("POST", "/api/v1/merchandising/synonyms"),
        ("GET", "/api/v1/merchandising/synonyms/{synonym_id}"),
        ("PUT", "/api/v1/merchandising/synonyms/{synonym_id}"),
        ("DELETE", "/api/v1/merchandising/synonyms/{synonym_id}"),
        ("GET", "/api/v1/admin/reindex"),
        ("POST", "/api/v1/admin/reindex"),
        ("GET", "/api/v1/admin/reindex/{job_id}"),
        ("POST", "/api/v1/admin/reindex/{job_id}/cancel"),
        ("GET", "/api/v1/admin/quarantine"),
        ("POST", "/api/v1/admin/quarantine/replay"),
        ("POST", "/api/v1/admin/quarantine/drop"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/metrics"),
    }
    assert expected <= set(operations)
    for name, operation in operations.items():
        assert operation["summary"], name
        assert operation["tags"], name
        for status, answer in operation["responses"].items():
            if status.startswith("4"):
                assert "application/problem+json" in answer["content"], (name, status)
    created = operations["POST", "/api/v1/products"]
    assert created["security"] == [{"password": []}, {"key": []}]
    assert set(created["responses"]) == {"201", "401", "403", "409", "413", "422", "429", "503"}


async def test_products_come_with_an_example(document: Any) -> None:
    assert document["components"]["schemas"]["ProductIn"]["example"]["price"] == 29.99


async def test_it_is_openapi_3_0(document: Any) -> None:
    """The words that JSON Schema has and OpenAPI 3.0 has not: Swagger UI 4 and code generators stumble over them."""
    assert document["openapi"] == "3.0.3"
    for node in _nodes(document["components"]["schemas"]):
        assert node.get("type") != "null"
        assert not isinstance(node.get("type"), list)
        assert not {"const", "prefixItems", "$defs", "propertyNames"} & set(node)
        assert not isinstance(node.get("examples"), list)
        assert isinstance(node.get("exclusiveMinimum", True), bool)
    schemas = document["components"]["schemas"]
    for node in _nodes(document):
        if isinstance(node.get("$ref"), str):
            assert node["$ref"].removeprefix("#/components/schemas/") in schemas
            assert set(node) == {"$ref"}, "3.0 ignores what stands next to a reference"


async def test_prices_have_no_multiple_of(document: Any) -> None:
    """29.99 is no multiple of 0.01 for a validator that divides doubles."""
    assert not [node for node in _nodes(document) if "multipleOf" in node]


async def test_search_is_described(document: Any) -> None:
    got, posted = (document["paths"]["/api/v1/search"][method] for method in ("get", "post"))
    types = {item["name"]: item["schema"]["type"] for item in got["parameters"]}
    assert {name for name, kind in types.items() if kind == "array"} == {"brand", "attr.NAME", "facets"}
    assert {name for name, kind in types.items() if kind == "integer"} == {"page", "per_page"}
    assert {name for name, kind in types.items() if kind == "boolean"} == {"in_stock", "on_sale", "explain", "exact"}
    body = posted["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {name for name in types if not name.startswith("attr.")}
    assert "attr.NAME" in body["additionalProperties"]["description"]
    completed = document["paths"]["/api/v1/autocomplete"]["get"]
    assert [item["schema"]["type"] for item in completed["parameters"]] == ["string", "integer", "string"]
    assert set(posted["responses"]) == {"200", "401", "403", "413", "422", "429", "503"}
    for operation, name in ((got, "SearchOut"), (posted, "SearchOut"), (completed, "AutocompleteOut")):
        assert {"200", "401", "422", "503"} <= set(operation["responses"])
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{name}"}


async def test_search_answers_what_is_described(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    """The models are for the page alone: nothing else holds an answer against them."""
    store(settings, [
        {"sku": "TEE", "name": "Cotton shirt", "brand": "Weft", "category": "Clothing > Shirts", "attributes": {"g": 1},
         "variants": [{"sku": "TEE-M", "price": 15, "inventory": 1, "options": {"size": "M"}}]},
        {"sku": "BOLT", "name": "Cotton bolt", "price": 3.5, "attributes": {"g": 2, "size": "L"}, "images": ["/a.png"]},
    ])  # fmt: skip
    sync_all(settings, db, es)
    kinds: set[str] = set()
    for params in ({}, {"q": "cotton"}, {"q": "cotton", "attr.size": "M"}, {"facets": "none"}, {"sort": "name"}):
        answer = await client.get("/api/v1/search", params=params)
        found = SearchOut.model_validate_json(answer.content, extra="forbid", strict=True)
        assert found.hits
        kinds |= {facet.type for facet in found.facets}
    assert kinds == {"values", "range", "tree"}
    for q in ("cott", "weft", "shir", ""):
        answer = await client.get("/api/v1/autocomplete", params={"q": q})
        completed = AutocompleteOut.model_validate_json(answer.content, extra="forbid", strict=True)
        assert any(held for _, held in completed.sections) == bool(q)
