"""Hostile values at every place that takes text: found or refused, never a 5xx, and never more than text."""

import gzip
import io
import json
from collections.abc import AsyncIterator
from contextlib import redirect_stderr
from typing import Any
from unicodedata import normalize
from urllib.parse import quote
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from catalog.services import tokens
from catalog.settings import Settings
from tests.e2e.corpora import LINES, LUCENE, NOT_FOR_CLIENTS, TEXTS
from tests.e2e.helpers import CATEGORIES, NOBODY, PRODUCTS, a_product, assert_problem, created

SEARCH, AUTOCOMPLETE = "/api/v1/search", "/api/v1/autocomplete"

pytestmark = pytest.mark.usefixtures("db")


async def _refused_or_answered(answer: httpx.Response) -> None:
    if answer.status_code != 200:
        assert_problem(answer, answer.status_code)
        assert 400 <= answer.status_code < 500, answer.text


@pytest.mark.usefixtures("small_catalogue")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        (SEARCH, "q"),
        (SEARCH, "brand"),
        (SEARCH, "category"),
        (SEARCH, "attr.color"),
        (SEARCH, "sort"),
        (SEARCH, "cursor"),
        (SEARCH, "facets"),
        (SEARCH, "price_min"),
        (f"{SEARCH}/facets/brand", "prefix"),
        (AUTOCOMPLETE, "q"),
        (AUTOCOMPLETE, "category"),
        (PRODUCTS, "search"),
        (PRODUCTS, "category"),
    ],
)
async def test_hostile_parameters(client: httpx.AsyncClient, path: str, name: str) -> None:
    for text in TEXTS:
        await _refused_or_answered(await client.get(path, params={name: text}))


@pytest.mark.usefixtures("small_catalogue")
async def test_hostile_parameter_names(client: httpx.AsyncClient) -> None:
    for text in TEXTS:
        await _refused_or_answered(await client.get(SEARCH, params={f"attr.{text}": "x"}))
        assert (await client.get(PRODUCTS, params={text: "x"})).status_code == 422


@pytest.mark.usefixtures("small_catalogue")
async def test_the_syntax_of_the_engine_is_only_text(client: httpx.AsyncClient) -> None:
    for text in LUCENE:
        found = (await client.get(SEARCH, params={"q": text, "facets": "none"})).json()
        everything = (await client.get(SEARCH, params={"facets": "none"})).json()["total"]["value"]
        words = any(character.isalnum() for character in text)
        assert not words or found["total"]["value"] < everything, text


