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
    where, values = sql_where(filters, ids)
    row = db.execute(COUNT + where, values).fetchone()
    assert row is not None
    return int(row[0])


def sql_range(
    db: psycopg.Connection[Any], name: str, filters: Mapping[str, Any], ids: list[str] | None = None
) -> tuple[float | None, float | None]:
    """Lowest and highest price, or value of a numeric attribute, of what holds every filter at once."""
    where, values = sql_where(filters, ids)
    field, names = "price", []
    if name != "price":
        field, names = (
            "CASE jsonb_typeof(attributes -> %s) WHEN 'number' THEN (attributes -> %s)::numeric END",
            [name[5:]],
        )
    row = db.execute(
        f"SELECT min({field}), max({field}) FROM buyable WHERE true{where}", [*names * 4, *values]
    ).fetchone()
    assert row is not None
    low, high = (None if limit is None else float(limit) for limit in row)
    return low, high


def sql_where(filters: Mapping[str, Any], ids: list[str] | None) -> tuple[str, list[Any]]:
    query = ""
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
    return query, values


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
            await check_clicks(client, filters, facet)
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
    if facet["type"] == "range":
        assert (facet["min"], facet["max"]) == sql_range(db, name, others, ids), (filters, name)
    return len(facet["values"][:CHECKED]) + len(facet["buckets"])


async def check_clicks(client: httpx.AsyncClient, filters: Mapping[str, Any], facet: Mapping[str, Any]) -> None:
    """Every value and every price step that is shown gives as many hits as it says."""
    clicks = [({facet["name"]: value["value"]}, value["count"]) for value in facet["values"]]
    for bucket in facet["buckets"]:
        limits = {"price_min": bucket["from"], "price_max": bucket["to"]}
        clicks.append(({name: limit for name, limit in limits.items() if limit is not None}, bucket["count"]))
    for click, count in clicks:
        clicked = without(filters, facet["name"]) | click | {"facets": "none", "per_page": 1}
        answer = (await client.get("/api/v1/search", params=clicked)).json()
        assert answer["total"]["value"] == count, clicked


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
    for facet in answer["facets"]:
        await check_clicks(client, filters | {"q": QUERY}, facet)


@pytest.mark.usefixtures("catalogue")
async def test_clicks_on_categories_under_words_that_few_products_hold(client: httpx.AsyncClient) -> None:
    """The rule for the words is the same before and after a click, at every level of the tree."""
    rules = set()
    for q in (QUERY, "wireless", "cotton shirt", "black leather", "cotton nonsense", "steel kettle"):
        answer = (await client.get("/api/v1/search", params={"q": q, "facets": "category"})).json()
        rules.add(answer["query"]["interpreted"]["match"])
        (top,) = answer["facets"]
        await check_clicks(client, {"q": q}, top)
        for root in top["values"]:
            params = {"q": q, "facets": "category", "category": root["value"]}
            (opened,) = (await client.get("/api/v1/search", params=params)).json()["facets"]
            await check_clicks(client, params, opened)
    assert rules == {"all", "some"}


SPELLINGS = [
    "10 m²",
    "10 m2",
    "5 Ω",
    "Weft™",
    "½ inch",
    "\ufb01ne",
    "fine",
    "a  b",
    "a b",
    "a\u00a0b",
    "a\tb",
    "\ue000",
    "Å",
]


async def test_values_that_only_look_the_same_are_told_apart(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    """A value is sent back as it was shown, whatever its characters."""
    store(settings, [
        {"sku": f"S{number}", "brand": value, "attributes": {"area": value},
         "variants": [{"sku": f"V{number}", "price": 1, "options": {"size": value}}]}
        for number, value in enumerate(SPELLINGS)
    ])  # fmt: skip
    sync_all(settings, db, es)
    answer = (await client.get("/api/v1/search")).json()
    facets = {facet["name"]: facet for facet in answer["facets"]}
    for name in ("attr.area", "attr.size"):
        assert [value["count"] for value in facets[name]["values"]] == [1] * len(SPELLINGS)
    for name in ("attr.area", "attr.size", "brand"):
        await check_clicks(client, {}, facets[name])
        await check_clicks(client, {"price_max": "1"}, facets[name])
        for value in facets[name]["values"]:
            body = {name: value["value"], "facets": [name]}
            (chosen,) = (await client.post("/api/v1/search", json=body)).json()["facets"]
            selected = [(item["value"], item["count"]) for item in chosen["values"] if item["selected"]]
            assert selected == [(value["value"], value["count"])]


@pytest.mark.usefixtures("catalogue")
async def test_selected_values_are_returned_even_at_zero(client: httpx.AsyncClient) -> None:
    params = {"attr.color": "no such colour", "brand": "no such brand", "category": "no/such", "facets": "auto"}
    facets = {item["name"]: item for item in (await client.get("/api/v1/search", params=params)).json()["facets"]}
    for name in ("attr.color", "brand", "category"):
        chosen = [value for value in facets[name]["values"] if value["selected"]]
        assert [(value["value"], value["count"]) for value in chosen] == [(params[name], 0)]


async def test_selected_numbers_and_ranges_are_returned(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    store(settings, [{"sku": f"n{number}", "attributes": {"depth": number}} for number in range(3)])
    sync_all(settings, db, es)

    async def facets(**params: Any) -> dict[str, Any]:
        return {item["name"]: item for item in (await client.get("/api/v1/search", params=params)).json()["facets"]}

    depth = (await facets(**{"attr.depth": ["1", "7"]}))["attr.depth"]
    assert depth["type"] == "values"
    counts = {(value["value"], value["count"], value["selected"]) for value in depth["values"]}
    assert counts == {("0", 1, False), ("1", 1, True), ("2", 1, False), ("7", 0, True)}
    # All prices are the same, and nothing has this depth together with them: still there, to be taken back.
    chosen = await facets(**{"price_min": "500", "attr.depth_min": "1", "attr.none_min": "1"})
    assert {"price", "attr.depth", "attr.none"} <= set(chosen)
    assert "price" not in await facets()


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
