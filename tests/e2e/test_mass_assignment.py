"""Fields that a client may not set, beside those that it may: refused, or as if they were not there."""

from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from catalog.settings import Settings
from catalog.v1 import product_service_pb2 as pb
from tests.e2e import grpc_calls
from tests.e2e.conftest import PASSWORD, SignedIn
from tests.e2e.corpora import NOT_FOR_CLIENTS
from tests.e2e.graphql_client import refused
from tests.e2e.helpers import NOBODY, a_product, assert_problem
from tests.support import store

USERS, ORDERS, KEYS = "/api/v1/users", "/api/v1/orders", "/api/v1/api-keys"
WEBHOOKS, SYNONYMS = "/api/v1/webhooks", "/api/v1/merchandising/synonyms"
BODIES: dict[str, dict[str, Any]] = {
    USERS: {"email": "new@example.com", "role": "analyst", "password": PASSWORD},
    ORDERS: {"email": "ada@example.com", "lines": [{"sku": "KETTLE", "quantity": 1}]},
    KEYS: {"name": "a key", "scopes": ["search"], "forced": {"brand": "Norvane"}},
    WEBHOOKS: {"url": "https://shop.example.com/hook"},
    SYNONYMS: {"kind": "two_way", "terms": ["tv", "television"]},
}
TABLES = {USERS: "users", ORDERS: "orders", KEYS: "api_keys", WEBHOOKS: "webhooks", SYNONYMS: "synonyms"}
OWN: dict[str, dict[str, Any]] = {
    USERS: {"active": True, "password_hash": "x", "generation": 9, "scopes": ["administer"], "email_verified": True},
    ORDERS: {"price": "0.01", "total": "0.01", "status": "paid", "currency": "EUR", "placed_by": f"user:{NOBODY}",
             "user_id": NOBODY, "discount": 100},
    KEYS: {"owner": NOBODY, "owner_id": NOBODY, "user_id": NOBODY, "created_by": f"user:{NOBODY}", "key": "ck_mine.x",
           "prefix": "ck_mine", "secret_hash": "x", "revoked_at": None, "permissions": ["administer"]},
    WEBHOOKS: {"secret": "mine", "active": True, "created_by": NOBODY, "disabled_at": None},
    SYNONYMS: {"created_by": NOBODY, "updated_by": NOBODY},
}  # fmt: skip


@pytest.fixture(autouse=True)
def kettle(settings: Settings, db: psycopg.Connection[Any]) -> None:
    store(settings, [{"sku": "KETTLE", "price": "29.99", "inventory": 5}])


def rows(db: psycopg.Connection[Any], table: str) -> list[tuple[Any, ...]]:
    return db.execute(f"SELECT * FROM {table}").fetchall()


@pytest.mark.parametrize("path", BODIES)
async def test_a_body_with_a_field_too_many_writes_nothing(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any], path: str
) -> None:
    before = rows(db, TABLES[path])
    for field, value in {**NOT_FOR_CLIENTS, **OWN[path]}.items():
        if field not in BODIES[path]:
            answer = await admin.post(path, json={**BODIES[path], field: value}, headers={"Idempotency-Key": field})
            assert_problem(answer, 422, field)
    assert rows(db, TABLES[path]) == before
    # The body itself is right, so that it was the field that was refused.
    assert (await admin.post(path, json=BODIES[path], headers={"Idempotency-Key": "x"})).status_code == 201


async def test_a_line_of_an_order_sets_no_price(admin: httpx.AsyncClient) -> None:
    for field, value in {"price": "0.01", "total": 0, "name": "Free", "options": {}, "discount": 1}.items():
        sent = {**BODIES[ORDERS], "lines": [{"sku": "KETTLE", "quantity": 1, field: value}]}
        answer = await admin.post(ORDERS, json=sent, headers={"Idempotency-Key": field})
        assert_problem(answer, 422, f"lines.0.{field}")


