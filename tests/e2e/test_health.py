"""Health and metrics, with servers there and away, and what is served without them."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer import reconciler
from indexer.bulk import Document, write
from indexer.indexer import Indexer
from indexer.rebuild import rebuild
from mappings.checksum import checksum
from mappings.names import write_alias
from stack.ports import free_port
from tests.apps import create_app
from tests.e2e.conftest import PASSWORD
from tests.e2e.helpers import NOBODY, PRODUCTS, a_product, assert_problem, created
from tests.support import live_index, store, sync_all

pytestmark = pytest.mark.secured


@asynccontextmanager
async def _without(settings: Settings, **urls: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application one of whose servers is not there: nobody listens at its address."""
    app = create_app(Settings.model_validate({**settings.model_dump(), **urls}))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


async def test_alive(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_all_is_well(client: httpx.AsyncClient, index: str) -> None:
    answer = await client.get("/health/ready")
    assert answer.status_code == 200
    health = answer.json()
    assert health["status"] == "ok"
    assert {name: check["ok"] for name, check in health["checks"].items()} == {
        "postgres": True,
        "redis": True,
        "elasticsearch": True,
    }
    assert health["sync"] == {"pending": 0, "oldest_seconds": 0, "quarantined": 0, "fanout": 0}
    assert health["reconcile"] == {
        "last_finished_at": None,
        "repaired_total": 0,
        "ahead": 0,
        "given_up": 0,
        "advice": None,
    }


async def test_a_missing_index_is_told(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "catalog reindex" in answer.json()["checks"]["elasticsearch"]["error"]
    assert (await client.get("/api/v1/search")).json()["degraded"]


async def test_lag(editor: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    late, refused, done = [await created(editor, category="A") for _ in range(3)]
    change = "UPDATE product_sync SET {} WHERE product_id = %s"
    db.execute(change.format("changed_at = now() - interval '1 minute'"), [late["id"]])
    db.execute(change.format("next_attempt_at = 'infinity', changed_at = now() - interval '1 day'"), [refused["id"]])
    db.execute(change.format("synced_version = version"), [done["id"]])
    await editor.patch(f"/api/v1/categories/{done['category']['id']}", json={"name": "B"})
    sync = (await editor.get("/health/ready")).json()["sync"]
    assert (sync["pending"], sync["quarantined"], sync["fanout"]) == (1, 1, 1)
    assert 60 <= sync["oldest_seconds"] < 120
    metrics = (await editor.get("/metrics")).text
    assert "catalog_sync_pending 1.0" in metrics
    assert "catalog_sync_quarantined 1.0" in metrics


async def test_what_the_reconciler_has_done(
    client: httpx.AsyncClient, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str
) -> None:
    ids = store(settings, [{"sku": "kept"}, {"sku": "lost"}])
    sync_all(settings, db, es)
    es.delete(index=index, id=str(ids["lost"]), version=1, version_type="external_gte")
    reconciler.run(Indexer(db, es, settings))
    health = (await client.get("/health/ready")).json()
    assert (health["status"], health["reconcile"]["repaired_total"]) == ("ok", 1)
    assert health["reconcile"]["last_finished_at"].endswith("Z")
    metrics = (await client.get("/metrics")).text
    assert "# TYPE catalog_reconcile_repairs_total counter" in metrics
    assert "catalog_reconcile_repairs_total 1.0" in metrics
    assert "catalog_reconcile_rounds_total 1.0" in metrics
    assert "catalog_index_ahead 0.0" in metrics
    (finished,) = db.execute("SELECT extract(epoch FROM finished_at)::float8 FROM jobs WHERE kind = 'reconcile'")
    (line,) = [line for line in metrics.splitlines() if line.startswith("catalog_reconcile_last_finished_timestamp")]
    assert float(line.split()[1]) == pytest.approx(finished[0], abs=0.001)


async def test_an_index_ahead_is_an_alarm_until_it_is_rebuilt(
    client: httpx.AsyncClient, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str
) -> None:
    """As after a restored backup. One of the products is changed afterwards: live sync tells of it, a round of b."""
    ids = store(settings, [{"sku": "a"}, {"sku": "b"}, {"sku": "c"}])
    sync_all(settings, db, es)
    for sku in ("a", "b"):
        body = es.get(index=index, id=str(ids[sku]))["_source"]
        newer = body | {"version": 9, "checksum": checksum(str(ids[sku]), 9)}
        write(es, write_alias(index), [Document(ids[sku], 9, newer)])
    db.execute("UPDATE products SET name = 'changed' WHERE sku = 'a'")
    sync_all(settings, db, es)
    assert (await client.get("/health/ready")).json()["reconcile"]["ahead"] == 1
    reconciler.run(Indexer(db, es, settings))
    health = await client.get("/health/ready")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["reconcile"]["ahead"] == 2
    assert "catalog reindex" in health.json()["reconcile"]["advice"]
    assert "catalog_index_ahead 2.0" in (await client.get("/metrics")).text

    rebuild(settings, es)
    db.execute("UPDATE product_sync SET next_attempt_at = NULL")
    sync_all(settings, db, es)
    assert live_index(db) != index
    health = await client.get("/health/ready")
    assert (health.json()["status"], health.json()["reconcile"]["ahead"]) == ("ok", 0)


async def test_an_index_that_was_given_up_is_told(
    client: httpx.AsyncClient, db: psycopg.Connection[Any], index: str
) -> None:
    db.execute(
        "INSERT INTO search_indexes (name, schema_version, state, error, given_up_at) "
        "VALUES ('old', 1, 'standby', 'took no writes', now())"
    )
    health = (await client.get("/health/ready")).json()
    assert (health["status"], health["reconcile"]["given_up"]) == ("ok", 1)
    assert "catalog reindex" in health["reconcile"]["advice"]
    assert "catalog_index_given_up 1.0" in (await client.get("/metrics")).text


async def test_metrics_go_by_route(client: httpx.AsyncClient) -> None:
    await client.get(f"{PRODUCTS}/{NOBODY}")
    await client.get(f"{PRODUCTS}/abc")
    await client.get("/made/up")
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    route = '{method="GET",route="/api/v1/products/{product_id}",status="404"}'
    assert f"catalog_http_requests_total{route} 2.0" in answer.text
    assert 'route="unknown",status="404"' in answer.text
    assert "made/up" not in answer.text
    assert "catalog_http_request_seconds_bucket" in answer.text
    assert "catalog_postgres_up 1.0" in answer.text


async def test_every_metric_of_the_manual_is_there(client: httpx.AsyncClient) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    rows = set(re.findall(r"^\| `(catalog_\w+)` \|", manual, re.MULTILINE))
    await client.get("/health/live")
    told = (await client.get("/metrics")).text
    exported = set(re.findall(r"^# HELP (catalog_\w+)", told, re.MULTILINE))
    assert rows == {name for name in exported if not name.endswith("_created")}


async def test_elasticsearch_away(admin: httpx.AsyncClient, settings: Settings) -> None:
    async with _without(settings, elasticsearch_url=f"http://127.0.0.1:{free_port()}") as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert answer.json()["checks"]["elasticsearch"]["ok"] is False
        written = await client.post(PRODUCTS, json=a_product(), headers=admin.headers)
        assert written.status_code == 201


async def test_redis_away(admin: httpx.AsyncClient, settings: Settings) -> None:
    async with _without(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0") as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        token = await client.post("/api/v1/auth/token", data={"username": "admin@example.com", "password": PASSWORD})
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        product = await client.post(PRODUCTS, json=a_product(), headers=headers)
        assert product.status_code == 201
        assert (await client.get(f"{PRODUCTS}/{product.json()['id']}")).status_code == 200


async def test_postgres_away(admin: httpx.AsyncClient, settings: Settings) -> None:
    address = settings.database_url.rpartition("@")[0] + f"@127.0.0.1:{free_port()}/catalog"
    async with _without(settings, database_url=address) as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (503, "down")
        assert answer.json()["sync"]["pending"] is None
        assert (await client.get("/health/live")).status_code == 200
        metrics = await client.get("/metrics")
        assert "catalog_postgres_up 0.0" in metrics.text
        assert "catalog_sync_pending NaN" in metrics.text
        assert "catalog_index_ahead NaN" in metrics.text
        assert "catalog_reconcile_repairs_total " not in metrics.text
        assert answer.json()["reconcile"]["ahead"] is None
        bulk = await client.post(f"{PRODUCTS}/bulk", content=b"{}", headers=admin.headers)
        for refused in (
            await client.get(PRODUCTS),
            await client.post(PRODUCTS, json=a_product(), headers=admin.headers),
            await client.post("/api/v1/auth/token", data={"username": "a@b.c", "password": "p"}),
            bulk,
        ):
            problem = assert_problem(refused, 503)
            assert int(refused.headers["retry-after"]) > 0
            assert "127.0.0.1" not in problem["detail"]


async def test_connections_that_postgres_dropped_are_replaced(
    editor: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    product = await created(editor)
    db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'catalog-api' AND datname = current_database()"
    )
    assert (await editor.get(f"{PRODUCTS}/{product['id']}")).status_code == 200


async def test_a_fault_of_ours_tells_no_details(editor: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    db.execute("ALTER TABLE brands RENAME TO mislaid")
    try:
        answer = await editor.get(PRODUCTS, headers={"X-Request-ID": "find-me"})
    finally:
        db.execute("ALTER TABLE mislaid RENAME TO brands")
    problem = assert_problem(answer, 500)
    assert problem["request_id"] == "find-me"
    assert "brands" not in answer.text
    assert "psycopg" not in answer.text
    assert (await editor.get(PRODUCTS)).status_code == 200
