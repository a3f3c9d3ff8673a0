"""Facets through HTTP: counts on a real catalogue are SQL's, a click gives them, and what is selected stays."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from generator import generate_products
from tests import sql_shop
from tests.sql_shop import where, without
from tests.support import store, sync_all

PRODUCTS = 600
# Values compared in each facet: the commonest. Of these the first are clicked.
CHECKED = 12
CLICKED = 3
QUERY = "cotton"

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


@pytest.fixture(scope="module")
def stock() -> list[dict[str, Any]]:
    # One more attribute that is an option in some products and an own attribute in others.
    plain = [{"sku": f"plain-{color}", "attributes": {"color": color}} for color in ("black", "white")]
    return [*generate_products(PRODUCTS, 7), *plain]


@pytest.fixture
def catalogue(db: psycopg.Connection[Any], stocked: dict[str, UUID]) -> None:
    sql_shop.look(db)


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
        assert answer["total"] == {"value": sql_shop.total(db, where(filters)), "exact": True}, filters
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
        assert value["count"] == sql_shop.total(db, where(others | {name: single}, ids)), (filters, name, value)
    for bucket in facet["buckets"]:
        limits = limits_of(name, bucket)
        assert bucket["count"] == sql_shop.total(db, where(others | limits, ids)), (filters, bucket)
    if facet["type"] == "range":
        assert (facet["min"], facet["max"]) == sql_shop.ends(db, name, where(others, ids)), (filters, name)
    return len(facet["values"][:CHECKED]) + len(facet["buckets"])


def limits_of(name: str, bucket: Mapping[str, Any]) -> dict[str, Any]:
    limits = {f"{name}_min": bucket["from"], f"{name}_max": bucket["to"]}
    return {key: limit for key, limit in limits.items() if limit is not None}


async def check_clicks(
    client: httpx.AsyncClient, filters: Mapping[str, Any], facet: Mapping[str, Any], first: int = CLICKED
) -> None:
    """The first values and all steps give as many hits as they say."""
    clicks = [({facet["name"]: value["value"]}, value["count"]) for value in facet["values"][:first]]
    clicks += [(limits_of(facet["name"], bucket), bucket["count"]) for bucket in facet["buckets"]]
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
    assert answer["total"]["value"] == sql_shop.total(db, where(filters, ids))
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
    assert len(rules) > 1


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
        await check_clicks(client, {}, facets[name], first=len(SPELLINGS))
        await check_clicks(client, {"price_max": "1"}, facets[name], first=len(SPELLINGS))
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


async def facets_of(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.get("/api/v1/search", params=params)
    assert answer.status_code == 200, answer.text
    return {facet["name"]: facet for facet in answer.json()["facets"]}


async def test_numbers_have_round_steps_with_their_unit(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    products = [
        {"sku": f"n{number}", "price": number + 1, "attributes": {"weight_g": 10 * number, "color": "red"}}
        for number in range(100)
    ]
    store(settings, products)
    sync_all(settings, db, es)
    for params in ({}, {"attr.weight_g_min": "900"}, {"attr.color": "red"}, {"facets": "attr.weight_g"}):
        weight = (await facets_of(client, **params))["attr.weight_g"]
        assert (weight["label"], weight["unit"], weight["type"]) == ("Weight (g)", "g", "range")
        assert (weight["min"], weight["max"], weight["values"]) == (0, 990, [])
        assert weight["buckets"] == [
            {"from": None, "to": 199.99, "label": "Under 200 g", "count": 20},
            {"from": 200, "to": 399.99, "label": "200–400 g", "count": 20},
            {"from": 400, "to": 599.99, "label": "400–600 g", "count": 20},
            {"from": 600, "to": 799.99, "label": "600–800 g", "count": 20},
            {"from": 800, "to": None, "label": "800 g and more", "count": 20},
        ]
        assert weight["total_values"] == 5
    price = (await facets_of(client))["price"]
    assert price["unit"] == "USD"
    assert [bucket["label"] for bucket in price["buckets"]][:2] == ["Under 20 USD", "20–40 USD"]


async def test_steps_stay_while_the_shopper_clicks(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    store(
        settings,
        [{"sku": f"n{number}", "attributes": {"weight_g": number, "left": number < 500}} for number in range(1000)],
    )
    sync_all(settings, db, es)
    every = {bucket["from"] for bucket in (await facets_of(client))["attr.weight_g"]["buckets"]}
    for params in ({"attr.left": "true"}, {"attr.weight_g_min": "300"}, {"attr.left": "false", "sort": "price_asc"}):
        assert {bucket["from"] for bucket in (await facets_of(client, **params))["attr.weight_g"]["buckets"]} <= every


async def test_flags_are_yes_and_no_and_few_numbers_are_values(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    store(settings, [
        {"sku": f"p{number}", "attributes": {"noise_cancelling": number % 2 == 0, "ports": number % 3,
                                             "model": f"M{number}", "maker": "one"}}
        for number in range(60)
    ])  # fmt: skip
    sync_all(settings, db, es)
    facets = await facets_of(client)
    noise = facets["attr.noise_cancelling"]
    assert (noise["label"], noise["type"]) == ("Noise cancelling", "values")
    assert [(value["value"], value["label"]) for value in noise["values"]] == [("false", "No"), ("true", "Yes")]
    assert [value["value"] for value in facets["attr.ports"]["values"]] == ["0", "1", "2"]
    # All different, and all the same: neither tells anything.
    assert not {"attr.model", "attr.maker"} & set(facets)
    model = (await facets_of(client, facets="attr.model"))["attr.model"]
    assert (len(model["values"]), model["total_values"]) == (50, 60)


async def test_a_name_that_ends_like_a_bound_is_filtered_by_value(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    """The bounds of `depth` can't be sent then, so its facet shows values."""
    store(settings, [
        {"sku": f"p{number}", "attributes": {"depth_min": "low" if number % 2 else 3, "depth": number, "width": number}}
        for number in range(20)
    ])  # fmt: skip
    sync_all(settings, db, es)
    for value in ("low", "3"):
        facets = await facets_of(client, **{"attr.depth_min": value, "attr.width_min": "10"})
        shown = facets["attr.depth_min"]
        assert [(item["value"], item["count"], item["selected"]) for item in shown["values"]] == [
            ("3", 5, value == "3"), ("low", 5, value == "low"),
        ]  # fmt: skip
        assert facets["attr.depth"]["type"] == "values"
        assert facets["attr.width"]["type"] == "range"
    both = await client.get("/api/v1/search", params={"attr.depth_min": ["low", "3"], "facets": "none"})
    assert both.json()["total"]["value"] == 20
    refused = await client.get("/api/v1/search", params={"attr.width_min": "low"})
    assert refused.status_code == 422


