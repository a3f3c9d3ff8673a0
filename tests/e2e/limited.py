"""Applications with small budgets, and clients of theirs at addresses of the open internet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from catalog.settings import Settings
from tests.apps import create_app

# 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 are for documentation (RFC 5737): nobody has them.
SOMEBODY, ANOTHER, PROXY = "203.0.113.7", "198.51.100.1", "192.0.2.1"


@asynccontextmanager
async def an_app(settings: Settings, **changes: Any) -> AsyncIterator[FastAPI]:
    """An application with these settings changed."""
    app = create_app(Settings.model_validate({**settings.model_dump(), **changes}))
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def at(app: FastAPI, address: str = SOMEBODY, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that connects from this address."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client


def budget(answer: httpx.Response) -> dict[str, int]:
    """{'r': 7, 't': 30} of the first policy in the RateLimit header."""
    _, *parameters = answer.headers["ratelimit"].partition(",")[0].split(";")
    return {name: int(value) for name, value in (one.split("=") for one in parameters)}
