"""Refresh tokens: rotation, reuse, revocation, logging out, and accounts that are no longer active."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from catalog.database import Database, make_engine
from catalog.errors import Unavailable
from catalog.services import sessions, tokens
from catalog.settings import Settings
from services.identity import Identity
from tests.apps import create_app
from tests.e2e.conftest import PASSWORD
from tests.e2e.helpers import NOBODY, PRODUCTS, a_product, assert_problem

TOKEN, REVOKE, LOGOUT = (f"/api/v1/auth/{name}" for name in ("token", "revoke", "logout"))
SEARCH = "/api/v1/autocomplete?q="


@pytest.fixture
async def app(settings: Settings, db: psycopg.Connection[Any]) -> AsyncIterator[FastAPI]:
    """Nothing that was looked up is kept, so that what ends has ended for the next request."""
    app = create_app(settings.model_copy(update={"identity_cache_seconds": 0}))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def user(db: psycopg.Connection[Any], password_hash: str) -> str:
    """The id of an editor."""
    row = db.execute(
        "INSERT INTO users (email, password_hash, role) VALUES ('e@example.com', %s, 'editor') RETURNING id",
        [password_hash],
    ).fetchone()
    assert row is not None
    return str(row[0])


async def _log_in(client: httpx.AsyncClient) -> Any:
    answer = await client.post(TOKEN, data={"username": "e@example.com", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": token})


def _bearer(pair: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['access_token']}"}


async def _may_write(client: httpx.AsyncClient, pair: Any) -> bool:
    answer = await client.post(PRODUCTS, json=a_product(), headers=_bearer(pair))
    assert answer.status_code in (201, 401), answer.text
    return answer.status_code == 201


async def test_a_refresh_token_gives_the_next_pair(client: httpx.AsyncClient, user: str) -> None:
    first = await _log_in(client)
    answer = await _refresh(client, first["refresh_token"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    second = answer.json()
    assert set(second) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert second["refresh_token"] != first["refresh_token"]
    assert await _may_write(client, second)
    assert (await _refresh(client, second["refresh_token"])).status_code == 200


@pytest.mark.usefixtures("user")
async def test_only_hashes_are_stored(client: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    pair = await _log_in(client)
    row = db.execute("SELECT hash, t::text FROM refresh_tokens t").fetchone()
    assert row is not None
    assert len(row[0]) == 32
    assert pair["refresh_token"] not in row[1]


async def test_a_reused_token_ends_the_whole_session(
    client: httpx.AsyncClient, user: str, db: psycopg.Connection[Any]
) -> None:
    first = await _log_in(client)
    another = await _log_in(client)
    second = (await _refresh(client, first["refresh_token"])).json()
    assert_problem(await _refresh(client, first["refresh_token"]), 401)
    assert_problem(await _refresh(client, second["refresh_token"]), 401)
    assert not await _may_write(client, second), "whoever has stolen it has lost its access tokens too"
    assert not await _may_write(client, first)
    assert await _may_write(client, another), "another log-in of the same user goes on"
    logged = db.execute("SELECT actor, action FROM audit_log WHERE action LIKE 'session.%'").fetchall()
    assert logged == [(f"user:{user}", "session.reuse_detected")]


@pytest.mark.usefixtures("user")
async def test_of_requests_at_the_same_moment_one_gets_the_next_pair(client: httpx.AsyncClient) -> None:
    first = await _log_in(client)
    answers = await asyncio.gather(*(_refresh(client, first["refresh_token"]) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 7]


@pytest.mark.parametrize("token", ["rubbish", "rt_" + "A" * 43, "rt_" + "é" * 43, "rt_" + "A" * 100_000, "eyJ.eyJ.x"])
async def test_unknown_refresh_tokens(client: httpx.AsyncClient, user: str, token: str) -> None:
    assert_problem(await _refresh(client, token), 401)


async def test_a_refresh_token_is_no_access_token_nor_the_other_way_round(client: httpx.AsyncClient, user: str) -> None:
    pair = await _log_in(client)
    assert not await _may_write(client, {"access_token": pair["refresh_token"]})
    assert_problem(await _refresh(client, pair["access_token"]), 401)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"grant_type": "refresh_token"}, "refresh_token"),
        ({"grant_type": "refresh_token", "username": "e@example.com", "password": PASSWORD}, "refresh_token"),
        ({"grant_type": "password", "refresh_token": "rt_"}, "username"),
        ({"grant_type": "client_credentials"}, "grant_type"),
    ],
)
async def test_each_grant_needs_its_own_fields(client: httpx.AsyncClient, form: dict[str, str], field: str) -> None:
    assert_problem(await client.post(TOKEN, data=form), 422, field)


async def test_an_expired_session(client: httpx.AsyncClient, user: str, db: psycopg.Connection[Any]) -> None:
    pair = await _log_in(client)
    db.execute("UPDATE sessions SET expires_at = now()")
    assert_problem(await _refresh(client, pair["refresh_token"]), 401)


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_revoking_either_token_ends_the_session(client: httpx.AsyncClient, user: str, kind: str) -> None:
    pair = await _log_in(client)
    answer = await client.post(REVOKE, data={"token": pair[kind], "token_type_hint": kind})
    assert answer.status_code == 200
    assert_problem(await _refresh(client, pair["refresh_token"]), 401)
    assert not await _may_write(client, pair)
    assert_problem(await client.get(SEARCH, headers=_bearer(pair)), 401)
    assert await _may_write(client, await _log_in(client))


@pytest.mark.parametrize("token", ["rubbish", "rt_" + "A" * 43, "eyJ.eyJ.x", "x" * 100_000, "ck_0.0"])
async def test_revoking_nothing_is_fine(client: httpx.AsyncClient, user: str, token: str) -> None:
    """RFC 7009, 2.2: what the client wanted is true already."""
    assert (await client.post(REVOKE, data={"token": token})).status_code == 200


async def test_logging_out_ends_everything_of_the_user(
    client: httpx.AsyncClient, user: str, db: psycopg.Connection[Any]
) -> None:
    pairs = [await _log_in(client) for _ in range(3)]
    assert (await client.post(LOGOUT, headers=_bearer(pairs[0]))).status_code == 204
    for pair in pairs:
        assert not await _may_write(client, pair)
        assert_problem(await _refresh(client, pair["refresh_token"]), 401)
        assert_problem(await client.get(SEARCH, headers=_bearer(pair)), 401)
    assert_problem(await client.post(LOGOUT, headers=_bearer(pairs[0])), 401)
    assert_problem(await client.post(LOGOUT), 401)
    assert await _may_write(client, await _log_in(client))
    assert db.execute("SELECT action FROM audit_log WHERE action = 'user.log_out'").fetchall() == [("user.log_out",)]


async def test_a_deactivated_user_loses_everything(
    client: httpx.AsyncClient, user: str, db: psycopg.Connection[Any]
) -> None:
    pair = await _log_in(client)
    db.execute("UPDATE users SET active = false")
    assert not await _may_write(client, pair)
    assert_problem(await _refresh(client, pair["refresh_token"]), 401)
    for address in (SEARCH, PRODUCTS, "/api/v1/categories", "/api/v1/search/facets/brand"):
        assert_problem(await client.get(address, headers=_bearer(pair)), 401)
    answer = await client.post(TOKEN, data={"username": "e@example.com", "password": PASSWORD})
    assert_problem(answer, 401)


async def test_a_user_has_a_bounded_number_of_sessions(
    client: httpx.AsyncClient, user: str, db: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 2)
    oldest, *newer = [await _log_in(client) for _ in range(3)]
    assert db.execute("SELECT count(*) FROM sessions").fetchone() == (2,)
    assert not await _may_write(client, oldest)
    assert [await _may_write(client, pair) for pair in newer] == [True, True]


async def test_a_token_goes_on_searching_while_the_database_is_away(settings: Settings) -> None:
    away = settings.model_copy(update={"database_url": "postgresql://catalog@127.0.0.1:1/catalog"})
    database = Database(make_engine(away))
    identity = Identity(away, database)
    token = tokens.issue(away, UUID(NOBODY), "editor")
    who = await identity.identify(f"Bearer {token}")
    assert (who.role, who.confirmed) == ("editor", False)
    with pytest.raises(Unavailable):
        await identity.confirm(who)
    with pytest.raises(Unavailable):
        await identity.identify(None, f"ck_{'0' * 16}.{'k' * 43}")
    await database.engine.dispose()