async def test_a_number_is_filtered_by_value_and_by_range(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    store(settings, [{"sku": f"p{number}", "attributes": {"depth": number}} for number in range(20)])
    sync_all(settings, db, es)
    params = {"attr.depth": ["3", "7"], "attr.depth_min": "5"}
    answer = (await client.get("/api/v1/search", params=params)).json()
    assert [hit["sku"] for hit in answer["hits"]] == ["p7"]
    (depth,) = (facet for facet in answer["facets"] if facet["name"] == "attr.depth")
    assert depth["total_values"] == 20
    assert {item["value"] for item in depth["values"] if item["selected"]} == {"3", "7"}


async def test_more_values_than_are_shown_are_all_counted(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    """Also where they are counted in variants."""
    store(settings, [
        {"sku": f"p{number}", "brand": f"Brand {number % 120}"} | ({"attributes": part} if number % 2 else
         {"variants": [{"sku": f"v{number}", "price": 5, "options": part}]})
        for number in range(300) for part in [{"part": f"part {number % 90}"}]
    ])  # fmt: skip
    sync_all(settings, db, es)
    for params in ({}, {"price_max": "100"}):
        facets = await facets_of(client, facets="brand,attr.part", **params)
        for name, total in (("brand", 120), ("attr.part", 90)):
            assert (len(facets[name]["values"]), facets[name]["total_values"]) == (50, total)
            assert {value["count"] for value in facets[name]["values"]} <= {3, 4}


async def test_a_number_in_some_products_and_text_in_others_is_text(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str, client: httpx.AsyncClient
) -> None:
    store(settings, [{"sku": f"n{number}", "attributes": {"fit": number, "depth": number}} for number in range(12)])
    sync_all(settings, db, es)
    params = {"facets": "attr.fit,attr.depth"}
    types = [facet["type"] for facet in (await client.get("/api/v1/search", params=params)).json()["facets"]]
    assert types == ["range", "range"]
    store(settings, [{"sku": "t", "attributes": {"fit": "slim"}}])
    sync_all(settings, db, es)
    fit, depth = (await client.get("/api/v1/search", params=params)).json()["facets"]
    assert {value["value"] for value in fit["values"]} == {*map(str, range(12)), "slim"}
    assert (depth["type"], depth["min"], depth["max"]) == ("range", 0, 11)
