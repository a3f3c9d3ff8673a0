"""Answers kept in Redis: what decides them is in their key, they say how old they are, and Redis is never needed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import psycopg
import pytest
import redis
from elasticsearch import Elasticsearch
from fastapi import FastAPI

from catalog.filter_conditions import Forced
from catalog.settings import Settings
from indexer.rebuild import rebuild
from search.cache import SearchCache
from search.request import SearchRequest
from search.result import SearchResult
from stack.ports import free_port
from tests.apps import create_app
from tests.e2e.conftest import SignedIn
from tests.e2e.test_synonyms import SYNONYMS
from tests.support import store, sync_all

SEARCH = "/api/v1/search"


@asynccontextmanager
async def keeping(settings: Settings, **own: object) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """An application that keeps its answers for a minute."""
    app = create_app(settings.model_copy(update={"cache_seconds": 60, "cache_wait_seconds": 5, **own}))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield app, client


@pytest.fixture
async def app(settings: Settings, small_catalogue: None) -> AsyncIterator[FastAPI]:
    async with keeping(settings) as (app, _):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def cache_of(app: FastAPI) -> SearchCache[SearchResult]:
    cache: SearchCache[SearchResult] = app.state.search.cache
    return cache


async def test_a_kept_answer_is_the_same_but_for_its_age_and_id(client: httpx.AsyncClient) -> None:
    first, second = [await client.get(SEARCH, params={"q": "laptop"}) for _ in range(2)]
    assert "age" not in first.headers
    assert int(second.headers["age"]) >= 0
    one, other = first.json(), second.json()
    assert other.pop("age_seconds") >= 0
    assert one.pop("query_id") != other.pop("query_id")
    del one["took_ms"], other["took_ms"]
    assert one == other


async def test_every_door_says_how_old_a_kept_answer_is(client: httpx.AsyncClient) -> None:
    query = {"query": '{ search(q: "laptop") { ageSeconds } }'}
    asked = {"requests": [{"indexName": "products", "params": {"query": "laptop"}}]}
    ages = []
    for _ in range(2):
        graphql = (await client.post("/graphql", json=query)).json()["data"]["search"]["ageSeconds"]
        [result] = (await client.post("/api/v1/instantsearch", json=asked)).json()["results"]
        ages.append((graphql, result.get("ageSeconds")))
    assert ages[0] == (None, None)
    assert all(age is not None and age >= 0 for age in ages[1])


async def test_another_order_of_the_same_parameters_is_the_same_search(app: FastAPI, client: httpx.AsyncClient) -> None:
    for address in ("?q=laptop&brand=Carry", "?brand=Carry&q=laptop", "?q=laptop%20&brand=Carry"):
        assert (await client.get(SEARCH + address)).status_code == 200
    assert (cache_of(app).counts.hits, cache_of(app).counts.misses) == (2, 1)


@pytest.mark.parametrize("more", [{"page": "2"}, {"sort": "name"}, {"facets": "none"}, {"exact": "true"}])
async def test_whatever_decides_an_answer_makes_another_one(
    app: FastAPI, client: httpx.AsyncClient, more: dict[str, str]
) -> None:
    await client.get(SEARCH, params={"q": "laptop"})
    await client.get(SEARCH, params={"q": "laptop", **more})
    assert (cache_of(app).counts.hits, cache_of(app).counts.misses) == (0, 2)


async def test_forced_filters_never_share_an_answer(app: FastAPI, small_catalogue: None) -> None:
    engine = app.state.search
    request = SearchRequest("laptop")
    everything = await engine.search(request)
    carry = await engine.search(replace(request, forced=Forced(brands=("Carry",))))
    assert (everything.total.value, carry.total.value) == (2, 1)
    assert cache_of(app).counts.hits == 0


async def test_a_rebuilt_index_has_answers_of_its_own(
    settings: Settings, app: FastAPI, client: httpx.AsyncClient, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.cache.INDEX_SECONDS", 0.0)
    await client.get(SEARCH, params={"q": "laptop"})
    await asyncio.to_thread(rebuild, settings, es)
    await client.get(SEARCH, params={"q": "laptop"})
    assert cache_of(app).counts.hits == 0


async def test_new_synonyms_are_found_at_once(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    assert (await client.get(SEARCH, params={"q": "rucksack"})).json()["total"]["value"] == 0
    async with signed_in("merchandiser") as merchandiser:
        added = await merchandiser.post(SYNONYMS, json={"kind": "two_way", "terms": ["rucksack", "bag"]})
        assert added.status_code == 201, added.text
    await client.get(SEARCH, params={"q": "anything"})
    assert (await client.get(SEARCH, params={"q": "rucksack"})).json()["total"]["value"] == 1


async def test_equal_searches_at_the_same_time_are_made_once(app: FastAPI, client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.get(SEARCH, params={"q": "laptop"}) for _ in range(8)))
    assert len({answer.json()["query_id"] for answer in answers}) == 8
    assert cache_of(app).counts.misses == 1
    assert cache_of(app).counts.shared + cache_of(app).counts.hits == 7


async def test_an_answer_from_postgres_is_not_kept(app: FastAPI, client: httpx.AsyncClient) -> None:
    breaker = app.state.search.breaker
    while breaker.closed:
        breaker.failed()
    assert (await client.get(SEARCH, params={"q": "laptop"})).json()["degraded"]
    with redis.Redis.from_url(app.state.settings.redis_url) as kept:
        assert kept.keys("*:search:*") == []


async def test_what_cannot_be_read_is_made_anew(app: FastAPI, client: httpx.AsyncClient) -> None:
    await client.get(SEARCH, params={"q": "laptop"})
    with redis.Redis.from_url(app.state.settings.redis_url) as kept:
        (key,) = kept.keys("*:search:*")
        kept.set(key, b'{"at": 1, "answer": {"hits": "none"}}')
    assert (await client.get(SEARCH, params={"q": "laptop"})).json()["total"]["value"] == 2
    assert (cache_of(app).counts.hits, cache_of(app).counts.misses, cache_of(app).counts.failed) == (0, 2, 1)


async def test_what_is_too_large_is_not_kept(settings: Settings, small_catalogue: None) -> None:
    async with keeping(settings, cache_max_bytes=1024) as (app, client):
        for _ in range(2):
            await client.get(SEARCH, params={"q": "laptop"})
        assert cache_of(app).counts.misses == 2


async def test_without_redis_searches_are_answered_as_ever(settings: Settings, small_catalogue: None) -> None:
    async with keeping(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0") as (app, client):
        for _ in range(5):
            answer = await client.get(SEARCH, params={"q": "laptop"})
            assert (answer.status_code, answer.json()["degraded"]) == (200, False)
        assert not cache_of(app).breaker.closed


async def test_a_redis_that_hangs_is_not_waited_for(settings: Settings, small_catalogue: None) -> None:
    asked = 0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        while await reader.read(1024):
            pass
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        own = {"redis_url": url, "cache_wait_seconds": 0.1, "limits_enabled": False}
        async with keeping(settings, **own) as (app, client):
            for _ in range(3):
                assert (await client.get(SEARCH, params={"q": "laptop"})).status_code == 200
            assert asked > 0
            assert not cache_of(app).breaker.closed


async def test_without_the_setting_nothing_is_kept(settings: Settings, db: psycopg.Connection[object]) -> None:
    app = create_app(settings)
    assert settings.cache_seconds == 0
    assert app.state.search.cache is None


async def test_the_hit_rate_is_a_metric(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await client.get(SEARCH, params={"q": "laptop"})
    told = (await client.get("/metrics")).text
    assert 'catalog_search_cache_total{outcome="hit"} 2.0' in told
    assert 'catalog_search_cache_total{outcome="miss"} 1.0' in told


async def test_a_change_is_seen_when_the_seconds_are_over(
    settings: Settings, db: psycopg.Connection[object], es: Elasticsearch, small_catalogue: None
) -> None:
    async with keeping(settings, cache_seconds=0.2) as (_, client):
        assert (await client.get(SEARCH, params={"q": "laptop"})).json()["total"]["value"] == 2
        store(settings, [{"sku": "NEW", "name": "Travel Laptop"}])
        sync_all(settings, db, es)
        await asyncio.sleep(0.3)
        assert (await client.get(SEARCH, params={"q": "laptop"})).json()["total"]["value"] == 3
