"""Everything that a client can get wrong about a product is a 4xx problem that names the field."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from catalog.settings import Settings
from tests.e2e.helpers import NOBODY, PRODUCTS, a_product, assert_problem, created

JSON = {"Content-Type": "application/json"}

WRONG_FIELDS: list[tuple[str, Any]] = [
    ("price", -1),
    ("price", "-0.01"),
    ("price", 9.999),
    ("price", "9.999"),
    ("price", 1e12),
    ("price", True),
    ("price", None),
    ("price", "free"),
    ("price", []),
    ("price", "1e3"),
    ("price", "١٢"),
    ("price", 10**400),
    ("compare_at_price", -1),
    ("cost", 1.001),
    ("inventory", -1),
    ("inventory", 2**31),
    ("inventory", 1.5),
    ("inventory", True),
    ("inventory", "5"),
    ("name", ""),
    ("name", "   "),
    ("name", "x" * 256),
    ("name", "a\x00b"),
    ("name", 5),
    ("name", None),
    ("sku", ""),
    ("sku", "x" * 101),
    ("sku", "a\x00b"),
    ("sku", "a\nb"),
    ("description", "x" * 50_001),
    ("description", "a\x00b"),
    ("gtin", "12ab"),
    ("gtin", "1" * 15),
    ("currency", "EUR"),
    ("currency", "dollar"),
    ("status", "gone"),
    ("popularity", -0.1),
    ("brand", ""),
    ("category", "A > > B"),
    ("category", " > ".join("abcdefghijk")),
    ("category_id", "abc"),
    ("category_id", NOBODY),
    ("publish_from", "2026-01-01T00:00:00"),
    ("publish_from", "soon"),
    ("publish_from", "0001-01-01T00:00:00+14:00"),
    ("publish_from", "1900-01-01T00:00:00+00:01"),
    ("publish_until", "9999-12-31T23:59:59-14:00"),
    ("publish_until", "2200-01-01T00:00:00-00:01"),
    ("images", "not a list"),
    ("images.0.url", [{"url": "javascript:alert(1)"}]),
    ("images.0.height", [{"url": "/a.jpg", "height": 5}]),
    ("images", ["/a.jpg"] * 51),
    ("attributes", {"a": {"nested": 1}}),
    ("attributes", {"": 1}),
    ("attributes", {"a": "\x00"}),
    ("attributes", ["a"]),
    ("attributes", {f"a{n}": n for n in range(501)}),
    ("attributes", {f"a{n}": list(range(200)) for n in range(11)}),
    ("variants", [{"sku": "twice", "price": 1}, {"sku": "twice", "price": 2}]),
    ("variants", [{"sku": f"v{n}", "price": 1, "inventory": 2**31 - 1} for n in range(2)]),
    ("variants.0.price", [{"sku": "v", "price": -1}]),
    ("variants.0.sku", [{"price": 1}]),
    ("variants.1.colour", [{"sku": "v", "price": 1}, {"sku": "w", "price": 1, "colour": "red"}]),
    ("variants.0.options", [{"sku": "v", "price": 1, "options": {"size": ["S", "M"]}}]),
    ("colour", "an unknown field"),
    ("id", NOBODY),
    ("version", 7),
]


@pytest.mark.parametrize(("field", "value"), WRONG_FIELDS)
async def test_a_wrong_field_is_named(editor: httpx.AsyncClient, field: str, value: Any) -> None:
    sent = a_product(**{field.partition(".")[0]: value})
    problem = assert_problem(await editor.post(PRODUCTS, json=sent), 422, field)
    assert all("validation" not in error["message"] for error in problem["errors"]), "plain words"
    product = await created(editor)
    address = f"{PRODUCTS}/{product['id']}"
    assert_problem(await editor.put(address, json=sent), 422, field)
    assert_problem(await editor.patch(address, json={field.partition(".")[0]: value}), 422, field)
    assert (await editor.get(address)).json() == product


@pytest.mark.parametrize("field", ["sku", "name", "price"])
async def test_required_fields(editor: httpx.AsyncClient, field: str) -> None:
    sent = a_product()
    del sent[field]
    problem = assert_problem(await editor.post(PRODUCTS, json=sent), 422, field)
    assert problem["errors"] == [{"field": field, "message": "is required"}]


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
@pytest.mark.parametrize("field", ["price", "popularity", "attributes", "inventory"])
async def test_numbers_that_are_none(editor: httpx.AsyncClient, field: str, number: bytes) -> None:
    value = b'{"a": %s}' % number if field == "attributes" else number
    body = b'{"sku": "S", "name": "N", "price": 1, "%s": %s}' % (field.encode(), value)
    assert_problem(await editor.post(PRODUCTS, content=body, headers=JSON), 422, field)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"{", 422),
        (b'{"sku": "a",}', 422),
        (b'{"sku": "\xff\xfe", "name": "n", "price": 1}', 400),
        (b"\x00", 422),
        (b"[" * 100_000, 400),
        (b'{"attributes": ' * 5000 + b"1" + b"}" * 5000, 400),
        (b'{"price": ' + b"1" * 10_000 + b"}", 400),
    ],
)
async def test_bodies_that_are_no_product(editor: httpx.AsyncClient, body: bytes, status: int) -> None:
    assert_problem(await editor.post(PRODUCTS, content=body, headers=JSON), status, "body")


@pytest.mark.parametrize("depth", [50, 300, 900])
async def test_nesting_that_can_be_parsed(editor: httpx.AsyncClient, depth: int) -> None:
    body = b'{"attributes": ' + b'{"a": [' * depth + b"1" + b"]}" * depth + b"}"
    answer = await editor.post(PRODUCTS, content=body, headers=JSON)
    assert_problem(answer, answer.status_code)
    assert answer.status_code in (400, 422)


async def test_lone_surrogates(editor: httpx.AsyncClient) -> None:
    body = b'{"sku": "S", "name": "a\\ud800b", "price": 1}'
    assert_problem(await editor.post(PRODUCTS, content=body, headers=JSON), 422, "name")
    body = b'{"sku": "S", "name": "N", "price": 1, "\\ud800": 1, "attributes": {"\\ud800": "\\ud800"}}'
    assert_problem(await editor.post(PRODUCTS, content=body, headers=JSON), 422)


async def test_json_without_its_header(editor: httpx.AsyncClient) -> None:
    problem = assert_problem(await editor.post(PRODUCTS, content=b'{"sku": "S"}'), 422, "body")
    assert "Content-Type: application/json" in problem["detail"]


async def test_a_body_that_is_too_large(editor: httpx.AsyncClient, settings: Settings) -> None:
    ten_megabytes = b'{"sku": "S", "name": "N", "price": 1, "description": "' + b"x" * 10_000_000 + b'"}'
    problem = assert_problem(await editor.post(PRODUCTS, content=ten_megabytes, headers=JSON), 413)
    assert f"{settings.max_body_bytes:,}" in problem["detail"]

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100_000

    assert_problem(await editor.post(PRODUCTS, content=stream(), headers=JSON), 413)


async def test_a_sku_that_is_taken(editor: httpx.AsyncClient) -> None:
    await created(editor, sku="TAKEN", variants=[{"sku": "TAKEN-M", "price": 1}])
    other = await created(editor, variants=[{"sku": "OTHER-M", "price": 1}])
    for sku in ("TAKEN", "TAKEN-M"):
        for sent in (a_product(sku=sku), a_product(variants=[{"sku": sku, "price": 1}])):
            for answer in (
                await editor.post(PRODUCTS, json=sent),
                await editor.put(f"{PRODUCTS}/{other['id']}", json=sent),
            ):
                problem = assert_problem(answer, 409, "sku")
                assert repr(sku) in problem["detail"]
        assert_problem(await editor.patch(f"{PRODUCTS}/{other['id']}", json={"sku": sku}), 409, "sku")
    own = {"sku": "ONE", "name": "N", "price": 1, "variants": [{"sku": "ONE", "price": 1}]}
    assert_problem(await editor.post(PRODUCTS, json=own), 422, "variants")
    assert_problem(await editor.patch(f"{PRODUCTS}/{other['id']}", json={"sku": "OTHER-M"}), 409, "sku")


async def test_rules_between_fields(editor: httpx.AsyncClient) -> None:
    late, early = "2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    sent = a_product(publish_from=late, publish_until=early)
    assert_problem(await editor.post(PRODUCTS, json=sent), 422, "publish_until")
    product = await created(editor, publish_until=early)
    answer = await editor.patch(f"{PRODUCTS}/{product['id']}", json={"publish_from": late})
    assert_problem(answer, 422, "publish_until")
    sent = a_product(category="A", category_id=NOBODY)
    assert_problem(await editor.post(PRODUCTS, json=sent), 422, "category")


async def test_a_patch_can_not_gather_more_attributes_than_a_product_may_have(editor: httpx.AsyncClient) -> None:
    product = await created(editor, attributes={f"a{n}": n for n in range(500)})
    answer = await editor.patch(f"{PRODUCTS}/{product['id']}", json={"attributes": {"one more": 1}})
    assert_problem(answer, 422, "attributes")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=one", "page"),
        ("page=1.5", "page"),
        (f"page={10**30}", "page"),
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
        ("search=%00", "search"),
        (f"search={'x' * 201}", "search"),
        ("category=%00", "category"),
        ("perpage=10", "perpage"),
        ("page=1&sort=price", "sort"),
    ],
)
async def test_parameters_of_the_list(client: httpx.AsyncClient, query: str, field: str) -> None:
    assert_problem(await client.get(f"{PRODUCTS}?{query}"), 422, field)


@pytest.mark.parametrize(
    "address",
    [
        f"{PRODUCTS}/{NOBODY}",
        f"{PRODUCTS}/{NOBODY}/sync",
        "/api/v1/categories",
        f"/api/v1/categories/{NOBODY}",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/docs",
        "/openapi.json",
    ],
)
async def test_addresses_without_parameters_refuse_any(client: httpx.AsyncClient, address: str) -> None:
    assert_problem(await client.get(f"{address}?verbose=1"), 422, "verbose")


async def test_writes_refuse_unknown_parameters(editor: httpx.AsyncClient) -> None:
    assert_problem(await editor.post(f"{PRODUCTS}?dry_run=1", json=a_product()), 422, "dry_run")
    assert_problem(await editor.post(f"{PRODUCTS}/bulk?dry_run=1", content=b"{}"), 422, "dry_run")
    assert_problem(await editor.delete(f"{PRODUCTS}/{NOBODY}?force=1"), 422, "force")
    assert_problem(await editor.post("/api/v1/auth/token?a=1", data={"username": "a", "password": "b"}), 422, "a")


@pytest.mark.parametrize("product_id", ["abc", "1", "%00", "0" * 32, NOBODY + "0", "..%2f", "é"])
async def test_ids_that_are_none(client: httpx.AsyncClient, product_id: str) -> None:
    assert_problem(await client.get(f"{PRODUCTS}/{product_id}"), 404)


async def test_an_id_that_is_none_is_explained(client: httpx.AsyncClient) -> None:
    problem = assert_problem(await client.get(f"{PRODUCTS}/abc"), 404)
    assert "UUID" in problem["detail"]


async def test_addresses_and_methods_that_do_not_exist(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/api/v1/nothing"), 404)
    assert_problem(await client.get("/api/v1/products/"), 404)
    answer = await client.delete(PRODUCTS)
    assert_problem(answer, 405)
    assert "GET" in answer.headers["allow"]


async def test_request_ids(client: httpx.AsyncClient) -> None:
    sane = await client.get("/health/live", headers={"X-Request-ID": "abc-123.X_y"})
    assert sane.headers["x-request-id"] == "abc-123.X_y"
    for insane in ("x" * 101, "a b", "<script>", ""):
        answer = await client.get("/health/live", headers={"X-Request-ID": insane})
        assert answer.headers["x-request-id"] not in ("", insane)


async def test_attributes_that_variants_would_repeat_too_often(editor: httpx.AsyncClient) -> None:
    variants = [{"sku": f"v{number}", "price": 1} for number in range(500)]
    sent = a_product(attributes={"a": "x" * 9_000}, variants=variants)
    assert_problem(await editor.post(PRODUCTS, json=sent), 422, "variants")
    product = await created(editor, attributes={"a": "x" * 8_000}, variants=variants)
    address = f"{PRODUCTS}/{product['id']}"
    assert_problem(await editor.patch(address, json={"attributes": {"b": "x" * 1_000}}), 422, "variants")
    assert (await editor.patch(address, json={"variants": variants[:400]})).status_code == 200
    assert (await editor.patch(address, json={"attributes": {"b": "x" * 1_000}})).status_code == 200
    assert_problem(await editor.patch(address, json={"variants": variants}), 422, "variants")


async def test_attributes_that_grow_by_patches(editor: httpx.AsyncClient) -> None:
    product = await created(editor, attributes={f"a{n}": list(range(200)) for n in range(10)})
    patched = await editor.patch(f"{PRODUCTS}/{product['id']}", json={"attributes": {"b": 1}})
    assert_problem(patched, 422, "attributes")


async def test_times_at_the_ends_are_kept(editor: httpx.AsyncClient) -> None:
    times = {"publish_from": "1900-01-01T02:00:00+02:00", "publish_until": "2200-01-01T00:00:00Z"}
    product = await created(editor, **times)
    assert (product["publish_from"], product["publish_until"]) == ("1900-01-01T00:00:00Z", "2200-01-01T00:00:00Z")
