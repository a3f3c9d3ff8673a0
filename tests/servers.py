"""What a test gets of the real servers: a database and an index prefix of its worker, products, the application.

A plugin that `tests.conftest` loads for every lane but the unit tests, which therefore know none of these fixtures.
"""

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch
from fastapi import FastAPI
from psycopg import sql

from catalog.elasticsearch import make_client
from catalog.settings import Settings
from cli.run import migrate_database
from tests.addresses import ELASTICSEARCH, PASSWORD, POSTGRES, REDIS
from tests.apps import create_app
from tests.e2e.small_catalogue import CATALOGUE
from tests.kept import Kept, opened
from tests.support import live_index, store, sync_all


@pytest.fixture(scope="session")
def settings(worker_id: str) -> Settings:
    """The settings of this test worker: its own database, Redis database and index prefix."""
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    url, _, _ = os.environ[POSTGRES].rpartition("/")
    database = f"test_{worker_id}"
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    password = os.environ.get(PASSWORD)
    settings = Settings.model_validate(
        {
            "database_url": f"{url}/{database}",
            "redis_url": f"{os.environ[REDIS].rpartition('/')[0]}/{number}",
            "elasticsearch_url": os.environ[ELASTICSEARCH],
            "elasticsearch_username": "elastic" if password else None,
            "elasticsearch_password": password,
            "index_prefix": f"test-{worker_id}",
            "index_refresh_interval": "100ms",
            "jwt_secret": "a secret that only the tests know: 0123456789",
            "attribute_types_ttl_seconds": 0,
            "synonyms_ttl_seconds": 0,
            "synonyms_wait_seconds": 30,
            "sync_lease_seconds": 2,
        }
    )
    migrate_database(settings)
    return settings


@pytest.fixture(scope="session")
def es(settings: Settings) -> Iterator[Elasticsearch]:
    client = make_client(settings)
    yield client
    client.close()


@pytest.fixture(scope="session")
def kept(settings: Settings, es: Elasticsearch) -> Kept:
    return Kept(settings, es)


@pytest.fixture
def stock() -> Sequence[dict[str, Any]]:
    """The products of `stocked`. A file that wants others says so in a fixture of this name."""
    return CATALOGUE


@pytest.fixture
def db(request: pytest.FixtureRequest, settings: Settings, kept: Kept) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection to an empty catalogue: no row, no index, but what `index` and `stocked` have made."""
    wanted = None
    if "stocked" in request.fixturenames:
        wanted = request.getfixturevalue("stock")
    elif "index" in request.fixturenames:
        wanted = ()
    with opened(settings) as connection:
        kept.begin(connection, wanted)
        yield connection


@pytest.fixture
def index(
    request: pytest.FixtureRequest, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, kept: Kept
) -> str:
    """The first, empty index, live; with `stocked`, there are products in it."""

    def fill() -> dict[str, UUID]:
        kept.make_index(db)
        return {}

    if "stocked" in request.fixturenames:
        fill()
    else:
        kept.make(db, (), fill)
    return live_index(db)


@pytest.fixture
def stocked(
    settings: Settings,
    db: psycopg.Connection[Any],
    es: Elasticsearch,
    index: str,
    stock: Sequence[dict[str, Any]],
    kept: Kept,
) -> dict[str, UUID]:
    """The products of `stock`, written and in the index: their ids by sku."""

    def fill() -> dict[str, UUID]:
        ids = store(settings, stock)
        sync_all(settings, db, es)
        return ids

    return kept.make(db, stock, fill)


@pytest.fixture
async def app(settings: Settings, db: psycopg.Connection[Any]) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An anonymous client through the ASGI application."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
