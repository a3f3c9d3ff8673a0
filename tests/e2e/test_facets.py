"""Facet counts through HTTP are equal to SQL counts on the same data, and clicking a value gives exactly its count."""

from collections.abc import Mapping
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.generator import generate_products
from catalog.settings import Settings
from tests.support import store, sync_all

PRODUCTS = 600
# Values compared in each facet: the commonest.
CHECKED = 12
QUERY = "cotton"

# One row for each thing that can be bought: a variant with its product's attributes, or the product itself.
BUYABLE = """
CREATE TEMP TABLE buyable AS
    SELECT product.id, brand.name AS brand, category.path AS category,
           coalesce(product.price < product.compare_at_price, false) AS on_sale,
           coalesce(variant.price, product.price) AS price,
           coalesce(variant.inventory, product.inventory) > 0 AS in_stock,
           (product.attributes - coalesce((SELECT array_agg(DISTINCT name) FROM product_variants AS sibling,
                                           jsonb_object_keys(sibling.options) AS name
                                           WHERE sibling.product_id = product.id), '{}'))
           || coalesce(variant.options, '{}') AS attributes
    FROM products AS product
    LEFT JOIN product_variants AS variant ON variant.product_id = product.id
    LEFT JOIN brands AS brand ON brand.id = product.brand_id
    LEFT JOIN categories AS category ON category.id = product.category_id
    WHERE product.status = 'active'
"""
COUNT = "SELECT count(DISTINCT id) FROM buyable WHERE true"
HAS_VALUE = """ AND EXISTS (
    SELECT FROM jsonb_array_elements_text(CASE jsonb_typeof(attributes -> %s) WHEN 'array' THEN attributes -> %s
                                          ELSE jsonb_build_array(attributes -> %s) END) AS held
    WHERE held = ANY (%s))"""
IN_RANGE = " AND jsonb_typeof(attributes -> %s) = 'number' AND (attributes -> %s)::numeric BETWEEN %s AND %s"

COMBINATIONS: list[dict[str, Any]] = [
    {},
    {"in_stock": "true"},
    {"on_sale": "true", "price_max": "50"},
    {"price_min": "20", "price_max": "80"},
    {"attr.color": ["black", "white"]},
    {"attr.size": ["M"]},
    {"attr.size": ["M", "L"], "in_stock": "true"},
    {"attr.color": ["black"], "attr.size": ["M"], "price_max": "60"},
    {"category": 0},
    {"category": 0, "in_stock": "true", "attr.color": ["black"]},
    {"brand": [0, 1]},
    {"brand": [0, 1, 2], "price_min": "15", "on_sale": "true", "in_stock": "true"},
    {"attr.weight_g_min": "100", "attr.weight_g_max": "900"},
    {"attr.weight_g_min": "100", "attr.weight_g_max": "900", "attr.color": ["black"], "in_stock": "true"},
]


def sql_count(db: psycopg.Connection[Any], filters: Mapping[str, Any], ids: list[str] | None = None) -> int:
    """Products with something to buy that holds every filter at once."""
    query = COUNT
    values: list[Any] = []
    if ids is not None:
        query, values = query + " AND id = ANY (%s::uuid[])", [*values, ids]
    for name, held in filters.items():
        if name.startswith("attr.") and name.endswith("_min"):
            attribute = name[5:-4]
            high = filters[f"attr.{attribute}_max"]
            query, values = query + IN_RANGE, [*values, attribute, attribute, held, high]
        elif name.startswith("attr.") and not name.endswith("_max"):
            attribute = name[5:]
            query, values = query + HAS_VALUE, [*values, attribute, attribute, attribute, held]
        elif name == "category":
            query, values = query + " AND (category = %s OR category LIKE %s || '/%%')", [*values, held, held]
        elif name == "brand":
            query, values = query + " AND brand = ANY (%s)", [*values, held]
        elif name in ("in_stock", "on_sale"):
            query += f" AND {name}"
        elif name == "price_min":
            query, values = query + " AND price >= %s", [*values, held]
        elif name == "price_max":
            query, values = query + " AND price <= %s", [*values, held]
    row = db.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])


def without(filters: Mapping[str, Any], facet: str) -> dict[str, Any]:
    return {name: held for name, held in filters.items() if name not in (facet, f"{facet}_min", f"{facet}_max")}


@pytest.fixture
def catalogue(settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str) -> None:
    store(settings, list(generate_products(PRODUCTS, 7)))
    # One more attribute that is an option in some products and an own attribute in others.
    store(settings, [{"sku": f"plain-{color}", "attributes": {"color": color}} for color in ("black", "white")])
    sync_all(settings, db, es)
    db.execute(BUYABLE)


