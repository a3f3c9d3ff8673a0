"""The HTTP application."""

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from importlib.metadata import version
from typing import Any

import anyio
from fastapi import Depends, FastAPI
from redis.asyncio import Redis

import storefront.routes
from api import asyncapi, docs, openapi, problems
from api.auth import may_browse
from api.cors import Cors
from api.feed import Feed
from api.graphql import endpoint as graphql
from api.instantsearch import endpoint as instantsearch
from api.limits import Limiter
from api.limits.http import RateLimit
from api.live import endpoint as live
from api.metrics import Metrics
from api.middleware import BodyLimit, RequestContext
from api.request_limits import Bounds
from api.rest import (
    admin,
    api_keys,
    audit,
    auth,
    categories,
    health,
    orders,
    product_bulk,
    products,
    quarantine,
    search,
    synonyms,
    users,
    webhooks,
)
from api.search_metrics import SearchCollector
from catalog.database import Database, make_engine
from catalog.elasticsearch import make_async_client
from catalog.logs import configure_logs
from catalog.services.tokens import signing_key
from catalog.settings import Settings, get_settings
from catalog.single_flight import SingleFlight
from search.cache import SearchCache
from search.failover import FailoverSearch, failover_search
from search.result import SearchResult
from search.synonym_reader import SynonymReader, live_index
from services.container import make_services
from services.identity import Identity

# An import of its own connection each: more than a few would only wait for each other's locks.
BULK_AT_ONCE = 4


def create_app(settings: Settings | None = None, *, grpc: bool = False) -> FastAPI:
    """The application, connected to nothing until it is asked something. Raises SettingsError without a signing key.

    With `grpc`, the gRPC server runs as long as the application does.
    """
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
        # Its own spans would hold the whole address, query included; `RequestContext` makes ours.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    _make_resources(app, settings)
    app.state.serves_grpc = grpc
    problems.install(app)
    for room in (
        search,
        instantsearch,
        products,
        product_bulk,
        categories,
        orders,
        synonyms,
        admin,
        quarantine,
        auth,
        users,
        api_keys,
        audit,
        webhooks,
        asyncapi,
        health,
        graphql,
        live,
    ):
        app.include_router(room.router)
    openapi.install(app)
    docs.install(app)
    # Last, because they take what is left.
    for pages in (storefront.routes.router, storefront.routes.unknown):
        app.include_router(pages, dependencies=[Depends(may_browse)])
    _surround(app, settings)
    return app


def _surround(app: FastAPI, settings: Settings) -> None:
    """What every request passes before an endpoint, innermost first."""
    limiter: Limiter = app.state.limiter
    origins = tuple(settings.cors_origins.replace(",", " ").split())
    app.add_middleware(BodyLimit, limit_of=lambda path: _body_limit(settings, path))
    app.add_middleware(RateLimit, limiter=limiter, identity=app.state.identity)
    app.add_middleware(Bounds, settings=settings, seconds_of=lambda path: _seconds(settings, path))
    if origins:
        app.add_middleware(Cors, origins=origins)
    app.add_middleware(RequestContext, metrics=app.state.metrics, limiter=limiter, varies_by_origin=bool(origins))


def _make_resources(app: FastAPI, settings: Settings) -> None:
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.database = Database(make_engine(settings))
    app.state.elasticsearch = make_async_client(settings)
    app.state.synonyms = SynonymReader(app.state.database, settings)
    app.state.search = _make_engine(app, settings)
    app.state.identity = Identity(settings, app.state.database)
    app.state.services = make_services(settings, app.state.database, app.state.identity, app.state.search)
    app.state.limiter = Limiter(settings, app.state.metrics.rejected)
    app.state.feed = Feed(app.state.services.products, app.state.database)
    app.state.places = live.Places(settings, app.state.metrics.registry)
    # For the health page alone: nothing that is served needs Redis.
    app.state.redis = Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1)
    # Health and metrics cost the servers something, and anybody may ask for them at any rate.
    app.state.looks = SingleFlight[str, Any]()
    app.state.password_limiter = anyio.CapacityLimiter(os.cpu_count() or 2)
    app.state.bulk_limiter = anyio.CapacityLimiter(BULK_AT_ONCE)


def _make_engine(app: FastAPI, settings: Settings) -> FailoverSearch:
    database, synonyms = app.state.database, app.state.synonyms
    cache = None
    if settings.cache_seconds:
        wait = settings.cache_wait_seconds
        redis = Redis.from_url(settings.redis_url, socket_timeout=wait, socket_connect_timeout=wait)
        cache = SearchCache(
            redis,
            settings,
            SearchResult,
            live_index=lambda: live_index(database),
            revision=synonyms.revision,
            may_keep=lambda result: not result.degraded,
        )
    engine = failover_search(settings, app.state.elasticsearch, database, synonyms, cache)
    app.state.metrics.registry.register(SearchCollector(engine))
    return engine


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with _grpc_server(app) if app.state.serves_grpc else nullcontext():
        yield
    await app.state.looks.close()
    await app.state.limiter.close()
    await app.state.redis.aclose()
    await app.state.search.close()
    await app.state.elasticsearch.close()
    await app.state.synonyms.close()
    await app.state.database.engine.dispose()


def _grpc_server(app: FastAPI) -> AbstractAsyncContextManager[int]:
    # Whoever does not serve it does not pay for loading it.
    from api.grpc.server import serving

    return serving(app.state)


def _body_limit(settings: Settings, path: str) -> int:
    if path in (search.PATH, instantsearch.PATH):
        return min(search.MAX_BODY_BYTES, settings.max_body_bytes)
    return settings.max_bulk_bytes if path == product_bulk.PATH else settings.max_body_bytes


def _seconds(settings: Settings, path: str) -> float:
    return settings.bulk_timeout_seconds if path == product_bulk.PATH else settings.request_timeout_seconds
