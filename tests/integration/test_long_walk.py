"""A walk by cursor past the products that pages by number reach, while the catalogue changes."""

from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from search.request import MAX_WINDOW
from tests.support import store, sync_all

Db = psycopg.Connection[Any]

COUNT = MAX_WINDOW + 250
PER_PAGE = 100
CHANGED_AT = (3, 60, 101)

pytestmark = pytest.mark.drill


@pytest.fixture(autouse=True)
def catalogue(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    store(settings, [
        {"sku": f"P{number:05}", "name": "Steel pan", "price": number % 97 + 1, "popularity": number % 5 / 5}
        for number in range(COUNT)
    ])  # fmt: skip
    sync_all(settings, db, es)


async def page(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    response = await client.get("/api/v1/search", params={"per_page": PER_PAGE, "facets": "none", **params})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def change(settings: Settings, db: Db, es: Elasticsearch, number: int) -> None:
    """Products go, come, change their price and their name."""
    db.execute("DELETE FROM products WHERE sku IN (SELECT sku FROM products ORDER BY md5(sku) LIMIT 5)")
    store(settings, [
        *({"sku": f"NEW{number}-{place}", "name": "Steel pan", "price": place + 1} for place in range(20)),
        *({"sku": f"P{place:05}", "name": "Steel pan", "price": 500} for place in range(number, COUNT, 997)),
        *({"sku": f"P{place:05}", "name": "Wok", "price": 1} for place in range(number + 1, COUNT, 997)),
    ])  # fmt: skip
    sync_all(settings, db, es)


@pytest.mark.parametrize("params", [{"q": "pan", "sort": "price_desc"}, {"sort": "popularity", "price_min": 1}])
async def test_a_walk_past_ten_thousand_shows_each_product_once(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch, params: dict[str, Any]
) -> None:
    rows = db.execute("SELECT id::text, price, popularity FROM products").fetchall()
    by = (lambda row: (-row[1], row[0])) if params["sort"] == "price_desc" else (lambda row: (-row[2], row[0]))
    expected = [row[0] for row in sorted(rows, key=by)]
    walked: list[str] = []
    answer = await page(client, cursor="*", **params)
    number = 1
    while True:
        assert answer["total"]["value"] == COUNT
        assert [hit["position"] for hit in answer["hits"]] == list(
            range(len(walked) + 1, len(walked) + 1 + len(answer["hits"]))
        )
        walked += [hit["id"] for hit in answer["hits"]]
        if not answer["next_cursor"]:
            break
        if number in CHANGED_AT:
            change(settings, db, es, number)
        answer = await page(client, cursor=answer["next_cursor"], **params)
        number += 1
    assert walked == expected


async def test_the_last_numbered_page_leads_on_by_cursor(client: httpx.AsyncClient) -> None:
    last = await page(client, q="pan", page=MAX_WINDOW // PER_PAGE)
    assert last["hits"][-1]["position"] == MAX_WINDOW
    beyond = await page(client, q="pan", cursor=last["next_cursor"])
    assert [hit["position"] for hit in beyond["hits"]] == list(range(MAX_WINDOW + 1, MAX_WINDOW + 1 + PER_PAGE))
    refused = await client.get("/api/v1/search", params={"q": "pan", "page": 101, "per_page": PER_PAGE})
    assert refused.status_code == 422
    assert "cursor" in refused.json()["errors"][0]["message"]
