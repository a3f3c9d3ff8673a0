"""The length, the time and the place that one request may take."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from catalog.settings import Settings
from tests.e2e.conftest import SignedIn
from tests.e2e.helpers import NOBODY, PRODUCTS, a_product, assert_problem
from tests.e2e.limited import an_app, at
from tests.e2e.served import served
from tests.support import waiting_for_locks, writer

pytestmark = pytest.mark.usefixtures("db")


async def test_an_address_that_is_too_long(client: httpx.AsyncClient) -> None:
    problem = assert_problem(await client.get(f"/api/v1/search?q={'x' * 20_000}"), 414)
    assert "16,384 bytes" in problem["detail"]


async def test_headers_that_are_too_large(client: httpx.AsyncClient) -> None:
    headers = {f"X-{number}": "x" * 4_000 for number in range(10)}
    problem = assert_problem(await client.get("/health/live", headers=headers), 431)
    assert "32,768 bytes" in problem["detail"]


async def test_one_request_too_many_is_refused_at_once(settings: Settings, db: psycopg.Connection[Any]) -> None:
    async with an_app(settings, max_concurrent_requests=2, request_timeout_seconds=20) as app, at(app) as client:
        with writer(settings) as holding:
            holding.execute("LOCK TABLE products IN ACCESS EXCLUSIVE MODE")
            waiting = [asyncio.create_task(client.get(f"{PRODUCTS}/{NOBODY}")) for _ in range(2)]
            await _until(lambda: waiting_for_locks(db) == 2)
            answer = await client.get(f"{PRODUCTS}/{NOBODY}")
            assert_problem(answer, 503)
            assert answer.headers["retry-after"] == "1"
            assert (await client.get("/health/live")).status_code == 200
            holding.rollback()
        assert [(await one).status_code for one in waiting] == [404, 404]


async def test_what_takes_too_long_is_ended_with_the_work_behind_it(
    settings: Settings, db: psycopg.Connection[Any]
) -> None:
    async with an_app(settings, request_timeout_seconds=0.5) as app, at(app) as client:
        with writer(settings) as holding:
            holding.execute("LOCK TABLE products IN ACCESS EXCLUSIVE MODE")
            answer = await client.get(f"{PRODUCTS}/{NOBODY}")
            problem = assert_problem(answer, 503)
            assert "0.5 seconds" in problem["detail"]
            assert answer.headers["connection"] == "close"
            await _until(lambda: waiting_for_locks(db) == 0)
            holding.rollback()
        assert (await client.get(f"{PRODUCTS}/{NOBODY}")).status_code == 404, "the connection is whole"


async def test_a_write_that_took_too_long_is_not_half_done(
    settings: Settings, db: psycopg.Connection[Any], signed_in: SignedIn
) -> None:
    async with signed_in("editor") as editor:
        authorization = editor.headers["Authorization"]
    async with an_app(settings, request_timeout_seconds=0.5) as app, at(app, Authorization=authorization) as client:
        with writer(settings) as holding:
            holding.execute("LOCK TABLE product_sync IN ACCESS EXCLUSIVE MODE")
            assert_problem(await client.post(PRODUCTS, json=a_product(sku="slow")), 503)
            holding.rollback()
    assert db.execute("SELECT count(*) FROM products WHERE sku = 'slow'").fetchone() == (0,)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what happens in Postgres sets no event here
            await asyncio.sleep(0.02)


def _connected(address: str) -> socket.socket:
    parts = urlsplit(address)
    connection = socket.create_connection((parts.hostname, parts.port or 0))
    connection.settimeout(20)
    return connection


def _all(connection: socket.socket) -> bytes:
    """What the server says until it closes the connection."""
    said = b""
    while piece := connection.recv(65_536):
        said += piece
    return said


def test_headers_that_never_end_end_the_connection(settings: Settings) -> None:
    with served(settings) as address, _connected(address) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: ")
        try:
            for _ in range(100):
                connection.sendall(b"x" * 10_000)
            said = _all(connection)
        except (BrokenPipeError, ConnectionResetError):
            said = b""
        assert said == b"" or b" 431 " in said.splitlines()[0]


@pytest.mark.parametrize("begun", [b"", b"GET /health/live HTTP/1.1\r\nHost: x\r\n"])
def test_headers_that_do_not_come_end_the_connection(settings: Settings, begun: bytes) -> None:
    quick = settings.model_copy(update={"header_timeout_seconds": 0.3})
    with served(quick) as address, _connected(address) as connection:
        connection.sendall(begun)
        assert _all(connection) == b""


def test_headers_that_do_not_come_after_a_first_request_end_the_connection(settings: Settings) -> None:
    quick = settings.model_copy(update={"header_timeout_seconds": 0.3})
    with served(quick) as address, _connected(address) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HT")
        said = _all(connection)
        assert said.startswith(b"HTTP/1.1 200")
        assert said.count(b"HTTP/1.1") == 1


def test_a_body_that_does_not_come_is_answered_and_the_connection_closed(settings: Settings) -> None:
    quick = settings.model_copy(update={"request_timeout_seconds": 0.3})
    head = b"POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
    form = b"Content-Type: application/x-www-form-urlencoded\r\n\r\nusername="
    with served(quick) as address, _connected(address) as connection:
        connection.sendall(head + form)
        assert _all(connection).startswith(b"HTTP/1.1 503")