@pytest.mark.parametrize("role", ["editor", "merchandiser", "analyst", "storefront"])
async def test_nobody_raises_their_own_role(
    signed_in: SignedIn, client: httpx.AsyncClient, db: psycopg.Connection[Any], role: str
) -> None:
    async with signed_in(role) as own:
        row = db.execute("SELECT id FROM users").fetchone()
        assert row is not None
        assert_problem(await own.patch(f"{USERS}/{row[0]}", json={"role": "admin"}), 403)
        assert_problem(await own.post(USERS, json={**BODIES[USERS], "role": "admin"}), 403)
        assert_problem(await own.post(KEYS, json={"name": "mine", "scopes": ["administer"]}), 403)
    form = {"username": f"{role}@example.com", "password": PASSWORD, "role": "admin", "scope": "administer"}
    answer = await client.post("/api/v1/auth/token", data=form)
    if answer.status_code == 200:
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert_problem(await client.get(USERS, headers=headers), 403)
    else:
        assert_problem(answer, 422, "role")
    assert db.execute("SELECT role FROM users").fetchall() == [(role,)]


async def test_a_change_of_a_user_takes_no_field_too_many(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    user = (await admin.post(USERS, json=BODIES[USERS])).json()
    before = rows(db, "users")
    for field, value in {
        **NOT_FOR_CLIENTS,
        "password_hash": "x",
        "generation": 9,
        "email": "other@example.com",
    }.items():
        if field != "role":
            assert_problem(await admin.patch(f"{USERS}/{user['id']}", json={field: value}), 422, field)
    assert rows(db, "users") == before


async def test_a_key_takes_its_forced_filters_off_by_no_parameter(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    """Nor can it change itself: a key is made and revoked, never changed."""
    made = (await admin.post(KEYS, json={**BODIES[KEYS], "scopes": ["search", "read"]})).json()
    headers = {"X-API-Key": made["key"]}
    changes: tuple[dict[str, Any], ...] = ({"forced": {}}, {"scopes": ["administer"]})
    for change in changes:
        for method in ("PATCH", "PUT"):
            answer = await client.request(method, f"{KEYS}/{made['id']}", json=change, headers=headers)
            assert answer.status_code in (403, 405), answer.text
    assert_problem(await client.post(KEYS, json={"name": "mine", "scopes": ["search"]}, headers=headers), 403)
    assert_problem(await client.get("/api/v1/products", params={"forced": ""}, headers=headers), 422, "forced")
    assert (await client.get("/api/v1/products", headers=headers)).json()["total"] == 0
    (kept,) = (await admin.get(KEYS)).json()["items"]
    assert (kept["forced"], kept["scopes"]) == ({"brand": ["Norvane"]}, ["read", "search"])


async def test_graphql_refuses_unknown_fields_of_an_input(
    editor: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    query = "mutation ($input: CreateProductInput!) { createProduct(input: $input) { id } }"
    before = rows(db, "products")
    for field, value in {**NOT_FOR_CLIENTS, "synced": True}.items():
        told = await refused(editor, query, input={**a_product(), field: value})
        assert told["code"] == "INVALID_INPUT", field
    assert rows(db, "products") == before


async def test_grpc_ignores_what_its_messages_do_not_have(
    app: FastAPI, settings: Settings, db: psycopg.Connection[Any]
) -> None:
    """Names are not on the wire. The fields of an answer, sent as an input, are others; unknown ones are not read."""
    sent = pb.ProductInput(sku="NEW", name="A kettle", price="1.00").SerializeToString()
    # Field 99 with the text "admin".
    product = pb.ProductInput.FromString(sent + b"\x9a\x06\x05admin")
    async with grpc_calls.served(app) as channel:
        request = pb.CreateProductRequest(product=product)
        made = await grpc_calls.stub_of(channel).CreateProduct(
            request, metadata=grpc_calls.signed_in(settings, db, "editor"), timeout=60
        )
    assert (made.sku, made.version, made.status) == ("NEW", 1, "active")
    assert b"admin" not in made.SerializeToString()
