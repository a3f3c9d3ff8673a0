"""For load balancers and Prometheus: is the process alive, can it serve, how is it doing."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Literal

from elasticsearch import AsyncElasticsearch
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import DatabaseDep, SettingsDep
from api.metrics import Metrics
from api.routing import StrictRoute
from catalog.services import ledger
from catalog.services.ledger import Lag
from mappings.names import read_alias

router = APIRouter(tags=["health"], route_class=StrictRoute)

TIMEOUT = 2.0


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


class Ready(BaseModel):
    """`degraded`: products are served and written, search or its speed suffers. `down`: nothing works."""

    status: Literal["ok", "degraded", "down"]
    checks: Checks
    sync: Sync


class Live(BaseModel):
    status: Literal["ok"] = "ok"


@router.get("/health/live", summary="Is the process alive")
async def live() -> Live:
    return Live()


_DOWN: dict[int | str, dict[str, Any]] = {503: {"model": Ready, "description": "Postgres is away"}}


@router.get("/health/ready", summary="Can it serve", responses=_DOWN)
async def ready(request: Request, response: Response, database: DatabaseDep, settings: SettingsDep) -> Ready:
    """200 `ok` or `degraded` (Redis, Elasticsearch or the index is away); 503 `down` when Postgres is away."""
    elasticsearch: AsyncElasticsearch = request.app.state.elasticsearch
    redis: Redis = request.app.state.redis
    lag, pong, cluster = await asyncio.gather(
        _outcome(database.run(ledger.lag)),
        _outcome(_ping(redis)),
        _outcome(
            elasticsearch.options(request_timeout=TIMEOUT).cluster.health(
                index=read_alias(settings.index_prefix), timeout="1s"
            )
        ),
    )
    checks = Checks(postgres=_check(lag), redis=_check(pong), elasticsearch=_cluster_check(cluster))
    status = "down" if not checks.postgres.ok else "ok" if all(check.ok for _, check in checks) else "degraded"
    response.status_code = 503 if status == "down" else 200
    response.headers["Cache-Control"] = "no-store"
    known = lag if isinstance(lag, Lag) else None
    sync = {name: getattr(known, name, None) for name in Sync.model_fields}
    return Ready.model_validate({"status": status, "checks": checks, "sync": sync})


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(request: Request, database: DatabaseDep) -> Response:
    lag = await _outcome(database.run(ledger.lag))
    collected: Metrics = request.app.state.metrics
    return Response(collected.render(lag if isinstance(lag, Lag) else None), media_type=CONTENT_TYPE_LATEST)


async def _ping(redis: Redis) -> Any:
    return await redis.execute_command("PING")  # type: ignore[no-untyped-call]


async def _outcome(check: Awaitable[Any]) -> Any:
    """What the check gives, or the exception with which it failed: one server's absence must not hide the others."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await check
    except Exception as error:  # noqa: BLE001, RUF100
        return error


def _check(outcome: Any) -> Check:
    """The kind of failure alone: its text may hold addresses and is not for everybody."""
    return Check(ok=False, error=type(outcome).__name__) if isinstance(outcome, Exception) else Check(ok=True)


def _cluster_check(outcome: Any) -> Check:
    check = _check(outcome)
    if check.ok and outcome["status"] == "red":
        return Check(ok=False, error="the index is missing or red")
    return check