async def resolve(client: httpx.AsyncClient, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers stand for the most frequent category and brands of the catalogue."""
    answer = (await client.get("/api/v1/search", params={"facets": "category,brand"})).json()
    category, brand = ([value["value"] for value in facet["values"]] for facet in answer["facets"])
    chosen = dict(filters)
    if "category" in chosen:
        chosen["category"] = category[chosen["category"]]
    if "brand" in chosen:
        chosen["brand"] = [brand[number] for number in chosen["brand"]]
    return chosen


@pytest.mark.usefixtures("catalogue")
async def test_counts_are_equal_to_sql_and_to_what_a_click_gives(
    client: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    compared = 0
    for combination in COMBINATIONS:
        filters = await resolve(client, combination)
        answer = (await client.get("/api/v1/search", params=filters)).json()
        assert answer["total"] == {"value": sql_count(db, filters), "exact": True}, filters
        for facet in answer["facets"]:
            compared += check_facet(db, filters, facet, None)
            if facet["values"]:
                await check_click(client, filters, facet, facet["values"][-1])
    assert compared > 500


def check_facet(
    db: psycopg.Connection[Any], filters: Mapping[str, Any], facet: Mapping[str, Any], ids: list[str] | None
) -> int:
    name, others = facet["name"], without(filters, facet["name"])
    for value in facet["values"][:CHECKED]:
        single = value["value"] if name in ("category", "in_stock", "on_sale") else [value["value"]]
        assert value["count"] == sql_count(db, others | {name: single}, ids), (filters, name, value)
    for bucket in facet["buckets"]:
        limits = {"price_min": bucket["from"], "price_max": bucket["to"]}
        limits = {key: limit for key, limit in limits.items() if limit is not None}
        assert bucket["count"] == sql_count(db, others | limits, ids), (filters, bucket)
    return len(facet["values"][:CHECKED]) + len(facet["buckets"])


async def check_click(
    client: httpx.AsyncClient, filters: Mapping[str, Any], facet: Mapping[str, Any], value: Mapping[str, Any]
) -> None:
    clicked = without(filters, facet["name"]) | {facet["name"]: value["value"], "facets": "none"}
    answer = (await client.get("/api/v1/search", params=clicked)).json()
    assert answer["total"]["value"] == value["count"], (clicked, value)


@pytest.mark.usefixtures("catalogue")
async def test_counts_under_a_query(client: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    """The words choose the products; filters and facets then behave as they do without words."""
    found = (await client.get("/api/v1/search", params={"q": QUERY, "per_page": 100, "facets": "none"})).json()
    ids = [hit["id"] for hit in found["hits"]]
    assert 20 <= found["total"]["value"] <= 100
    filters = {"price_max": "100", "in_stock": "true"}
    answer = (await client.get("/api/v1/search", params=filters | {"q": QUERY})).json()
    assert answer["total"]["value"] == sql_count(db, filters, ids)
    assert sum(check_facet(db, filters, facet, ids) for facet in answer["facets"]) > 20


@pytest.mark.usefixtures("catalogue")
async def test_selected_values_are_returned_even_at_zero(client: httpx.AsyncClient) -> None:
    params = {"attr.color": "no such colour", "brand": "no such brand", "category": "no/such", "facets": "auto"}
    facets = {item["name"]: item for item in (await client.get("/api/v1/search", params=params)).json()["facets"]}
    for name in ("attr.color", "brand", "category"):
        chosen = [value for value in facets[name]["values"] if value["selected"]]
        assert [(value["value"], value["count"]) for value in chosen] == [(params[name], 0)]


@pytest.mark.usefixtures("catalogue")
async def test_the_category_tree_opens_along_the_selection(client: httpx.AsyncClient) -> None:
    closed = (await client.get("/api/v1/search", params={"facets": "category"})).json()["facets"][0]
    assert closed["type"] == "tree"
    assert {value["level"] for value in closed["values"]} == {0}
    root = closed["values"][0]
    params = {"facets": "category", "category": root["value"]}
    opened = (await client.get("/api/v1/search", params=params)).json()["facets"][0]
    children = [value for value in opened["values"] if value["level"] == 1]
    assert children
    assert all(value["value"].startswith(root["value"] + "/") for value in children)
    assert [value["value"] for value in opened["values"] if value["selected"]] == [root["value"]]
    assert {value["value"] for value in opened["values"] if value["level"] == 0} == {
        value["value"] for value in closed["values"]
    }


async def test_a_number_in_some_products_and_text_in_others_is_text(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    store(settings, [{"sku": f"n{number}", "attributes": {"fit": number, "depth": number}} for number in range(3)])
    sync_all(settings, db, es)
    params = {"facets": "attr.fit,attr.depth"}
    types = [facet["type"] for facet in (await client.get("/api/v1/search", params=params)).json()["facets"]]
    assert types == ["range", "range"]
    store(settings, [{"sku": "t", "attributes": {"fit": "slim"}}])
    sync_all(settings, db, es)
    fit, depth = (await client.get("/api/v1/search", params=params)).json()["facets"]
    assert {value["value"] for value in fit["values"]} == {"0", "1", "2", "slim"}
    assert (depth["type"], depth["min"], depth["max"]) == ("range", 0, 2)
