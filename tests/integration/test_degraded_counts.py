"""Searches by chance: while Elasticsearch is away they find and count exactly what they find and count with it."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from catalog.settings import Settings
from tests.apps import create_app
from tests.integration.mixed_catalogue import VALUE_FACETS, filters, products

PRODUCTS = 300
SEARCHES = 60
PER_PAGE = 40


pytestmark = pytest.mark.usefixtures("stocked")


@pytest.fixture(scope="module")
def stock() -> list[dict[str, Any]]:
    return products(PRODUCTS, 11)


@pytest.fixture
async def away(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that knew the catalogue, and whose breaker has opened."""
    app = create_app(settings.model_copy(update={"breaker_pause_seconds": 3600}))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        assert not (await search(client))["degraded"]
        while app.state.search.breaker.closed:
            app.state.search.breaker.failed()
        yield client


def searches(seed: int) -> list[dict[str, Any]]:
    chance = Random(seed)
    return [filters(chance) for _ in range(SEARCHES)]


async def search(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    response = await client.get("/api/v1/search", params=params)
    assert response.status_code == 200, (params, response.text)
    answer: dict[str, Any] = response.json()
    return answer


async def test_the_same_products_in_the_same_order(client: httpx.AsyncClient, away: httpx.AsyncClient) -> None:
    for number, params in enumerate(searches(5)):
        sort = ("price_asc", "price_desc", "name", "newest", "popularity")[number % 5]
        asked = params | {"sort": sort, "facets": "none", "per_page": PER_PAGE}
        usual, spare = await search(client, **asked), await search(away, **asked)
        assert spare["degraded"]
        assert spare["total"] == usual["total"], params
        assert [hit["id"] for hit in spare["hits"]] == [hit["id"] for hit in usual["hits"]], asked
        for name in ("price", "in_stock", "brand", "category", "image"):
            assert [hit[name] for hit in spare["hits"]] == [hit[name] for hit in usual["hits"]], (name, asked)


async def test_the_same_counts(client: httpx.AsyncClient, away: httpx.AsyncClient) -> None:
    chance = Random(6)
    for params in searches(6):
        names = [*chance.sample(VALUE_FACETS, 4), "category", "price", "in_stock", "on_sale"]
        asked = params | {"facets": ",".join(names)}
        usual, spare = await search(client, **asked), await search(away, **asked)
        for one, other in zip(usual["facets"], spare["facets"], strict=True):
            one["buckets"] = other["buckets"]
            if one["type"] == "range":
                one["total_values"] = 0
            assert other == one, asked


async def test_the_same_values_that_begin_with_what_is_typed(
    client: httpx.AsyncClient, away: httpx.AsyncClient
) -> None:
    chance = Random(7)
    for params in searches(7):
        address = f"/api/v1/search/facets/{quote(chance.choice([*VALUE_FACETS, 'category']), safe='')}"
        asked = params | {"prefix": chance.choice(["", "r", "cre", "nan", "wool m", "x", "ho"])}
        usual, spare = (await client.get(address, params=asked)), (await away.get(address, params=asked))
        assert spare.status_code == usual.status_code, (address, asked)
        if usual.status_code == 200:
            assert spare.json() == usual.json(), (address, asked)
