"""Many products in one request."""

import json
from typing import Any

import httpx
import psycopg
import pytest

from catalog.settings import Settings
from tests.apps import create_app
from tests.e2e.helpers import PRODUCTS, a_product, assert_problem

BULK = f"{PRODUCTS}/bulk"


def _lines(*products: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(product).encode() + b"\n" for product in products)


async def _bulk(client: httpx.AsyncClient, body: bytes) -> list[dict[str, Any]]:
    answer = await client.post(BULK, content=body, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_result_for_each_line(editor: httpx.AsyncClient) -> None:
    good = a_product(sku="B-1", brand="Norvane", category="Kitchen > Kettles", attributes={"color": "red"})
    body = _lines(good, {"sku": "B-2", "name": "No price"}, a_product(sku="B-3", price=-1)) + b"{broken\n\xff\n"
    results = await _bulk(editor, body)
    assert [result["line"] for result in results] == [1, 2, 3, 4, 5]
    assert [result["status"] for result in results] == ["created"] + ["rejected"] * 4
    assert results[0]["errors"] == []
    assert results[1]["errors"][0]["field"] == "price"
    assert results[2]["errors"][0]["field"] == "price"
    product = (await editor.get(f"{PRODUCTS}/{results[0]['id']}")).json()
    assert (product["sku"], product["category"]["path"], product["version"]) == ("B-1", "kitchen/kettles", 1)
    assert (await editor.get(PRODUCTS)).json()["total"] == 1


async def test_again_is_unchanged_and_a_field_left_out_is_kept(editor: httpx.AsyncClient) -> None:
    sent = a_product(sku="B-1", description="Boils.", inventory=4)
    (first,) = await _bulk(editor, _lines(sent))
    (again,) = await _bulk(editor, _lines(sent))
    assert (first["status"], again["status"], again["id"]) == ("created", "unchanged", first["id"])
    (changed,) = await _bulk(editor, _lines({"sku": "B-1", "name": "New name", "price": 5}))
    assert changed["status"] == "updated"
    product = (await editor.get(f"{PRODUCTS}/{first['id']}")).json()
    assert (product["name"], product["description"], product["inventory"]) == ("New name", "Boils.", 4)


async def test_a_thousand_lines_without_a_last_line_end(editor: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    results = await _bulk(editor, _lines(*(a_product() for _ in range(1000))).rstrip())
    assert {result["status"] for result in results} == {"created"}
    assert len({result["id"] for result in results}) == 1000
    assert db.execute("SELECT count(*) FROM product_sync WHERE version = 1").fetchone() == (1000,)


async def test_nothing_sent(editor: httpx.AsyncClient) -> None:
    assert_problem(await editor.post(BULK, content=b""), 422, "body")


async def test_a_larger_body_than_elsewhere_is_taken(editor: httpx.AsyncClient, settings: Settings) -> None:
    lines = [a_product(description="x" * 40_000) for _ in range(60)]
    body = _lines(*lines)
    assert len(body) > settings.max_body_bytes
    assert len(await _bulk(editor, body)) == 60


@pytest.mark.usefixtures("db")
async def test_a_body_over_the_limit(editor: httpx.AsyncClient, settings: Settings) -> None:
    app = create_app(Settings.model_validate({**settings.model_dump(), "max_bulk_bytes": 10_000}))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test", headers=editor.headers) as client,
    ):
        assert_problem(await client.post(BULK, content=_lines(a_product(description="x" * 10_000))), 413)
        assert (await client.post(BULK, content=_lines(a_product()))).status_code == 200
