"""grpc.health.v1: SERVING while Postgres answers, as `/health/ready` says it."""

import asyncio
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api.grpc.method_policies import PRODUCTS
from catalog.database import Database
from catalog.errors import TooManyRequests

SERVICES = ("", PRODUCTS.strip("/"))
INTERVAL_SECONDS = 2.0
TIMEOUT_SECONDS = 2.0
# Watching needs no credential, so that it must not take the place of other calls.
MAX_WATCHERS = 50


class Health(health.aio.HealthServicer):  # type: ignore[misc]  # the library has no types
    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._watching = 0

    async def Watch(  # noqa: N802
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> None:
        if self._watching >= MAX_WATCHERS:
            raise TooManyRequests("There are too many watchers of health. Call Check.", 5)
        self._watching += 1
        try:
            await super().Watch(request, context)
        finally:
            self._watching -= 1

    async def follow(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(INTERVAL_SECONDS)

    async def look(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._database.run(_ask)
            status = health_pb2.HealthCheckResponse.SERVING
        except Exception:  # noqa: BLE001, RUF100 - whatever it was, products can't be read
            status = health_pb2.HealthCheckResponse.NOT_SERVING
        for name in SERVICES:
            await self.set(name, status)


async def _ask(session: AsyncSession) -> None:
    await session.execute(text("SELECT 1"))
