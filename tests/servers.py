"""Real servers for every test: started once by the controlling process, one database and index prefix per worker."""

import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch
from fastapi import FastAPI
from psycopg import sql

from api.app import create_app
from catalog.elasticsearch import make_client
from catalog.settings import Settings
from cli.run import migrate_database
from indexer.rebuild import ensure_index
from stack import ephemeral
from tests.e2e.small_catalogue import CATALOGUE
from tests.kept import Kept, opened
from tests.support import live_index, store, sync_all

POSTGRES, REDIS, ELASTICSEARCH, PASSWORD = (
    "TEST_POSTGRES_URL",
    "TEST_REDIS_URL",
    "TEST_ELASTICSEARCH_URL",
    "TEST_ELASTICSEARCH_PASSWORD",
)
_servers = ExitStack()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the controlling process, before xdist starts its workers: they inherit the addresses.

    With `TEST_POSTGRES_URL` and its sisters set, servers that are already running are used instead.
    """
    # Whoever runs the service from this checkout has a `.env` in it, which is none of the tests' business.
    Settings.model_config["env_file"] = None
    for name in [name for name in os.environ if name.startswith("CATALOG_")]:
        if name != "CATALOG_TEST_SECURE":
            del os.environ[name]
    secure = os.environ.pop("CATALOG_TEST_SECURE", "") == "1"
    # A shell has what it starts in the background ignore Ctrl-C, and so would all commands that a test interrupts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if _is_worker(config) or POSTGRES in os.environ or config.option.collectonly:
        return
    running = _servers.enter_context(ephemeral(lambda line: print(line, flush=True), secure=secure))
    os.environ[POSTGRES] = running.postgres_url
    os.environ[REDIS] = running.redis_url
    os.environ[ELASTICSEARCH] = running.elasticsearch_url
    if running.elasticsearch_password:
        os.environ[PASSWORD] = running.elasticsearch_password


def pytest_unconfigure() -> None:
    _servers.close()


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
        ensure_index(settings, es)
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
