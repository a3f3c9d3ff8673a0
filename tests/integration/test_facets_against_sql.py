"""Every count, limit, order and variant that a search answers is what plain SQL says, for searches made by chance."""

from random import Random
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import psycopg
import pytest

from search.facets.response import VALUES
from search.text.prefix import begins
from tests import sql_shop
from tests.integration.mixed_catalogue import RANGE_FACETS, STORED, VALUE_FACETS, filters, products
from tests.sql_shop import Shown

Db = psycopg.Connection[Any]

PRODUCTS = 300
SEARCHES = 60
PER_PAGE = 40
PREFIXES = ["", "r", "BL", "cre", "apf", "nan", "ÑA", "aet", "wool m", "mix wo", "m", "10", "mx 1", "y", "z", "½"]


@pytest.fixture(scope="module")
def stock() -> list[dict[str, Any]]:
    return products(PRODUCTS, 11)


@pytest.fixture
def catalogue(db: psycopg.Connection[Any], stocked: dict[str, UUID]) -> None:
    sql_shop.look(db)


pytestmark = pytest.mark.usefixtures("catalogue")


async def search(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    response = await client.get("/api/v1/search", params=params)
    assert response.status_code == 200, (params, response.text)
    answer: dict[str, Any] = response.json()
    return answer


def where(params: dict[str, Any]) -> sql_shop.Where:
    return sql_shop.where(params, stored=STORED)


def without(params: dict[str, Any], name: str) -> dict[str, Any]:
    return sql_shop.without(params, name, STORED)


def limits(name: str, bucket: dict[str, Any]) -> dict[str, Any]:
    found = {f"{name}_min": bucket["from"], f"{name}_max": bucket["to"]}
    return {key: limit for key, limit in found.items() if limit is not None}


def selected(params: dict[str, Any], name: str) -> set[str]:
    held = params.get(name, [])
    return set(held if isinstance(held, list) else [held])


def check_values(db: Db, params: dict[str, Any], facet: dict[str, Any]) -> None:
    """All counts, their number, their order, and what is selected even where it is in no product."""
    name = facet["name"]
    expected = sql_shop.counts(db, name, where(without(params, name)))
    shown = {item["value"]: item["count"] for item in facet["values"]}
    chosen = {item["value"] for item in facet["values"] if item["selected"]}
    if name == "brand":
        sent = {value.lower() for value in selected(params, name)}
        assert {value.lower() for value in chosen} == sent, (params, facet)
    else:
        assert chosen == selected(params, name), (params, facet)
    for value in chosen:
        expected.setdefault(value, 0)
    assert shown == {value: expected[value] for value in shown}, (params, name)
    ordered = sorted(expected, key=lambda value: (-expected[value], value))
    visible = [value for place, value in enumerate(ordered) if place < VALUES or value in chosen]
    assert list(shown) == visible, (params, facet)
    assert facet["total_values"] == len(expected), (params, facet)


def check_tree(db: Db, params: dict[str, Any], facet: dict[str, Any]) -> None:
    """The top level, and the branch of the chosen category with what is directly below it."""
    expected = sql_shop.counts(db, "category", where(without(params, "category")))
    chosen = params.get("category", "")
    branch = chosen.split("/") if chosen else []
    parents = {"", *("/".join(branch[: depth + 1]) for depth in range(len(branch)))}
    visible = {path: count for path, count in expected.items() if path.rpartition("/")[0] in parents}
    if chosen:
        visible.setdefault(chosen, 0)
    assert {item["value"]: item["count"] for item in facet["values"]} == visible, params
    assert [item["value"] for item in facet["values"] if item["selected"]] == ([chosen] if chosen else [])
    assert all(item["level"] == item["value"].count("/") for item in facet["values"])


def check_range(db: Db, params: dict[str, Any], facet: dict[str, Any]) -> None:
    name, others = facet["name"], without(params, facet["name"])
    assert (facet["min"], facet["max"]) == sql_shop.ends(db, name, where(others)), (params, name)
    for bucket in facet["buckets"]:
        assert bucket["count"] == sql_shop.total(db, where(others | limits(name, bucket))), (params, bucket)
    inner = [bucket["from"] for bucket in facet["buckets"][1:]]
    assert inner == sorted(inner)
    assert all(low["to"] < high["from"] for low, high in zip(facet["buckets"], facet["buckets"][1:], strict=False))


async def test_every_count_is_what_sql_says(client: httpx.AsyncClient, db: Db) -> None:
    chance = Random(1)
    types = set()
    for number in range(SEARCHES):
        params = filters(chance)
        names = chance.sample([*VALUE_FACETS, *RANGE_FACETS, "category", "price", "in_stock", "on_sale"], 8)
        answer = await search(client, **params, facets=["auto", ",".join(names)][number % 2])
        assert answer["total"] == {"value": sql_shop.total(db, where(params)), "exact": True}, params
        for facet in answer["facets"]:
            types.add((facet["name"], facet["type"]))
            if facet["type"] == "tree":
                check_tree(db, params, facet)
            elif facet["type"] == "range":
                check_range(db, params, facet)
            elif facet["name"] in ("in_stock", "on_sale"):
                (flag,) = facet["values"]
                assert flag["count"] == sql_shop.total(db, where(params | {facet["name"]: "true"})), (params, facet)
            else:
                check_values(db, params, facet)
    assert {(name, "values") for name in VALUE_FACETS} <= types
    assert {(name, "range") for name in (*RANGE_FACETS, "price", "attr.ports")} <= types


async def test_a_click_gives_exactly_its_count(client: httpx.AsyncClient) -> None:
    chance = Random(2)
    for _ in range(SEARCHES):
        params = filters(chance)
        for facet in (await search(client, **params))["facets"]:
            name = facet["name"]
            clicks = [({name: item["value"]}, item["count"]) for item in facet["values"]]
            clicks += [(limits(name, bucket), bucket["count"]) for bucket in facet["buckets"]]
            for click, count in chance.sample(clicks, min(2, len(clicks))):
                clicked = without(params, name) | click | {"facets": "none", "per_page": 1}
                assert (await search(client, **clicked))["total"]["value"] == count, clicked


async def test_the_variant_shown_and_the_order_by_price(client: httpx.AsyncClient, db: Db) -> None:
    chance = Random(3)
    for _ in range(SEARCHES):
        params = filters(chance)
        for sort, order in (("price_asc", "ASC"), ("price_desc", "DESC")):
            expected = sql_shop.by_price(db, where(params), order)
            hits: list[dict[str, Any]] = []
            while len(hits) < len(expected):
                page = len(hits) // PER_PAGE + 1
                sent = params | {"sort": sort, "page": page, "per_page": PER_PAGE, "facets": "none"}
                answer = await search(client, **sent)
                assert answer["hits"], sent
                hits += answer["hits"]
            found = [Shown(hit["price"], hit["id"], hit["variant"] and hit["variant"]["sku"]) for hit in hits]
            if all(hit["variant"] is None for hit in hits):
                # No filter speaks of variants: a product's price is its lowest.
                expected = sorted(
                    (shown._replace(variant=None) for shown in sql_shop.by_price(db, where(params), "ASC")),
                    key=lambda shown: (shown.price if order == "ASC" else -shown.price, shown.id),
                )
            assert [shown[:2] for shown in found] == [shown[:2] for shown in expected], (params, sort)
            check_variants(db, params, hits)


def check_variants(db: Db, params: dict[str, Any], hits: list[dict[str, Any]]) -> None:
    """The variant shown is one that holds every filter, at the price that is shown."""
    held = where(params)
    for hit in hits:
        if hit["variant"] is not None:
            query = f"SELECT price, in_stock FROM buyable WHERE variant = %s AND {held.text}"
            row = db.execute(query, [hit["variant"]["sku"], *held.values]).fetchone()
            assert row is not None, (params, hit)
            assert (float(row[0]), row[1]) == (hit["price"], hit["in_stock"])


async def test_values_that_begin_with_what_is_typed(client: httpx.AsyncClient, db: Db) -> None:
    chance = Random(4)
    for _ in range(SEARCHES):
        params = filters(chance)
        name = chance.choice([*(name for name in VALUE_FACETS if name != "attr.ports"), "attr.model"])
        prefix = chance.choice(PREFIXES)
        response = await client.get(f"/api/v1/search/facets/{quote(name, safe='')}", params=params | {"prefix": prefix})
        assert response.status_code == 200, (params, name, response.text)
        facet = response.json()
        held = sql_shop.counts(db, name, where(without(params, name)))
        labels = {"true": "Yes", "false": "No"} if name == "attr.flag" else {}
        expected = {value: count for value, count in held.items() if begins(prefix, labels.get(value, value))}
        shown = {item["value"]: item["count"] for item in facet["values"]}
        assert shown == {value: expected[value] for value in shown}, (params, name, prefix)
        assert facet["total_values"] == len(expected), (params, name, prefix)
        assert len(shown) == min(VALUES, len(expected))
        assert min(shown.values(), default=0) >= max((expected[value] for value in expected.keys() - shown), default=0)
