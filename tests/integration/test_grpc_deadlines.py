"""Deadlines and cancellation over gRPC reach the servers behind it, and leave no work there."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import psycopg
import pytest
from elasticsearch import Elasticsearch
from fastapi import FastAPI

from api.app import create_app
from catalog.elasticsearch import make_client
from catalog.settings import Settings
from catalog.v1 import product_service_pb2 as pb
from indexer.rebuild import ensure_index
from stack import Ephemeral
from tests.e2e.grpc_calls import refusal, served, signed_in, stub_of
from tests.processes import wait_until

pytestmark = pytest.mark.process

Db = psycopg.Connection[Any]


@pytest.fixture
async def own(settings: Settings, db: Db, private: Ephemeral) -> AsyncIterator[FastAPI]:
    """The application before an Elasticsearch of its own."""
    own = settings.model_copy(
        update={
            "elasticsearch_url": private.elasticsearch_url,
            "elasticsearch_username": None,
            "elasticsearch_password": None,
            "search_timeout_seconds": 60,
        }
    )
    with make_client(own) as client:
        ensure_index(own, client)
    app = create_app(own)
    async with app.router.lifespan_context(app):
        yield app


def searches(client: Elasticsearch) -> int:
    # The client warns of its own method for this, which is a preview.
    tasks = client.perform_request(
        "GET", "/_tasks", params={"actions": "indices:data/read/*"}, headers={"accept": "application/json"}
    )
    return sum(len(node["tasks"]) for node in tasks["nodes"].values())


def others() -> int:
    """Tasks of this process besides the test's own."""
    return len(asyncio.all_tasks())


async def test_a_search_ends_at_its_deadline_while_elasticsearch_is_stopped(own: FastAPI, private: Ephemeral) -> None:
    async with served(own) as channel:
        await stub_of(channel).Search(pb.SearchRequest(q="kettle"))
        before = others()
        private.elasticsearch.pause()
        try:
            error = await refusal(stub_of(channel).Search(pb.SearchRequest(q="kettle"), timeout=0.05))
            assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
            async with asyncio.timeout(10):
                while others() > before:  # noqa: ASYNC110 - tasks have no event to wait for
                    await asyncio.sleep(0.05)
        finally:
            private.elasticsearch.resume()
        with make_client(own.state.settings) as client:
            await asyncio.to_thread(wait_until, lambda: searches(client) == 0)
        # Nobody took it for an outage: the next search is answered as ever.
        answer = await stub_of(channel).Search(pb.SearchRequest(q="kettle"), timeout=30)
        assert not answer.degraded


def statements(db: Db) -> int:
    row = db.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'catalog-api' AND state <> 'idle'"
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("ended", ["by its deadline", "by the caller"])
async def test_a_write_that_waits_for_a_lock_stops_waiting(
    ended: str, app: FastAPI, settings: Settings, db: Db
) -> None:
    metadata = signed_in(settings, db, "editor")
    async with served(app) as channel:
        stub = stub_of(channel)
        payload = pb.ProductInput(sku="K-1", name="A kettle", price="1")
        product = await stub.CreateProduct(pb.CreateProductRequest(product=payload), metadata=metadata)
        request = pb.UpdateProductRequest(id=product.id, product=pb.ProductInput(name="A pot"))
        with psycopg.connect(settings.database_url) as other:
            other.execute("SELECT FROM products FOR UPDATE")
            call = stub.UpdateProduct(request, metadata=metadata, timeout=2 if ended == "by its deadline" else 60)
            await asyncio.to_thread(wait_until, lambda: statements(db) > 0)
            if ended == "by the caller":
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
            else:
                assert (await refusal(call)).code() == grpc.StatusCode.DEADLINE_EXCEEDED
            await asyncio.to_thread(wait_until, lambda: statements(db) == 0, 10)
            other.rollback()
        read = await stub.GetProduct(pb.GetProductRequest(id=product.id))
        assert read.name == "A kettle"
