"""Who may call what: every address of the OpenAPI document, by everybody. One that is not in the table fails."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from catalog.principals import PERMISSIONS, RIGHTS
from catalog.services import api_keys, tokens
from catalog.settings import Settings
from tests.apps import create_app
from tests.e2e.helpers import NOBODY

# Looks at no credential at all.
OPEN = {"POST /api/v1/auth/token", "POST /api/v1/auth/revoke", "GET /health/live", "GET /health/ready", "GET /metrics"}
# For the user whose sessions they are.
OF_USERS = {"POST /api/v1/auth/logout"}
NEEDED = {
    "GET /api/v1/products": "read",
    "GET /api/v1/products/{product_id}": "read",
    "GET /api/v1/products/{product_id}/sync": "read",
    "GET /api/v1/categories": "read",
    "GET /api/v1/categories/{category_id}": "read",
    "GET /api/v1/search": "search",
    "POST /api/v1/search": "search",
    "POST /api/v1/search/multi": "search",
    "POST /api/v1/instantsearch": "search",
    "GET /api/v1/search/facets/{name}": "search",
    "GET /api/v1/autocomplete": "search",
    "POST /api/v1/products": "write",
    "POST /api/v1/products/bulk": "write",
    "PUT /api/v1/products/{product_id}": "write",
    "PATCH /api/v1/products/{product_id}": "write",
    "DELETE /api/v1/products/{product_id}": "write",
    "POST /api/v1/categories": "write",
    "PUT /api/v1/categories/{category_id}": "write",
    "PATCH /api/v1/categories/{category_id}": "write",
    "DELETE /api/v1/categories/{category_id}": "write",
    "GET /api/v1/merchandising/synonyms": "merchandise",
    "POST /api/v1/merchandising/synonyms": "merchandise",
    "GET /api/v1/merchandising/synonyms/{synonym_id}": "merchandise",
    "PUT /api/v1/merchandising/synonyms/{synonym_id}": "merchandise",
    "DELETE /api/v1/merchandising/synonyms/{synonym_id}": "merchandise",
    "GET /api/v1/admin/reindex": "administer",
    "POST /api/v1/admin/reindex": "administer",
    "GET /api/v1/admin/reindex/{job_id}": "administer",
    "POST /api/v1/admin/reindex/{job_id}/cancel": "administer",
    "GET /api/v1/admin/quarantine": "administer",
    "POST /api/v1/admin/quarantine/replay": "administer",
    "POST /api/v1/admin/quarantine/drop": "administer",
    "GET /api/v1/admin/audit": "administer",
    "GET /api/v1/users": "administer",
    "POST /api/v1/users": "administer",
    "GET /api/v1/users/{user_id}": "administer",
    "PATCH /api/v1/users/{user_id}": "administer",
    "POST /api/v1/users/{user_id}/logout": "administer",
    "GET /api/v1/api-keys": "administer",
    "POST /api/v1/api-keys": "administer",
    "DELETE /api/v1/api-keys/{key_id}": "administer",
    "GET /api/v1/webhooks": "administer",
    "POST /api/v1/webhooks": "administer",
    "GET /api/v1/webhooks/{webhook_id}": "administer",
    "DELETE /api/v1/webhooks/{webhook_id}": "administer",
    "GET /api/v1/webhooks/{webhook_id}/deliveries": "administer",
    "POST /api/v1/webhooks/{webhook_id}/enable": "administer",
    "POST /api/v1/webhooks/{webhook_id}/ping": "administer",
    "POST /api/v1/webhooks/{webhook_id}/replay": "administer",
    "POST /api/v1/webhooks/{webhook_id}/rotate": "administer",
    "GET /api/v1/orders": "read_orders",
    "POST /api/v1/orders": "order",
    "GET /api/v1/orders/{order_id}": "read_orders",
}
EVERYBODY = {"nobody", "admin", "editor", "merchandiser", "analyst", "storefront"}
HOLDERS = {
    "search": EVERYBODY,
    "read": EVERYBODY,
    "read_drafts": {"admin", "editor"},
    "read_sync": EVERYBODY - {"nobody"},
    "write": {"admin", "editor"},
    "merchandise": {"admin", "merchandiser"},
    "explain": {"admin", "merchandiser"},
    "analyse": {"admin", "merchandiser", "analyst"},
    "administer": {"admin"},
    "order": {"admin", "storefront"},
    "read_orders": {"admin", "storefront"},
}
CALLERS = (*sorted(EVERYBODY), "key without scopes", "key with every scope")


@pytest.fixture
async def app(settings: Settings, db: psycopg.Connection[Any], index: str) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def headers(settings: Settings, db: psycopg.Connection[Any]) -> dict[str, dict[str, str]]:
    """What each of the callers sends."""
    made: dict[str, dict[str, str]] = {"nobody": {}}
    for role in RIGHTS:
        statement = "INSERT INTO users (email, password_hash, role) VALUES (%s, '', %s) RETURNING id"
        row = db.execute(statement, [f"{role}@example.com", role]).fetchone()
        assert row is not None
        made[role] = {"Authorization": f"Bearer {tokens.issue(settings, row[0], role)}"}
    for number, (name, scopes) in enumerate({"without scopes": [], "with every scope": list(PERMISSIONS)}.items()):
        key = f"ck_{number:016x}.{'k' * 43}"
        statement = (
            "INSERT INTO api_keys (prefix, secret_hash, name, scopes, created_by) VALUES (%s, %s, %s, %s, 'cli')"
        )
        db.execute(statement, [key.partition(".")[0], api_keys.digest(settings, key), name, scopes])
        made[f"key {name}"] = {"X-API-Key": key}
    return made


def _operations(app: FastAPI) -> set[str]:
    paths = app.openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def _expected(operation: str, caller: str) -> str:
    """'in', or how the caller is kept out."""
    if operation in OPEN:
        return "in"
    if operation in OF_USERS:
        return "in" if caller in RIGHTS else "403" if caller.startswith("key") else "401"
    if caller in HOLDERS[NEEDED[operation]] or caller == "key with every scope":
        return "in"
    return "401" if caller == "nobody" else "403"


async def _outcome(client: httpx.AsyncClient, operation: str, headers: dict[str, str]) -> str:
    method, _, path = operation.partition(" ")
    parts = [NOBODY if part.startswith("{") else part for part in path.split("/")]
    body: dict[str, Any] = {"data": {"token": "rubbish"}} if "/auth/" in path else {"json": {}}
    answer = await client.request(method, "/".join(parts), headers=headers, **({} if method == "GET" else body))
    if answer.status_code in (401, 403):
        return str(answer.status_code)
    assert answer.status_code < 500, (operation, answer.text)
    return "in"


async def test_the_table_names_every_address(app: FastAPI) -> None:
    assert _operations(app) == OPEN | OF_USERS | set(NEEDED), "a new address needs a right, and a line here"


def test_the_rights_of_each_role() -> None:
    assert set(HOLDERS) == set(PERMISSIONS)
    for role, held in RIGHTS.items():
        assert held == {permission for permission, holders in HOLDERS.items() if role in holders}


@pytest.mark.parametrize("caller", CALLERS)
async def test_each_caller_gets_into_what_the_table_says(
    app: FastAPI, client: httpx.AsyncClient, headers: dict[str, dict[str, str]], caller: str
) -> None:
    # Logging out comes last: it ends the token. What the table lacks fails above.
    known = _operations(app) & (OPEN | OF_USERS | set(NEEDED))
    operations = sorted(known, key=lambda operation: (operation in OF_USERS, operation))
    found, expected = {}, {}
    for operation in operations:
        found[operation] = await _outcome(client, operation, headers[caller])
        expected[operation] = _expected(operation, caller)
    assert found == expected


async def test_a_bad_credential_opens_nothing_that_looks_at_one(app: FastAPI, client: httpx.AsyncClient) -> None:
    bad = ({"Authorization": "Bearer rubbish"}, {"X-API-Key": "rubbish"}, {"Authorization": "Basic YTpi"})
    for operation in sorted(_operations(app) - OPEN):
        outcomes = await asyncio.gather(*(_outcome(client, operation, sent) for sent in bad))
        assert outcomes == ["401"] * 3, operation


async def test_the_document_says_who_must_show_a_credential(app: FastAPI) -> None:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            looks = f"{method.upper()} {path}" not in OPEN
            assert bool(operation.get("security")) == looks, (method, path)
            assert not looks or {"401", "403"} <= set(operation["responses"]), (method, path)
