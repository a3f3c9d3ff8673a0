"""Sends the requests of a recording one after the other and writes down what comes back."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import redis
from websockets.exceptions import ConnectionClosed

from tests.recording.cases import STEPS
from tests.recording.grpc_client import GrpcClient
from tests.recording.http_client import HttpClient
from tests.recording.live_client import converse
from tests.recording.normalisation import json_lines, normalise
from tests.recording.preparation import await_events, await_index, enter, fill
from tests.recording.servers import Addresses
from tests.recording.service import Checkout, Ports, serving
from tests.recording.steps import (
    EventStream,
    GrpcCall,
    HttpRequest,
    Indexed,
    LiveConversation,
    ServerName,
    Step,
)

STREAM = "catalog.events"
# Before the first request: until then not everything is known that decides about a search.
WARM_UP = ("/api/v1/search?q=laptop", "/api/v1/search?q=laptpo", "/api/v1/autocomplete?q=lap")
WARM_UP_ROUNDS = 4


async def record(checkout: Path, addresses: Addresses, only: str = "") -> list[dict[str, Any]]:
    """The entries of a recording: `name`, `interface`, `request`, and what came back as lines.

    `only`: those requests alone whose name contains this; the answers of some depend on others.
    """
    process = Checkout(checkout, addresses)
    fill(process)
    with serving(process) as ports:
        with httpx.Client(base_url=_url(ports["main"]), timeout=60) as client:
            credentials = enter(client, addresses.postgres)
        await_index(addresses)
        _warm_up(ports)
        async with _Recorder.opened(checkout, addresses, ports, credentials) as recorder:
            return [entry async for entry in recorder.entries(only)]


def _url(ports: Ports) -> str:
    return f"http://127.0.0.1:{ports.http}"


def _warm_up(ports: dict[ServerName, Ports]) -> None:
    """Also opens the breaker of the server without Elasticsearch."""
    for name in ("main", "degraded"):
        for path in WARM_UP * WARM_UP_ROUNDS:
            httpx.get(_url(ports[name]) + path, timeout=60).raise_for_status()


class _Recorder:
    def __init__(
        self,
        addresses: Addresses,
        clients: dict[ServerName, HttpClient],
        calls: dict[ServerName, GrpcClient],
        urls: dict[ServerName, str],
        credentials: dict[str, str],
        values: dict[str, str],
    ) -> None:
        self._addresses, self._clients, self._calls = addresses, clients, calls
        self._urls, self._credentials, self._values = urls, credentials, values

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(
        cls, checkout: Path, addresses: Addresses, ports: dict[ServerName, Ports], credentials: dict[str, str]
    ) -> AsyncIterator["_Recorder"]:
        values: dict[str, str] = dict(credentials)
        async with contextlib.AsyncExitStack() as stack:
            clients = {}
            calls = {}
            for name, port in ports.items():
                clients[name] = await stack.enter_async_context(HttpClient(_url(port), credentials, values))
                grpc_client = GrpcClient(checkout, f"127.0.0.1:{port.grpc}", credentials, values)
                calls[name] = await stack.enter_async_context(grpc_client)
            urls = {name: _url(port) for name, port in ports.items()}
            yield cls(addresses, clients, calls, urls, credentials, values)

    async def entries(self, only: str) -> AsyncIterator[dict[str, Any]]:
        """The entries, in the order of the requests; where none came in time, the answer says so."""
        for step in STEPS:
            if isinstance(step, Indexed):
                await_index(self._addresses)
            elif only in step.name:
                try:
                    request, answer = await self._exchange(step)
                except (httpx.HTTPError, TimeoutError, ConnectionClosed) as error:
                    request, answer = {}, {"error": type(error).__name__}
                yield {"name": step.name, "interface": step.interface, "request": request, "answer": answer}

    async def _exchange(self, step: Step) -> tuple[dict[str, Any], dict[str, Any]]:
        """What was sent, and what came back."""
        if isinstance(step, HttpRequest):
            return await self._clients[step.server].send(step)
        if isinstance(step, GrpcCall):
            return await self._calls[step.server].call(step)
        if isinstance(step, LiveConversation):
            url = self._urls[step.server].replace("http", "ws", 1) + "/api/v1/live"
            return await converse(step, url, self._clients[step.server], self._credentials, self._values)
        if isinstance(step, EventStream):
            return {"stream": STREAM}, {"entries": self._stream()}
        raise TypeError(f"{step.name}: {type(step).__name__} can't be sent")

    def _stream(self) -> list[list[str]]:
        await_events(self._addresses)
        with redis.Redis.from_url(self._addresses.redis, decode_responses=True) as client:
            entries: Any = client.xrange(STREAM)
        return [
            [number, *(f"{key}: {line}" for key, value in fields.items() for line in json_lines(normalise(value)))]
            for number, fields in entries
        ]
