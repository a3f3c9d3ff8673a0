"""Elasticsearch is stopped and started: writes and searches go on, nothing is lost and nobody is quarantined."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest

from api.app import create_app
from catalog.elasticsearch import make_client
from catalog.settings import Settings
from indexer.rebuild import ensure_index
from stack import Ephemeral
from tests.processes import running, wait_until
from tests.support import documents, ledger, store

pytestmark = pytest.mark.process

Db = psycopg.Connection[Any]


@pytest.fixture
def own(settings: Settings, db: Db, private: Ephemeral) -> Settings:
    own = settings.model_copy(
        update={
            "elasticsearch_url": private.elasticsearch_url,
            "elasticsearch_username": None,
            "elasticsearch_password": None,
            "redis_url": private.redis_url,
            "sync_sweep_seconds": 1,
        }
    )
    with make_client(own) as client:
        ensure_index(own, client)
    return own


@pytest.fixture
async def client(own: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(own)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


async def test_an_outage_of_elasticsearch(own: Settings, db: Db, private: Ephemeral, client: httpx.AsyncClient) -> None:
    def settled() -> bool:
        return db.execute("SELECT count(*) FROM product_sync WHERE version > synced_version").fetchone() == (0,)

    with running(own, "worker"), running(own, "pump"):
        ids = store(own, [{"sku": "a"}])
        wait_until(settled)
        assert (await client.get("/health/ready")).json()["status"] == "ok"

        private.elasticsearch.kill()
        ids |= store(own, [{"sku": "b"}])
        health = await client.get("/health/ready")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        search = await client.get("/api/v1/search", params={"q": "product"})
        assert (search.status_code, search.json()["degraded"]) == (200, True)
        assert search.json()["total"]["value"] == 2
        assert (await client.get(f"/api/v1/products/{ids['b']}")).status_code == 200
        row = ledger(db, ids["b"])
        assert (row["attempts"], row["synced_version"]) == (0, 0)

        private.elasticsearch.start()
        wait_until(settled, 60)
        with make_client(own) as es:
            assert len(documents(db, es)) == 2
        assert ledger(db, ids["b"])["attempts"] == 0
        assert (await client.get("/api/v1/search", params={"q": "product"})).status_code == 200
