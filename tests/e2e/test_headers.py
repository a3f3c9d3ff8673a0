"""Headers of every answer, request ids on their way to the workers, and what no log and no answer may show."""

import io
import json
from contextlib import redirect_stderr
from datetime import date
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch
from fastapi import FastAPI

from api import versioning
from api.versioning import Deprecated
from catalog.settings import Settings
from indexer import rebuild
from indexer.indexer import Indexer
from tests.e2e.conftest import PASSWORD
from tests.e2e.helpers import NOBODY, PRODUCTS, assert_problem, created
from tests.e2e.limited import PROXY, SOMEBODY, an_app, at
from tests.e2e.served import served

pytestmark = pytest.mark.usefixtures("db")

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/products",
        f"{PRODUCTS}/{NOBODY}",
        "/api/v1/nothing",
        "/health/live",
        "/metrics",
        "/docs",
        "/openapi.json",
    ],
)
async def test_every_answer_is_protected(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert ALWAYS.items() <= dict(answer.headers).items()
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert len(answer.headers.get_list("content-security-policy")) == 1


async def test_the_shop_keeps_its_own_policy(client: httpx.AsyncClient, index: str) -> None:
    answer = await client.get("/")
    assert len(answer.headers.get_list("content-security-policy")) == 1
    assert ALWAYS.items() <= dict(answer.headers).items()


async def test_the_documentation_runs_its_own_script_and_no_other(client: httpx.AsyncClient) -> None:
    first, second = [await client.get("/docs") for _ in range(2)]
    policy = first.headers["content-security-policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert f'<script nonce="{nonce}">' in first.text
    assert "<script>" not in first.text
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    assert nonce not in second.text


async def test_what_is_private_is_not_kept(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    product = await created(editor)
    assert (await editor.get(f"{PRODUCTS}/{product['id']}")).headers["cache-control"] == "private, no-cache"
    assert (await editor.get(PRODUCTS)).headers["cache-control"] == "no-store"
    token = await client.post("/api/v1/auth/token", data={"username": "editor@example.com", "password": PASSWORD})
    assert token.headers["cache-control"] == "no-store"
    assert (await client.get(f"{PRODUCTS}/{NOBODY}")).headers["cache-control"] == "no-store"


async def test_hsts_needs_https_or_a_proxy_that_is_trusted(settings: Settings) -> None:
    https = {"X-Forwarded-Proto": "https"}
    async with an_app(settings, trusted_proxies=PROXY) as app, at(app, SOMEBODY, **https) as liar:
        assert "strict-transport-security" not in (await liar.get("/health/live")).headers
        async with at(app, PROXY, **https) as client:
            assert (await client.get("/health/live")).headers["strict-transport-security"] == "max-age=31536000"


def test_the_server_does_not_name_itself(settings: Settings) -> None:
    with served(settings) as address:
        assert "server" not in httpx.get(f"{address}/health/live").headers


async def test_a_deprecated_route_says_so(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Deprecated(f"{PRODUCTS}/{{product_id}}", date(2026, 1, 1), date(2026, 7, 1), "https://example.com/changes")
    monkeypatch.setattr(versioning, "DEPRECATED", (old,))
    answer = await client.get(f"{PRODUCTS}/{NOBODY}")
    assert answer.headers["deprecation"] == "@1767225600"
    assert answer.headers["sunset"] == "Wed, 01 Jul 2026 00:00:00 GMT"
    assert answer.headers["link"] == '<https://example.com/changes>; rel="deprecation"; type="text/html"'
    assert "deprecation" not in (await client.get(PRODUCTS)).headers
    document = (await client.get("/openapi.json")).json()
    assert document["paths"][old.route]["get"]["deprecated"]


async def test_the_request_that_asked_for_a_rebuild_is_in_the_workers_log(
    admin: httpx.AsyncClient, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str
) -> None:
    answer = await admin.post("/api/v1/admin/reindex", headers={"X-Request-ID": "shop-4711"})
    assert answer.status_code == 202
    with redirect_stderr(io.StringIO()) as said:
        rebuild.run(Indexer(db, es, settings))
    lines = [line for line in said.getvalue().splitlines() if "rebuild.done" in line]
    assert len(lines) == 1
    assert "shop-4711" in lines[0]


@pytest.mark.parametrize("log_json", [True, False])
async def test_a_request_is_one_line_of_the_log_whatever_it_holds(settings: Settings, log_json: bool) -> None:
    evil = "%0d%0a2026-01-01T00:00:00Z%20[error]%20forged%1b[2J%c2%9b31m%e2%80%a8"
    with redirect_stderr(io.StringIO()) as said:
        async with an_app(settings, log_json=log_json) as app, at(app) as client:
            headers = {"X-Request-ID": "a\tb[31m", "User-Agent": "x\ty", "X-Forwarded-For": "\x1b[2J"}
            assert (await client.get(f"/api/v1/nothing/{evil}?q={evil}", headers=headers)).status_code == 404
    lines = [line for line in said.getvalue().splitlines() if "http.request" in line or "forged" in line]
    assert len(lines) == 1
    assert not {"\x1b", "\x9b", "\u2028", "\t"} & set(lines[0])
    if log_json:
        assert json.loads(lines[0])["event"] == "http.request"


async def test_secrets_are_in_no_log_and_in_no_answer(settings: Settings, app: FastAPI) -> None:
    assert settings.jwt_secret is not None
    secrets = [settings.jwt_secret.get_secret_value(), "hunter2-in-a-form", "a.bearer.token-of-somebody"]
    said, answers = io.StringIO(), []
    with redirect_stderr(said):
        async with an_app(settings, database_url="postgresql://u:hunter2-in-a-url@127.0.0.1:1/x") as broken:
            for one in (app, broken):
                async with at(one, "127.0.0.1", Authorization=f"Bearer {secrets[2]}") as client:
                    answers.append(await client.post(PRODUCTS, json={"secret": secrets[1]}))
                    form = {"username": "a@b.example", "password": secrets[1]}
                    answers.append(await client.post("/api/v1/auth/token", data=form))
                    answers.append(await client.get("/health/ready"))
                    answers.append(await client.get("/metrics"))
    shown = said.getvalue() + "".join(answer.text for answer in answers)
    assert [secret for secret in [*secrets, "hunter2-in-a-url"] if secret in shown] == []


async def test_a_trace_is_found_in_the_log(settings: Settings) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with redirect_stderr(io.StringIO()) as said:
        async with an_app(settings) as app, at(app) as client:
            await client.get("/health/live", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert f"trace_id={trace}" in said.getvalue()


async def test_requests_in_flight_are_a_metric(client: httpx.AsyncClient) -> None:
    assert "catalog_http_requests_in_flight 1.0" in (await client.get("/metrics")).text


async def test_unknown_addresses_are_problems(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/api/v2/products"), 404)
