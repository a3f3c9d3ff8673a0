"""Users, as an administrator keeps them."""

from typing import Any

import httpx
import psycopg
import pytest

from tests.e2e.conftest import PASSWORD
from tests.e2e.helpers import NOBODY, PRODUCTS, a_product, assert_problem

USERS, TOKEN = "/api/v1/users", "/api/v1/auth/token"


async def _made(admin: httpx.AsyncClient, role: str = "editor", email: str = "new@example.com") -> Any:
    answer = await admin.post(USERS, json={"email": email, "role": role, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{USERS}/{answer.json()['id']}"
    return answer.json()


async def _token(client: httpx.AsyncClient, password: str = PASSWORD, email: str = "new@example.com") -> Any:
    answer = await client.post(TOKEN, data={"username": email, "password": password})
    return answer.json().get("access_token")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_new_user_logs_in(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    user = await _made(admin)
    assert set(user) == {"id", "email", "role", "active", "created_at", "live_api_keys"}
    token = await _token(client)
    assert (await client.post(PRODUCTS, json=a_product(), headers=_bearer(token))).status_code == 201
    assert (await admin.get(f"{USERS}/{user['id']}")).json() == user
    page = (await admin.get(USERS)).json()
    assert (page["total"], page["items"][0]) == (2, user)
    again = await admin.post(USERS, json={"email": "NEW@example.com", "role": "admin", "password": PASSWORD})
    assert_problem(again, 409)


async def test_a_deactivated_user_loses_every_token(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    user = await _made(admin)
    token = await _token(client)
    changed = await admin.patch(f"{USERS}/{user['id']}", json={"active": False})
    assert changed.json()["active"] is False
    assert_problem(await client.post(PRODUCTS, json=a_product(), headers=_bearer(token)), 401)
    assert await _token(client) is None
    await admin.patch(f"{USERS}/{user['id']}", json={"active": True})
    assert_problem(await client.post(PRODUCTS, json=a_product(), headers=_bearer(token)), 401)
    assert await _token(client)


async def test_a_new_password_ends_the_tokens_of_the_old_one(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    user = await _made(admin)
    token = await _token(client)
    await admin.patch(f"{USERS}/{user['id']}", json={"password": "another password"})
    assert_problem(await client.post(PRODUCTS, json=a_product(), headers=_bearer(token)), 401)
    assert await _token(client) is None
    assert await _token(client, "another password")


async def test_a_user_is_logged_out_by_an_administrator(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    user = await _made(admin)
    token = await _token(client)
    assert (await admin.post(f"{USERS}/{user['id']}/logout")).status_code == 204
    assert_problem(await client.post(PRODUCTS, json=a_product(), headers=_bearer(token)), 401)
    assert await _token(client)


async def test_the_last_administrator_stays(admin: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    row = db.execute("SELECT id FROM users").fetchone()
    assert row is not None
    for change in ({"role": "editor"}, {"active": False}):
        assert_problem(await admin.patch(f"{USERS}/{row[0]}", json=change), 409)
    other = await _made(admin, "admin")
    assert (await admin.patch(f"{USERS}/{row[0]}", json={"role": "editor"})).status_code == 200
    assert_problem(await admin.get(f"{USERS}/{other['id']}"), 403)


async def test_the_keys_that_a_user_has_made_are_counted(admin: httpx.AsyncClient) -> None:
    """A deactivation does not end them: whoever deactivates should see them."""
    await admin.post("/api/v1/api-keys", json={"name": "a key", "scopes": ["search"]})
    assert (await admin.get(USERS)).json()["items"][0]["live_api_keys"] == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "a@b\x1b[31m"}, "email"),
        ({"role": "owner"}, "role"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 1025}, "password"),
        ({"id": NOBODY}, "id"),
        ({"active": True}, "active"),
        ({"password_hash": "x"}, "password_hash"),
        ({"generation": 9}, "generation"),
    ],
)
async def test_what_is_refused(admin: httpx.AsyncClient, fields: dict[str, Any], field: str) -> None:
    answer = await admin.post(USERS, json={"email": "a@b.example", "role": "editor", "password": PASSWORD, **fields})
    assert_problem(answer, 422, field)
    assert PASSWORD not in answer.text


async def test_unknown_users(admin: httpx.AsyncClient) -> None:
    for method, address in (("GET", ""), ("PATCH", ""), ("POST", "/logout")):
        assert_problem(await admin.request(method, f"{USERS}/{NOBODY}{address}", json={}), 404)