async def test_hostile_texts_are_kept_as_they_are(editor: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    before = db.execute("SELECT count(*) FROM users").fetchone()
    kept = 0
    for text in TEXTS:
        answer = await editor.post(PRODUCTS, json=a_product(name=text[:255], description=text, attributes={"a": text}))
        if answer.status_code == 201:
            kept += 1
            product = (await editor.get(f"{PRODUCTS}/{answer.json()['id']}")).json()
            assert product["description"].split() == normalize("NFC", text).split()
        else:
            assert_problem(answer, 422)
    assert kept > len(TEXTS) / 2
    assert db.execute("SELECT count(*) FROM users").fetchone() == before


async def test_no_header_comes_from_what_a_client_sent(client: httpx.AsyncClient) -> None:
    for text in LINES:
        for path in (f"/api/v1/products/{NOBODY}", f"{SEARCH}", "/nothing"):
            answer = await client.get(path, params={"q": text}, headers={"X-Request-ID": "x"})
            assert "x-owned" not in answer.headers
            assert "set-cookie" not in answer.headers


async def test_hostile_texts_forge_no_line_of_the_log(client: httpx.AsyncClient) -> None:
    with redirect_stderr(io.StringIO()) as said:
        for text in LINES:
            await client.get(f"/api/v1/{quote(text)}", params={"q": text})
            await client.post("/api/v1/auth/token", data={"username": text, "password": text})
    lines = said.getvalue().split("\n")
    assert sum("http.request" in line for line in lines) == 2 * len(LINES)
    assert not [line for line in lines if line and not line.startswith("20")]


@pytest.mark.parametrize("field", sorted(NOT_FOR_CLIENTS))
async def test_fields_that_are_not_for_clients_are_refused(editor: httpx.AsyncClient, field: str) -> None:
    value = NOT_FOR_CLIENTS[field]
    product = await created(editor)
    address = f"{PRODUCTS}/{product['id']}"
    assert_problem(await editor.post(PRODUCTS, json={**a_product(), field: value}), 422, field)
    assert_problem(await editor.put(address, json={**a_product(), field: value}), 422, field)
    assert_problem(await editor.patch(address, json={field: value}), 422, field)
    assert_problem(await editor.post(CATEGORIES, json={"name": "A", field: value}), 422, field)
    assert (await editor.get(address)).json() == product


async def test_a_line_of_a_bulk_body_takes_no_such_field_either(editor: httpx.AsyncClient) -> None:
    lines = [json.dumps({**a_product(), field: value}) for field, value in NOT_FOR_CLIENTS.items()]
    answer = await editor.post(f"{PRODUCTS}/bulk", content="\n".join(lines))
    assert [json.loads(line)["status"] for line in answer.text.splitlines()] == ["rejected"] * len(lines)


@pytest.fixture
async def storefronts(
    app: FastAPI, settings: Settings, db: psycopg.Connection[Any]
) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two users with the same role and nothing in common."""
    clients = []
    for name in ("one", "two"):
        row = db.execute(
            "INSERT INTO users (email, password_hash, role) VALUES (%s, 'x', 'storefront') RETURNING id",
            [f"{name}@example.com"],
        ).fetchone()
        assert row is not None
        headers = {"Authorization": f"Bearer {tokens.issue(settings, row[0], 'storefront')}"}
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers))
    yield clients
    for client in clients:
        await client.aclose()


async def test_nobody_reads_the_order_of_another_one(
    storefronts: list[httpx.AsyncClient], editor: httpx.AsyncClient
) -> None:
    product = await created(editor, inventory=5)
    mine, other = storefronts
    order = {"email": "buyer@example.com", "lines": [{"sku": product["sku"], "quantity": 1}]}
    answer = await mine.post("/api/v1/orders", json=order, headers={"Idempotency-Key": uuid4().hex})
    assert answer.status_code == 201, answer.text
    address = f"/api/v1/orders/{answer.json()['id']}"
    assert (await mine.get(address)).status_code == 200
    assert_problem(await other.get(address), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/admin/reindex"),
        ("POST", "/api/v1/admin/reindex"),
        ("GET", "/api/v1/admin/quarantine"),
        ("GET", "/api/v1/users"),
        ("GET", "/api/v1/api-keys"),
        ("POST", PRODUCTS),
        ("DELETE", f"{PRODUCTS}/{NOBODY}"),
    ],
)
async def test_a_storefront_reaches_nothing_of_an_administrator(
    storefronts: list[httpx.AsyncClient], method: str, path: str
) -> None:
    answer = await storefronts[0].request(method, path, json=None if method != "POST" else {})
    assert_problem(answer, 403)


async def test_drafts_are_nobodys_business(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    product = await created(editor, status="draft")
    assert_problem(await client.get(f"{PRODUCTS}/{product['id']}"), 404)


BOMBS: list[tuple[str, bytes]] = [
    ("deep lists", b"[" * 100_000 + b"]" * 100_000),
    ("deep objects", b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    ("a number of many digits", b'{"sku": "a", "name": "a", "price": ' + b"9" * 100_000 + b"}"),
    ("a huge exponent", b'{"sku": "a", "name": "a", "price": 1e999999999}'),
    ("a text exponent", b'{"sku": "a", "name": "a", "price": "1e999999999"}'),
    ("not a number", b'{"sku": "a", "name": "a", "price": NaN}'),
    ("infinity", b'{"sku": "a", "name": "a", "price": -Infinity}'),
    ("a long name", b'{"sku": "a", "price": 1, "name": "' + b"x" * 1_000_000 + b'"}'),
    ("a long key", b'{"' + b"x" * 1_000_000 + b'": 1}'),
    ("many keys", json.dumps({f"k{n}": n for n in range(50_000)}).encode()),
    ("many attributes", json.dumps({**a_product(), "attributes": {f"k{n}": n for n in range(20_000)}}).encode()),
    ("many variants", json.dumps({**a_product(), "variants": [{"sku": f"v{n}"} for n in range(20_000)]}).encode()),
    ("the same key", b'{"name": "a", "name": {"$gt": ""}, "sku": "a", "price": 1}'),
    ("a zero byte", b'{"sku": "a\\u0000b", "name": "a", "price": 1}'),
    ("half a character", b'{"sku": "a", "name": "\\ud800", "price": 1}'),
    ("no UTF-8", b'{"sku": "a", "name": "\xff\xfe", "price": 1}'),
    ("UTF-16", '{"sku": "a", "name": "a", "price": -1}'.encode("utf-16")),
    ("nothing", b""),
    ("only white space", b" " * 1_000_000),
]


@pytest.mark.parametrize("body", [body for _, body in BOMBS], ids=[name for name, _ in BOMBS])
@pytest.mark.parametrize("path", [PRODUCTS, SEARCH, f"{SEARCH}/multi"])
async def test_bombs_are_refused(editor: httpx.AsyncClient, path: str, body: bytes) -> None:
    answer = await editor.post(path, content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, answer.status_code)
    assert 400 <= answer.status_code < 500, answer.text[:500]
    assert len(answer.content) < 50_000, "an answer is no amplifier"


@pytest.mark.parametrize("body", [body for _, body in BOMBS], ids=[name for name, _ in BOMBS])
async def test_bombs_in_a_bulk_body_are_lines_that_are_rejected(editor: httpx.AsyncClient, body: bytes) -> None:
    answer = await editor.post(f"{PRODUCTS}/bulk", content=body)
    if answer.status_code == 200:
        assert {json.loads(line)["status"] for line in answer.text.splitlines()} <= {"rejected"}
    else:
        assert_problem(answer, 422)


async def test_a_compressed_bulk_body_is_not_unpacked(editor: httpx.AsyncClient) -> None:
    """A thousandth of what it unpacks to: the interface takes plain lines, `catalog import` takes gzip from files."""
    bomb = gzip.compress(b" " * 50_000_000)
    answer = await editor.post(f"{PRODUCTS}/bulk", content=bomb, headers={"Content-Encoding": "gzip"})
    if answer.status_code == 200:
        assert {json.loads(line)["status"] for line in answer.text.splitlines()} == {"rejected"}
    else:
        assert 400 <= answer.status_code < 500


@pytest.mark.usefixtures("small_catalogue")
async def test_too_many_parameters_name_the_limit(client: httpx.AsyncClient) -> None:
    for pairs in ([("brand", f"b{n}") for n in range(1_000)], [(f"attr.a{n}", "x") for n in range(800)]):
        answer = await client.get(SEARCH, params=httpx.QueryParams(pairs))  # type: ignore[arg-type]
        problem = assert_problem(answer, answer.status_code)
        assert answer.status_code in (414, 422), problem


async def test_a_form_of_many_fields_is_refused(client: httpx.AsyncClient) -> None:
    body = "&".join(f"f{n}=x" for n in range(5_000))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post("/api/v1/auth/token", content=body, headers=form)
    assert 400 <= answer.status_code < 500
    assert len(answer.content) < 50_000
