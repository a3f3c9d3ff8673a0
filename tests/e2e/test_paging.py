"""Pages by number and by cursor, and several searches at once."""

from typing import Any

import httpx
import jwt
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from tests.e2e.helpers import assert_problem
from tests.e2e.small_catalogue import search
from tests.support import store, sync_all

Db = psycopg.Connection[Any]

COUNT = 45


@pytest.fixture
def many(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    store(settings, [
        {"sku": f"P{number:02}", "name": f"Steel pan {number}", "price": number % 7 + 1, "popularity": number % 3 / 3}
        for number in range(COUNT)
    ])  # fmt: skip
    sync_all(settings, db, es)


async def walk(client: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    pages = [await search(client, cursor="*", **params)]
    while pages[-1]["next_cursor"]:
        pages.append(await search(client, **params | {"cursor": pages[-1]["next_cursor"]}))
    return pages


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("sort", ["relevance", "price_asc", "price_desc", "newest", "popularity", "name"])
async def test_a_walk_is_the_pages_one_after_the_other(client: httpx.AsyncClient, sort: str) -> None:
    params = {"q": "pan", "sort": sort, "per_page": 10}
    pages = await walk(client, **params)
    numbered = [await search(client, page=page, **params) for page in range(1, 6)]
    assert [[hit["id"] for hit in page["hits"]] for page in pages] == [
        [hit["id"] for hit in page["hits"]] for page in numbered
    ]
    assert [hit["position"] for page in pages for hit in page["hits"]] == list(range(1, COUNT + 1))
    assert {page["total"]["value"] for page in pages} == {COUNT}


@pytest.mark.usefixtures("many")
async def test_a_walk_is_of_one_moment(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    """Products that change, come or go on the way make no page show one twice or leave one out."""
    params = {"q": "pan", "sort": "price_asc", "per_page": 10}
    first = await search(client, cursor="*", **params)
    store(settings, [{"sku": f"P{number:02}", "name": "Wok", "price": 900} for number in range(0, COUNT, 2)])
    store(settings, [{"sku": f"NEW{number}", "name": "Steel pan", "price": 3} for number in range(5)])
    db.execute("DELETE FROM products WHERE sku = 'P07'")
    sync_all(settings, db, es)
    pages = [first]
    while pages[-1]["next_cursor"]:
        pages.append(await search(client, **params | {"cursor": pages[-1]["next_cursor"]}))
    assert sorted(hit["sku"] for page in pages for hit in page["hits"]) == [f"P{number:02}" for number in range(COUNT)]


@pytest.mark.usefixtures("many")
async def test_a_numbered_page_can_be_gone_on_from(client: httpx.AsyncClient) -> None:
    params = {"q": "pan", "per_page": 20}
    second = await search(client, page=2, **params)
    third = await search(client, **params | {"cursor": second["next_cursor"]})
    assert [hit["position"] for hit in third["hits"]] == list(range(41, 46))
    assert third["next_cursor"] is None


@pytest.mark.usefixtures("many")
async def test_a_walk_keeps_how_the_words_were_understood(client: httpx.AsyncClient) -> None:
    pages = await walk(client, q="stel pan", per_page=20)
    assert [page["query"]["corrected_to"] for page in pages] == ["steel pan"] * 3
    assert len({hit["id"] for page in pages for hit in page["hits"]}) == COUNT


@pytest.mark.usefixtures("many")
async def test_cursors_that_are_none(client: httpx.AsyncClient) -> None:
    good = (await search(client, q="pan", per_page=5))["next_cursor"]
    for params in (
        {"q": "pan", "cursor": good[:-4] + "AAAA"}, {"q": "pan", "cursor": "nonsense"}, {"q": "pot", "cursor": good},
        {"q": "pan", "cursor": good, "page": 2}, {"q": "pan", "cursor": good, "in_stock": "true"},
        {"q": "pan", "cursor": "x" * 9000}, {"q": "pan", "cursor": "eyJhbGciOiJub25lIn0.eyJhdWQiOiJjdXJzb3IifQ."},
    ):  # fmt: skip
        problem = assert_problem(await client.get("/api/v1/search", params=params), 422)
        assert [fault["field"] for fault in problem["errors"]] == ["cursor"]


@pytest.mark.usefixtures("many")
async def test_a_point_in_time_that_is_gone_is_told(client: httpx.AsyncClient, es: Elasticsearch) -> None:
    text = (await search(client, q="pan", per_page=5, cursor="*"))["next_cursor"]
    es.close_point_in_time(id=jwt.decode(text, options={"verify_signature": False})["at"]["point"])
    problem = assert_problem(await client.get("/api/v1/search", params={"q": "pan", "cursor": text}), 422)
    assert "expired" in problem["errors"][0]["message"]


@pytest.mark.usefixtures("many")
async def test_several_searches_at_once(client: httpx.AsyncClient) -> None:
    searches = [{"q": "pan", "per_page": 3}, {"q": "nothing"}, {"price_max": 2, "facets": "none"}]
    answer = await client.post("/api/v1/search/multi", json={"searches": searches})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [len(result["hits"]) for result in results] == [3, 0, 14]
    alone = (await client.post("/api/v1/search", json=searches[2])).json()
    assert [hit["id"] for hit in results[2]["hits"]] == [hit["id"] for hit in alone["hits"]]


async def test_bad_searches_are_named_by_their_place(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/search/multi", json={"searches": [{"q": "a"}, {"page": 0, "color": "x"}]})
    fields = {fault["field"] for fault in assert_problem(answer, 422)["errors"]}
    assert fields == {"searches.1.page", "searches.1.color"}
    bodies: list[Any] = [[], [{}] * 21, "x"]
    for searches in bodies:
        assert_problem(await client.post("/api/v1/search/multi", json={"searches": searches}), 422)
