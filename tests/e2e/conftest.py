"""Clients of the application in each role."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch
from fastapi import FastAPI

from catalog.services import tokens
from catalog.services.passwords import hash_password
from catalog.settings import Settings
from tests.e2e.canary import CANARY, OTHERS, Canary
from tests.support import store, sync_all

PASSWORD = "a password for tests"

SignedIn = Callable[[str], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def signed_in(app: FastAPI, settings: Settings, db: psycopg.Connection[Any], password_hash: str) -> SignedIn:
    """Call with a role: a user `<role>@example.com` with PASSWORD, and a client that sends this user's token."""

    @asynccontextmanager
    async def sign_in(role: str) -> AsyncIterator[httpx.AsyncClient]:
        row = db.execute(
            "INSERT INTO users (email, password_hash, role) VALUES (%s, %s, %s) RETURNING id",
            [f"{role}@example.com", password_hash, role],
        ).fetchone()
        assert row is not None
        headers = {"Authorization": f"Bearer {tokens.issue(settings, row[0], role)}"}
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            yield client

    return sign_in


@pytest.fixture
async def admin(signed_in: SignedIn) -> AsyncIterator[httpx.AsyncClient]:
    async with signed_in("admin") as client:
        yield client


@pytest.fixture
async def editor(signed_in: SignedIn) -> AsyncIterator[httpx.AsyncClient]:
    async with signed_in("editor") as client:
        yield client


@pytest.fixture
async def analyst(signed_in: SignedIn) -> AsyncIterator[httpx.AsyncClient]:
    async with signed_in("analyst") as client:
        yield client


@pytest.fixture
def small_catalogue(stocked: dict[str, UUID]) -> None:
    """CATALOGUE, in the index."""


@pytest.fixture
def canary(settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str) -> Canary:
    """CANARY and OTHERS, in the index."""
    ids = store(settings, [CANARY, *OTHERS])
    sync_all(settings, db, es)
    row = db.execute("SELECT category_id FROM products WHERE id = %s", [ids[CANARY["sku"]]]).fetchone()
    assert row is not None
    return Canary(ids[CANARY["sku"]], row[0])
