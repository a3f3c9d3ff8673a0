"""Elasticsearch is killed, hangs, or its index is closed while shoppers search: no search fails, and all is well again
by itself afterwards.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch
from fastapi import FastAPI

from api.app import create_app
from catalog.elasticsearch import make_client
from catalog.settings import Settings
from indexer.rebuild import ensure_index
from stack import Ephemeral
from tests.support import live_index, store, sync_all

pytestmark = pytest.mark.process

Db = psycopg.Connection[Any]

SHOPPERS = 4
PAUSE = 0.02
PATIENCE = 120
ASKED = [
    ("/api/v1/search", {"q": "kettle"}),
    ("/api/v1/search", {"q": "ketle"}),
    ("/api/v1/search", {"brand": "Weft", "in_stock": "true"}),
    ("/api/v1/autocomplete", {"q": "ket"}),
    ("/api/v1/search/facets/brand", {"q": "kettle"}),
]


@pytest.fixture
def own(settings: Settings, db: Db, private: Ephemeral) -> Settings:
    """A catalogue of twenty kettles in an Elasticsearch of its own."""
    own = settings.model_copy(
        update={
            "elasticsearch_url": private.elasticsearch_url,
            "elasticsearch_username": None,
            "elasticsearch_password": None,
            "limits_enabled": False,
            "search_timeout_seconds": 1,
            "fallback_timeout_seconds": 30,
            "breaker_pause_seconds": 0.2,
            "breaker_longest_pause_seconds": 1,
        }
    )
    with make_client(own) as es:
        indexes = list(es.indices.get(index=f"{own.index_prefix}-*", expand_wildcards="all"))
        if indexes:
            es.indices.delete(index=indexes)
        ensure_index(own, es)
        store(own, [{"sku": f"k{n}", "name": f"Kettle {n}", "brand": "Weft", "inventory": 1} for n in range(20)])
        sync_all(own, db, es)
    return own


@pytest.fixture
async def app(own: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(own)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def own_es(own: Settings) -> Iterator[Elasticsearch]:
    with make_client(own) as client:
        yield client


@dataclass
class Shoppers:
    """What they were answered, by status and whether Postgres gave it; the last answers tell what it is like now."""

    client: httpx.AsyncClient
    counts: Counter[tuple[int, bool]] = field(default_factory=Counter)
    last: list[tuple[int, bool]] = field(default_factory=list)

    async def shop(self) -> None:
        while True:
            for path, params in ASKED:
                answer = await self.client.get(path, params=params)
                outcome = (answer.status_code, bool(answer.json().get("degraded")))
                self.counts[outcome] += 1
                if "facets" not in path:
                    self.last = [*self.last[-9:], outcome]
                await asyncio.sleep(PAUSE)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - nobody tells when it does
                await asyncio.sleep(0.05)

    async def all_from(self, *, degraded: bool) -> None:
        """Wait until ten answers in a row came from Postgres, or from Elasticsearch."""
        self.last = []
        await self.until(lambda: len(self.last) == 10 and all(spare == degraded for _, spare in self.last))


@asynccontextmanager
async def shopping(app: FastAPI) -> AsyncIterator[Shoppers]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:
        shoppers = Shoppers(client)
        tasks = [asyncio.create_task(shoppers.shop()) for _ in range(SHOPPERS)]
        try:
            await shoppers.all_from(degraded=False)
            yield shoppers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def failures(shoppers: Shoppers) -> dict[tuple[int, bool], int]:
    return {outcome: count for outcome, count in shoppers.counts.items() if outcome[0] != 200}


async def test_elasticsearch_is_killed_and_comes_back(app: FastAPI, private: Ephemeral) -> None:
    async with shopping(app) as shoppers:
        private.elasticsearch.kill()
        await shoppers.all_from(degraded=True)
        assert not app.state.search.breaker.closed
        await asyncio.to_thread(private.elasticsearch.start)
        await shoppers.all_from(degraded=False)
        assert app.state.search.breaker.closed
        assert failures(shoppers) == {}


async def test_elasticsearch_hangs_and_goes_on(app: FastAPI, private: Ephemeral) -> None:
    async with shopping(app) as shoppers:
        private.elasticsearch.pause()
        try:
            await shoppers.until(lambda: not app.state.search.breaker.closed)
            await shoppers.all_from(degraded=True)
        finally:
            private.elasticsearch.resume()
        await shoppers.all_from(degraded=False)
        assert failures(shoppers) == {}


async def test_the_index_is_closed_and_opened(app: FastAPI, db: Db, own_es: Elasticsearch) -> None:
    async with shopping(app) as shoppers:
        index = live_index(db)
        await asyncio.to_thread(lambda: own_es.indices.close(index=index))
        await shoppers.all_from(degraded=True)
        await asyncio.to_thread(lambda: own_es.indices.open(index=index))
        await shoppers.all_from(degraded=False)
        assert failures(shoppers) == {}
