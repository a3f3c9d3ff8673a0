"""WatchProducts: changes in order, resumed by position, for those who may see the product, and for nobody slow."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import psycopg
import pytest
from fastapi import FastAPI

from api.grpc.server import serving
from catalog.settings import Settings
from catalog.v1 import product_service_pb2 as pb
from tests.apps import create_app
from tests.e2e.grpc_calls import refusal, served, signed_in, stub_of, violations, watching
from tests.e2e.live_socket import published
from tests.support import store
from workers.relay import Relay

Db = psycopg.Connection[Any]


@pytest.fixture
async def relay(settings: Settings, db: Db) -> AsyncIterator[Relay]:
    relay = Relay(settings)
    yield relay
    await relay.close()


@pytest.fixture
async def stub(app: FastAPI) -> AsyncIterator[Any]:
    async with served(app) as channel:
        yield stub_of(channel)


async def told(call: Any, number: int) -> list[tuple[str, str]]:
    """The type and sku (or id) of the next changes."""
    changes = [await call.read() for _ in range(number)]
    return [
        (change.type, change.product.sku if change.HasField("product") else change.product_id) for change in changes
    ]


async def test_changes_come_in_order_with_the_product_as_it_is(
    stub: Any, settings: Settings, db: Db, relay: Relay
) -> None:
    ids = store(settings, [{"sku": "a", "price": "10.00"}])
    db.execute("UPDATE products SET price = 12.5")
    db.execute("UPDATE products SET inventory = 7")
    await published(relay)
    async with watching(stub, after_position=0) as call:
        changes = [await call.read() for _ in range(3)]
    assert [change.type for change in changes] == ["ProductCreated", "PriceChanged", "StockChanged"]
    assert [change.position for change in changes] == sorted(change.position for change in changes)
    assert {change.product.price for change in changes} == {"12.50"}
    assert {change.product_id for change in changes} == {str(ids["a"])}


async def test_without_a_position_only_what_happens_from_now_on_comes(
    stub: Any, app: FastAPI, settings: Settings, db: Db, relay: Relay
) -> None:
    store(settings, [{"sku": "before"}])
    await published(relay)
    async with watching(stub) as call:
        await _watched(app, 1)
        store(settings, [{"sku": "after"}])
        await published(relay)
        assert await told(call, 1) == [("ProductCreated", "after")]


async def test_a_call_goes_on_after_the_position_received_last(
    stub: Any, settings: Settings, db: Db, relay: Relay
) -> None:
    store(settings, [{"sku": "a"}, {"sku": "b"}, {"sku": "c"}])
    await published(relay)
    async with watching(stub, after_position=0) as call:
        first = await call.read()
    async with watching(stub, after_position=first.position) as call:
        second = await told(call, 2)
    assert [sku for _, sku in second] == [sku for sku in ("a", "b", "c") if sku != first.product.sku]


async def test_only_the_products_asked_for_are_told_of(stub: Any, settings: Settings, db: Db, relay: Relay) -> None:
    ids = store(settings, [{"sku": "a"}, {"sku": "b"}])
    db.execute("UPDATE products SET inventory = 1 WHERE sku = 'b'")
    await published(relay)
    async with watching(stub, after_position=0, product_ids=[str(ids["b"])]) as call:
        assert await told(call, 2) == [("ProductCreated", "b"), ("StockChanged", "b")]


async def test_a_draft_is_told_to_editors_alone(stub: Any, settings: Settings, db: Db, relay: Relay) -> None:
    store(settings, [{"sku": "draft", "status": "draft"}])
    store(settings, [{"sku": "shown"}])
    await published(relay)
    async with watching(stub, after_position=0) as call:
        assert await told(call, 1) == [("ProductCreated", "shown")]
    async with watching(stub, signed_in(settings, db, "editor"), after_position=0) as call:
        assert await told(call, 2) == [("ProductCreated", "draft"), ("ProductCreated", "shown")]


async def test_a_product_that_is_taken_back_is_hidden_and_one_deleted_is_deleted(
    stub: Any, settings: Settings, db: Db, relay: Relay
) -> None:
    ids = store(settings, [{"sku": "a"}, {"sku": "b"}])
    await published(relay)
    async with watching(stub, after_position=0) as call:
        await told(call, 2)
        db.execute("UPDATE products SET status = 'draft' WHERE sku = 'a'")
        db.execute("DELETE FROM products WHERE sku = 'b'")
        await published(relay)
        assert await told(call, 2) == [("ProductHidden", str(ids["a"])), ("ProductDeleted", str(ids["b"]))]


async def test_a_position_that_is_not_kept_or_not_there_yet_is_refused(
    stub: Any, settings: Settings, db: Db, relay: Relay
) -> None:
    store(settings, [{"sku": "a"}, {"sku": "b"}, {"sku": "c"}])
    await published(relay)
    with db.transaction():
        db.execute("SET LOCAL catalog.event_retention = 'on'")
        db.execute("DELETE FROM domain_events WHERE position <= 2")
    async with watching(stub, after_position=1) as call:
        assert (await refusal(call.read())).code() == grpc.StatusCode.OUT_OF_RANGE
    async with watching(stub, after_position=99) as call:
        assert set(violations(await refusal(call.read()))) == {"after_position"}


async def test_an_id_that_is_none_is_refused(stub: Any) -> None:
    async with watching(stub, product_ids=["42"]) as call:
        assert set(violations(await refusal(call.read()))) == {"product_ids"}


async def test_a_reader_that_takes_nothing_is_ended(settings: Settings, db: Db, relay: Relay) -> None:
    text = "x" * 50_000
    store(settings, [{"sku": f"p{number}", "description": text} for number in range(200)])
    await published(relay)
    app = create_app(settings.model_copy(update={"grpc_slow_reader_seconds": 1}))
    async with (
        app.router.lifespan_context(app),
        served(app) as channel,
        watching(stub_of(channel), after_position=0) as call,
    ):
        await call.read()
        await _watched(app, 1)
        await _watched(app, 0)
        error = await refusal(_drained(call))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_there_are_never_more_watchers_than_allowed(settings: Settings, db: Db) -> None:
    app = create_app(settings.model_copy(update={"grpc_max_watchers": 2}))
    async with app.router.lifespan_context(app), served(app) as channel:
        stub, editor = stub_of(channel), signed_in(settings, db, "editor")
        async with watching(stub):
            await _watched(app, 1)
            async with watching(stub) as second:
                assert (await refusal(second.read())).code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            async with watching(stub, editor):
                await _watched(app, 2)
        await _watched(app, 0)


async def test_the_end_of_the_server_ends_its_watchers(app: FastAPI) -> None:
    async with serving(app.state, 0) as port:
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        call = stub_of(channel).WatchProducts(pb.WatchProductsRequest())
        await _watched(app, 1)
    error = await refusal(call.read())
    await channel.close()
    assert error.code() == grpc.StatusCode.UNAVAILABLE


async def _drained(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass
    code = await call.code()
    raise AssertionError(f"the call ended with {code}")


async def _watched(app: FastAPI, number: int) -> None:
    """Wait until there are so many watchers."""
    async with asyncio.timeout(30):
        while app.state.metrics.registry.get_sample_value("catalog_grpc_watchers") != number:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
