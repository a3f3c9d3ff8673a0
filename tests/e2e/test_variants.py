"""Variants through HTTP: filters hold for one of them, the hit shows it, and counts count products."""

from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from tests.e2e.small_catalogue import search, skus
from tests.support import store, sync_all

Db = psycopg.Connection[Any]

TEE: dict[str, Any] = {
    "sku": "TEE", "name": "Cotton tee", "attributes": {"material": "cotton"},
    "variants": [
        {"sku": "TEE-S", "price": "10.00", "inventory": 0, "options": {"size": "S", "color": "red"}},
        {"sku": "TEE-M", "price": "12.00", "inventory": 3, "options": {"size": "M", "color": "red"}},
        {"sku": "TEE-L", "price": "30.00", "inventory": 2, "options": {"size": "M", "color": "blue"}},
    ],
}  # fmt: skip
MUG: dict[str, Any] = {
    "sku": "MUG", "name": "Red mug", "price": "11.00", "inventory": 5,
    "attributes": {"color": "red", "material": "clay"},
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("stocked")


@pytest.fixture(scope="module")
def stock() -> list[dict[str, Any]]:
    return [TEE, MUG]


async def shown(client: httpx.AsyncClient, **params: Any) -> list[tuple[str, str | None, float]]:
    hits = (await search(client, **params))["hits"]
    return [(hit["sku"], hit["variant"] and hit["variant"]["sku"], hit["price"]) for hit in hits]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"attr.size": "M", "attr.color": "red"}, {("TEE", "TEE-M", 12.0)}),
        ({"attr.size": "S", "attr.color": "blue"}, set()),
        ({"attr.size": "S", "in_stock": "true"}, set()),
        ({"attr.color": "red", "price_max": "11"}, {("TEE", "TEE-S", 10.0), ("MUG", None, 11.0)}),
        ({"attr.color": "red", "price_max": "11", "in_stock": "true"}, {("MUG", None, 11.0)}),
        ({"attr.material": "cotton", "price_min": "20"}, {("TEE", "TEE-L", 30.0)}),
        ({"price_min": "20"}, {("TEE", "TEE-L", 30.0)}),
        ({"price_min": "11", "price_max": "12"}, {("TEE", "TEE-M", 12.0), ("MUG", None, 11.0)}),
        ({"in_stock": "true"}, {("TEE", "TEE-M", 12.0), ("MUG", None, 11.0)}),
        ({"attr.material": "cotton"}, {("TEE", None, 10.0)}),
    ],
)
async def test_filters_hold_for_one_variant_and_it_is_shown(
    client: httpx.AsyncClient, params: dict[str, str], expected: set[tuple[str, str | None, float]]
) -> None:
    assert set(await shown(client, **params)) == expected


async def test_the_dearest_is_shown_where_the_dearest_comes_first(client: httpx.AsyncClient) -> None:
    params = {"attr.color": ["red", "blue"], "in_stock": "true"}
    assert await shown(client, sort="price_desc", **params) == [("TEE", "TEE-L", 30.0), ("MUG", None, 11.0)]
    assert await shown(client, sort="price_asc", **params) == [("MUG", None, 11.0), ("TEE", "TEE-M", 12.0)]


async def test_a_facet_counts_products_and_not_variants(client: httpx.AsyncClient) -> None:
    for params in ({}, {"price_max": "100"}, {"in_stock": "true", "price_max": "100"}):
        facets = {facet["name"]: facet for facet in (await search(client, facets="attr.color", **params))["facets"]}
        counts = {value["value"]: value["count"] for value in facets["attr.color"]["values"]}
        assert counts == {"red": 2, "blue": 1}


async def test_a_product_that_wins_or_loses_variants_moves_with_them(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    store(settings, [{"sku": "TEE", "price": "50.00", "inventory": 1, "variants": []}])
    store(settings, [MUG | {"variants": [{"sku": "MUG-1", "price": "90", "inventory": 1, "options": {"size": "XL"}}]}])
    sync_all(settings, db, es)
    assert await shown(client, price_min="45", sort="price_asc") == [("TEE", None, 50.0), ("MUG", "MUG-1", 90.0)]


async def test_one_order_for_prices_with_and_without_variants(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    """To the cent up to ten million, where a float has long lost the cents; and up to the highest price."""
    prices = ["0.00", "0.01", "167772.16", "167772.17", "10000000.01", "10000000.02", "25000000", "99999999.99"]
    products: list[dict[str, Any]] = []
    for number, price in enumerate(prices):
        if number % 2:
            products.append({"sku": f"P{number}", "price": price, "inventory": 1})
        else:
            options = [{"sku": f"V{number}", "price": price, "inventory": 1, "options": {"size": "S"}},
                       {"sku": f"X{number}", "price": "0.05", "inventory": 0, "options": {"size": "M"}}]  # fmt: skip
            products.append({"sku": f"P{number}", "variants": options})
    store(settings, [*products, TEE | {"status": "draft"}, MUG | {"status": "draft"}])
    sync_all(settings, db, es)
    rising = [f"P{number}" for number in range(len(prices))]
    assert await skus(client, in_stock="true", sort="price_asc") == rising
    assert await skus(client, in_stock="true", sort="price_desc") == rising[::-1]
    pages = [await skus(client, in_stock="true", sort="price_asc", per_page=2, page=page) for page in range(1, 5)]
    assert [sku for page in pages for sku in page] == rising


async def test_a_score_that_is_a_price_is_not_shown(client: httpx.AsyncClient) -> None:
    hits = (await search(client, q="mug", in_stock="true", sort="price_asc"))["hits"]
    assert [hit["score"] for hit in hits] == [None]
