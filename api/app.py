"""The HTTP application."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import anyio
from fastapi import Depends, FastAPI
from redis.asyncio import Redis

import storefront.routes
from api import docs, openapi, problems
from api.auth import may_search
from api.metrics import Metrics
from api.middleware import BodyLimit, RequestContext
from api.rest import admin, auth, categories, health, product_bulk, products, quarantine, search, synonyms
from catalog.database import Database, make_engine
from catalog.elasticsearch import make_async_client
from catalog.logs import configure_logs
from catalog.services.tokens import signing_key
from catalog.settings import Settings, get_settings
from search.engine import SearchEngine
from search.postgres import SynonymReader

# An import of its own connection each: more than a few would only wait for each other's locks.
BULK_AT_ONCE = 4


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, connected to nothing until it is asked something. Raises SettingsError without a signing key."""
    settings = settings or get_settings()
    signing_key(settings)
    configure_logs(settings)
    app = FastAPI(
        title="Catalog",
        version=version("catalog-search"),
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    _make_resources(app, settings)
    problems.install(app)
    for room in (search, products, product_bulk, categories, synonyms, admin, quarantine, auth, health):
        app.include_router(room.router)
    openapi.install(app)
    docs.install(app)
    # Last, because they take what is left.
    for pages in (storefront.routes.router, storefront.routes.unknown):
        app.include_router(pages, dependencies=[Depends(may_search)])
    app.add_middleware(BodyLimit, limit_of=lambda path: _body_limit(settings, path))
    app.add_middleware(RequestContext, metrics=app.state.metrics)
    return app


def _make_resources(app: FastAPI, settings: Settings) -> None:
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.database = Database(make_engine(settings))
    app.state.elasticsearch = make_async_client(settings)
    app.state.synonyms = SynonymReader(app.state.database, settings)
    app.state.search = SearchEngine(app.state.elasticsearch, settings, app.state.synonyms)
    # For the health page alone: nothing that is served needs Redis.
    app.state.redis = Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1)
    app.state.password_limiter = anyio.CapacityLimiter(os.cpu_count() or 2)
    app.state.bulk_limiter = anyio.CapacityLimiter(BULK_AT_ONCE)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await app.state.redis.aclose()
    await app.state.elasticsearch.close()
    await app.state.synonyms.close()
    await app.state.database.engine.dispose()


def _body_limit(settings: Settings, path: str) -> int:
    if path == search.PATH:
        return min(search.MAX_BODY_BYTES, settings.max_body_bytes)
    return settings.max_bulk_bytes if path == product_bulk.PATH else settings.max_body_bytes
