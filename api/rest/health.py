"""For load balancers and Prometheus: is the process alive, can it serve, how is it doing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

from elasticsearch import ApiError, AsyncElasticsearch
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from redis.asyncio import Redis
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import SettingsDep
from api.limits.addresses import Address, networks, within
from api.metrics import Metrics
from api.problems import Responses, answers
from api.routing import StrictRoute
from catalog.database import Database
from catalog.errors import Forbidden
from catalog.schemas.product_out import TimeOut
from catalog.services import events, ledger, reconciliation
from catalog.services.events import EventState
from catalog.services.ledger import Lag
from catalog.services.reconciliation import Reconciliation
from catalog.single_flight import SingleFlight
from mappings.names import read_alias
from search.failover import FailoverSearch

router = APIRouter(tags=["health"], route_class=StrictRoute)

TIMEOUT = 2.0

Look = TypeVar("Look")


class Check(BaseModel):
    ok: bool
    error: str | None = None


class Checks(BaseModel):
    postgres: Check
    redis: Check
    elasticsearch: Check


class Sync(BaseModel):
    """null while Postgres is away."""

    pending: int | None
    oldest_seconds: float | None
    quarantined: int | None
    fanout: int | None


class Reconcile(BaseModel):
    """What comparing every index with Postgres has come to; null while Postgres is away.

    `repaired_total`: products that differed and were written again. `ahead`: documents of the live index that are newer
    than Postgres, as after a restored backup. `given_up`: standby or building indexes that took no writes and can't go
    live. `advice` says what to do, null when there is nothing.
    """

    last_finished_at: TimeOut | None = None
    repaired_total: int | None = None
    ahead: int | None = None
    given_up: int | None = None
    advice: str | None = None


class Searches(BaseModel):
    """Where searches are answered from. `breaker`: `closed` while Elasticsearch is asked; `open` while Postgres answers
    in its place; `half_open` while a probe looks whether it is back.
    """

    breaker: Literal["closed", "open", "half_open"]
    degraded: bool


class Ready(BaseModel):
    """`degraded`: products are served and written, search or its speed suffers. `down`: nothing works."""

    status: Literal["ok", "degraded", "down"]
    checks: Checks
    sync: Sync
    reconcile: Reconcile
    search: Searches


class Live(BaseModel):
    status: Literal["ok"] = "ok"


@router.get("/health/live", summary="Is the process alive")
async def live() -> Live:
    return Live()


_DOWN: Responses = {503: {"model": Ready, "description": "Postgres is away"}}


@router.get("/health/ready", summary="Can it serve", responses=_DOWN)
async def ready(request: Request, response: Response) -> Ready:
    """200 `ok` or `degraded` (Redis, Elasticsearch or the index is away, or the index is newer than Postgres); 503
    `down` when Postgres is away.
    """
    lag, state, pong, cluster = await _once(request, look_at_servers)
    checks = Checks(postgres=_check(lag), redis=_check(pong), elasticsearch=_cluster_check(cluster))
    reconcile = _reconcile(state)
    # What is asked for here is asked often: so the breaker closes again also where nobody searches.
    engine: FailoverSearch = request.app.state.search
    engine.check_health()
    searches = Searches(breaker=engine.breaker.state, degraded=not engine.breaker.closed)
    well = all(check.ok for _, check in checks) and not reconcile.ahead and not searches.degraded
    status = "down" if not checks.postgres.ok else "ok" if well else "degraded"
    response.status_code = 503 if status == "down" else 200
    response.headers["Cache-Control"] = "no-store"
    known = lag if isinstance(lag, Lag) else None
    sync = {name: getattr(known, name, None) for name in Sync.model_fields}
    return Ready.model_validate(
        {"status": status, "checks": checks, "sync": sync, "reconcile": reconcile, "search": searches}
    )


@router.get("/metrics", summary="Prometheus metrics", response_class=Response, responses=answers(403))
async def metrics(request: Request, settings: SettingsDep) -> Response:
    """For whoever connects from `CATALOG_METRICS_NETWORKS`: they tell how the shop is doing."""
    address: Address = request.scope["client_address"]
    if address.ip is None or not address.believed or not within(address.ip, networks(settings.metrics_networks)):
        raise Forbidden(
            "The metrics are not for this address. CATALOG_METRICS_NETWORKS names those that may read them."
        )
    lag, state, events = await _once(request, look_at_counts)
    collected: Metrics = request.app.state.metrics
    collected.events.state = events if isinstance(events, EventState) else None
    collected.limits_shared(request.app.state.limiter.counters.shared)
    known = (lag if isinstance(lag, Lag) else None, state if isinstance(state, Reconciliation) else None)
    return Response(collected.render(*known), media_type=CONTENT_TYPE_LATEST)


async def _once(request: Request, look: Callable[[State], Awaitable[Look]]) -> Look:
    """What the look finds, which all share who ask for it at the same time."""
    state = request.app.state
    looks: SingleFlight[str, Look] = state.looks
    return await looks.get(look.__name__, lambda: look(state))


async def look_at_servers(state: State) -> tuple[Any, Any, Any, Any]:
    """The lag, the state of the reconciler, and what Redis and Elasticsearch say, each or why it is not known."""
    database: Database = state.database
    elasticsearch: AsyncElasticsearch = state.elasticsearch.options(request_timeout=TIMEOUT)
    index = read_alias(state.settings.index_prefix)
    return await asyncio.gather(
        _outcome(database.run(ledger.lag)),
        _outcome(database.run(reconciliation.state)),
        _outcome(_ping(state.redis)),
        _outcome(elasticsearch.cluster.health(index=index, timeout="1s")),
    )


async def look_at_counts(state: State) -> tuple[Any, Any, Any]:
    """The lag, the state of the reconciler, and that of the events, each or why it is not known."""
    database: Database = state.database
    return await asyncio.gather(
        _outcome(database.run(ledger.lag)),
        _outcome(database.run(reconciliation.state)),
        _outcome(database.run(events.state)),
    )


async def _ping(redis: Redis) -> Any:
    return await redis.execute_command("PING")  # type: ignore[no-untyped-call]


async def _outcome(check: Awaitable[Any]) -> Any:
    """What the check gives, or the exception with which it failed: one server's absence must not hide the others."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await check
    except Exception as error:  # noqa: BLE001, RUF100
        return error


def _reconcile(outcome: Any) -> Reconcile:
    if not isinstance(outcome, Reconciliation):
        return Reconcile()
    advice = None
    if outcome.ahead:
        advice = "The index is newer than Postgres, as after a restored backup: run `catalog reindex`."
    elif outcome.given_up:
        advice = "An index beside the live one took no writes and can't go live: run `catalog reindex` for a new one."
    return Reconcile(
        last_finished_at=outcome.last_finished_at,
        repaired_total=outcome.repairs,
        ahead=outcome.ahead,
        given_up=outcome.given_up,
        advice=advice,
    )


def _check(outcome: Any) -> Check:
    """The kind of failure alone: its text may hold addresses and is not for everybody."""
    return Check(ok=False, error=type(outcome).__name__) if isinstance(outcome, Exception) else Check(ok=True)


def _cluster_check(outcome: Any) -> Check:
    check = _check(outcome)
    # Elasticsearch waits for an index that is not there, and then says that it took too long.
    if isinstance(outcome, ApiError) and outcome.status_code in (404, 408):
        return Check(ok=False, error="the index is missing: run `catalog reindex`")
    if check.ok and outcome["status"] == "red":
        return Check(ok=False, error="the index is red")
    return check
