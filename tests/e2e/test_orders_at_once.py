"""Many buyers at the same moment, through a real server: nobody gets what is not there, and nobody sees a deadlock."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from stack.ports import free_port
from tests.e2e.conftest import SignedIn
from tests.e2e.helpers import PRODUCTS
from tests.e2e.test_orders import ORDERS, SHIRT, a_key, an_order, orders_in, stock
from tests.processes import is_up, running, wait_until
from tests.support import store, sync_all

pytestmark = pytest.mark.process

BUYERS = 100
IN_STOCK = 10


@pytest.fixture
def server(settings: Settings, db: psycopg.Connection[Any], index: str) -> Iterator[str]:
    """The address of an API process of its own."""
    port = free_port()
    served = settings.model_copy(update={"http_port": port, "grpc_port": free_port()})
    with running(served, "serve"):
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: is_up(address), 60)
        yield address


@pytest.fixture
async def buyer(server: str, signed_in: SignedIn) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator, who may order and change products."""
    limits = httpx.Limits(max_connections=BUYERS)
    async with (
        signed_in("admin") as signed,
        httpx.AsyncClient(base_url=server, headers=signed.headers, limits=limits, timeout=60) as client,
    ):
        yield client


async def _order(client: httpx.AsyncClient, *lines: tuple[str, int], key: str | None = None) -> httpx.Response:
    return await client.post(ORDERS, json=an_order(*lines), headers=a_key(key))


async def test_a_hundred_buyers_of_the_last_ten(
    settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, buyer: httpx.AsyncClient
) -> None:
    store(settings, [{"sku": "LAST", "name": "Copper kettle", "inventory": IN_STOCK}])
    sync_all(settings, db, es)
    answers = await asyncio.gather(*(_order(buyer, ("LAST", 1)) for _ in range(BUYERS)))
    assert Counter(answer.status_code for answer in answers) == {201: IN_STOCK, 409: BUYERS - IN_STOCK}
    assert {str(answer.json()["errors"]) for answer in answers if answer.status_code == 409} == {
        str([{"field": "lines.0.quantity", "message": "1 of 'LAST' wanted, 0 left"}])
    }
    assert (stock(db), orders_in(db)) == ({"LAST": 0}, IN_STOCK)
    events = db.execute("SELECT count(*) FROM domain_events WHERE type = 'OrderCreated'").fetchone()
    assert events == (IN_STOCK,)
    sync_all(settings, db, es)
    found = (await buyer.get("/api/v1/search", params={"q": "copper kettle"})).json()
    assert [(hit["sku"], hit["in_stock"]) for hit in found["hits"]] == [("LAST", False)]
    found = (await buyer.get("/api/v1/search", params={"q": "copper kettle", "in_stock": "true"})).json()
    assert found["hits"] == []


async def _shown(client: httpx.AsyncClient, wanted: dict[str, bool]) -> None:
    """Wait until search shows exactly these kettles, each in stock or not."""
    async with asyncio.timeout(120):
        while True:
            found = (await client.get("/api/v1/search", params={"q": "kettle"})).json()
            if {hit["sku"]: hit["in_stock"] for hit in found["hits"]} == wanted:
                return
            # Workers are other processes: there is no event to wait for.
            await asyncio.sleep(0.1)


@pytest.mark.secured
async def test_search_shows_by_itself_that_the_last_one_is_sold(settings: Settings, buyer: httpx.AsyncClient) -> None:
    """Only what runs in production brings it there: a trigger, the pump, a worker."""
    store(settings, [{"sku": name, "name": f"{name} kettle", "inventory": 1} for name in ("LAST", "OTHER")])
    with running(settings, "worker"), running(settings, "pump"):
        await _shown(buyer, {"LAST": True, "OTHER": True})
        assert (await _order(buyer, ("LAST", 1))).status_code == 201
        await _shown(buyer, {"LAST": False, "OTHER": True})
        found = (await buyer.get("/api/v1/search", params={"q": "kettle", "in_stock": "true"})).json()
        assert [hit["sku"] for hit in found["hits"]] == ["OTHER"]
        assert (await _order(buyer, ("LAST", 1))).status_code == 409


async def test_one_key_used_many_times_at_once_orders_once(
    settings: Settings, db: psycopg.Connection[Any], buyer: httpx.AsyncClient
) -> None:
    store(settings, [{"sku": "LAST", "inventory": 1}])
    answers = await asyncio.gather(*(_order(buyer, ("LAST", 1), key="one") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(answer.headers.get("idempotency-replayed") for answer in answers) == {None: 1, "true": 19}
    assert (stock(db), orders_in(db)) == ({"LAST": 0}, 1)


async def test_orders_that_cross_each_other_and_changes_of_their_products(
    settings: Settings, db: psycopg.Connection[Any], buyer: httpx.AsyncClient
) -> None:
    """The same things in opposite orders, while the products are renamed, get pictures and are counted anew."""
    many = {"inventory": 1000}
    ids = store(settings, [{"sku": "A", **many}, {"sku": "B", **many}, SHIRT])
    shirts = [{**variant, **many} for variant in SHIRT["variants"]]  # type: ignore[dict-item]
    assert (await buyer.patch(f"{PRODUCTS}/{ids['TEE']}", json={"variants": shirts})).status_code == 200
    skus = ("A", "TEE-S", "B", "TEE-M")
    forth, back = [(sku, 1) for sku in skus], [(sku, 1) for sku in reversed(skus)]

    async def change(sku: str, number: int) -> httpx.Response:
        return await buyer.patch(f"{PRODUCTS}/{ids[sku]}", json={"name": f"Name {number}", "images": [f"/{number}"]})

    work = [work for number in range(15) for work in (
        _order(buyer, *forth), _order(buyer, *back), change("A", number), change("TEE", number), change("B", number),
    )]  # fmt: skip
    answers = await asyncio.gather(*work)
    assert Counter(answer.status_code for answer in answers) == {201: 30, 200: 45}
    assert stock(db) == {"A": 970, "B": 970, "TEE-S": 970, "TEE-M": 970, "TEE": 1940}
