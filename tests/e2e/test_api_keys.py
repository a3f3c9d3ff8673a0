"""API keys: made and shown once, scopes, expiry, revocation, how often the database is asked."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from catalog.services import api_keys
from catalog.settings import Settings
from tests.apps import create_app
from tests.e2e.conftest import SignedIn
from tests.e2e.helpers import NOBODY, PRODUCTS, a_product, assert_problem

KEYS = "/api/v1/api-keys"
SEARCH = "/api/v1/autocomplete?q="


@pytest.fixture
async def app(settings: Settings, db: psycopg.Connection[Any]) -> AsyncIterator[FastAPI]:
    """Nothing that was looked up is kept, so that what ends has ended for the next request."""
    app = create_app(settings.model_copy(update={"identity_cache_seconds": 0}))
    async with app.router.lifespan_context(app):
        yield app


async def _made(admin: httpx.AsyncClient, *scopes: str, **fields: Any) -> Any:
    answer = await admin.post(KEYS, json={"name": "a key", "scopes": list(scopes), **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def _headers(key: Any) -> dict[str, str]:
    return {"X-API-Key": key["key"]}


async def test_a_key_opens_what_its_scopes_say(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    key = await _made(admin, "read", "write")
    assert (await client.post(PRODUCTS, json=a_product(), headers=_headers(key))).status_code == 201
    assert (await client.get(PRODUCTS, headers=_headers(key))).status_code == 200
    problem = assert_problem(await client.get(SEARCH, headers=_headers(key)), 403)
    assert "scope search" in problem["detail"]
    assert_problem(await client.get(KEYS, headers=_headers(key)), 403)


async def test_a_key_is_also_a_bearer_token(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    key = await _made(admin, "search")
    assert (await client.get(SEARCH, headers={"Authorization": f"Bearer {key['key']}"})).status_code == 200
    both = {"Authorization": f"Bearer {key['key']}", "X-API-Key": key["key"]}
    assert_problem(await client.get(SEARCH, headers=both), 401)


async def test_the_secret_is_shown_once_and_not_stored(admin: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    answer = await admin.post(KEYS, json={"name": "a key", "scopes": ["search"]})
    assert answer.headers["cache-control"] == "no-store"
    prefix, _, secret = answer.json()["key"].partition(".")
    assert (prefix, len(secret)) == (answer.json()["prefix"], 43)
    listed = await admin.get(KEYS)
    assert prefix in listed.text
    assert "key" not in listed.json()["items"][0]
    for table in ("api_keys", "audit_log"):
        rows = db.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t").fetchone()
        assert rows is not None
        assert secret not in listed.text + rows[0]


async def test_a_key_that_is_not_quite_right(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    key = (await _made(admin, "search"))["key"]
    other = (await _made(admin, "search"))["key"]
    prefix, _, secret = key.partition(".")
    wrong = (
        key[:-1] + ("A" if key[-1] != "A" else "B"), f"{prefix}.", prefix, f".{secret}", f"{key}x", key.upper(),
        f"{prefix}.{other.partition('.')[2]}", f"{other.partition('.')[0]}.{secret}", f"ck_{'0' * 16}.{secret}",
        "ck_' OR ''='.x", "x" * 10_000,
    )  # fmt: skip
    for given in wrong:
        assert_problem(await client.get(SEARCH, headers={"X-API-Key": given}), 401)
        assert_problem(await client.get(SEARCH, headers={"Authorization": f"Bearer {given}"}), 401)
    assert (await client.get(SEARCH, headers={"X-API-Key": key})).status_code == 200


async def test_a_revoked_key(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    key = await _made(admin, "search")
    assert (await client.get(SEARCH, headers=_headers(key))).status_code == 200
    for _ in range(2):
        assert (await admin.delete(f"{KEYS}/{key['id']}")).status_code == 204
        assert_problem(await client.get(SEARCH, headers=_headers(key)), 401)
    assert (await admin.get(KEYS)).json()["items"][0]["revoked_at"]
    assert_problem(await admin.delete(f"{KEYS}/{NOBODY}"), 404)
    assert_problem(await admin.delete(f"{KEYS}/rubbish"), 404)


async def test_an_expired_key(admin: httpx.AsyncClient, client: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    key = await _made(admin, "search", expires_at=soon)
    assert (await client.get(SEARCH, headers=_headers(key))).status_code == 200
    db.execute("UPDATE api_keys SET expires_at = now()")
    assert_problem(await client.get(SEARCH, headers=_headers(key)), 401)


async def test_the_last_use_is_noted_once_a_minute(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    key = await _made(admin, "search")
    noted = []
    for _ in range(2):
        await client.get(SEARCH, headers=_headers(key))
        noted.append((await admin.get(KEYS)).json()["items"][0]["last_used_at"])
    assert noted[0] is not None
    assert noted[0] == noted[1]
    db.execute("UPDATE api_keys SET last_used_at = last_used_at - interval '61 seconds'")
    await client.get(SEARCH, headers=_headers(key))
    assert (await admin.get(KEYS)).json()["items"][0]["last_used_at"] > noted[0]


async def test_searches_with_a_key_share_one_look_at_the_database(settings: Settings, admin: httpx.AsyncClient) -> None:
    key = await _made(admin, "search")
    app = create_app(settings.model_copy(update={"identity_cache_seconds": 60}))
    transport = httpx.ASGITransport(app=app)
    statements: list[str] = []
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        assert (await client.get(SEARCH, headers=_headers(key))).status_code == 200
        engine = app.state.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        for _ in range(5):
            assert (await client.get(SEARCH, headers=_headers(key))).status_code == 200
        await admin.delete(f"{KEYS}/{key['id']}")
        assert (await client.get(SEARCH, headers=_headers(key))).status_code == 200, "within the documented seconds"
        assert not [text for text in statements if "api_keys" in text]
        # What reads or writes the catalogue itself looks at the key of this moment.
        assert_problem(await client.get(PRODUCTS, headers=_headers(key)), 403)
        writing = await client.post(PRODUCTS, json=a_product(), headers=_headers(key))
        assert_problem(writing, 401)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "\x00"}, "name"),
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"scopes": None}, "scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2090-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "expires_at"),
        ({"rate": 0}, "rate"),
        ({"forced": {"price_max": 5}}, "forced.price_max"),
        ({"forced": {"q": "x"}}, "forced.q"),
        ({"forced": {"brand": ""}}, "forced.brand"),
        ({"forced": {"brand": {"x": 1}}}, "forced.brand"),
        ({"forced": {"in_stock": "perhaps"}}, "forced.in_stock"),
        ({"forced": {"brand": "A"}, "scopes": ["write"]}, "scopes"),
        ({"forced": {"brand": "A"}, "scopes": ["administer"]}, "scopes"),
        ({"secret_hash": "x"}, "secret_hash"),
        ({"prefix": "ck_mine"}, "prefix"),
        ({"created_by": "user:me"}, "created_by"),
    ],
)
async def test_what_is_refused(admin: httpx.AsyncClient, fields: dict[str, Any], field: str) -> None:
    answer = await admin.post(KEYS, json={"name": "a key", "scopes": ["search"], **fields})
    assert_problem(answer, 422, field)


async def test_forced_filters_reach_the_principal(admin: httpx.AsyncClient, app: FastAPI) -> None:
    forced = {"category": "audio", "brand": ["A", "B"], "attr.color": "red", "in_stock": True}
    key = await _made(admin, "search", forced=forced, rate=7)
    pairs = [["category", "audio"], ["brand", "A"], ["brand", "B"], ["attr.color", "red"], ["in_stock", "true"]]
    assert key["forced"] == {
        "category": ["audio"], "brand": ["A", "B"], "attr.color": ["red"], "in_stock": ["true"],
    }  # fmt: skip
    who = await app.state.identity.identify(None, key["key"])
    assert (who.id, [list(pair) for pair in who.forced], who.rate) == (f"key:{key['id']}", pairs, 7)
    assert who.may == {"search"}


async def test_a_key_gives_no_more_than_its_maker_has(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    key = await _made(admin, "administer", "search")
    answer = await client.post(KEYS, json={"name": "wider", "scopes": ["write"]}, headers=_headers(key))
    assert_problem(answer, 403)
    assert (await client.post(KEYS, json={"name": "as wide", "scopes": ["search"]}, headers=_headers(key))).is_success


async def test_the_pages_of_the_shop_do_not_open_with_forced_filters(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, index: str
) -> None:
    """They show the whole catalogue."""
    forced = await _made(admin, "search", "read", forced={"brand": "A"})
    plain = await _made(admin, "search", "read")
    assert (await client.get("/", headers=_headers(forced))).status_code == 403
    assert (await client.get("/", headers=_headers(plain))).status_code == 200


async def test_only_administrators_see_keys(signed_in: SignedIn, client: httpx.AsyncClient) -> None:
    for address, method in ((KEYS, "GET"), (KEYS, "POST"), (f"{KEYS}/{NOBODY}", "DELETE")):
        assert_problem(await client.request(method, address, json={}), 401)
    async with signed_in("editor") as editor:
        assert_problem(await editor.get(KEYS), 403)


def test_the_pepper_is_its_own_setting_or_comes_from_the_secret(settings: Settings) -> None:
    derived = api_keys.digest(settings, "ck_x.y")
    own = settings.model_validate({**settings.model_dump(), "api_key_pepper": "p" * 32})
    other = settings.model_validate({**settings.model_dump(), "jwt_secret": "another secret, long enough 0123456"})
    assert len({derived, api_keys.digest(own, "ck_x.y"), api_keys.digest(other, "ck_x.y")}) == 3
