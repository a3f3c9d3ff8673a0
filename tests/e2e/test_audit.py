"""The audit log: one row for every privileged change, in the transaction of the change."""

import json
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from catalog.services import audit
from tests.e2e.conftest import PASSWORD, SignedIn
from tests.e2e.helpers import CATEGORIES, PRODUCTS, a_category, a_product, assert_problem, created
from tests.e2e.test_rights import NEEDED, OF_USERS, OPEN

AUDIT, KEYS, USERS, HOOKS = "/api/v1/admin/audit", "/api/v1/api-keys", "/api/v1/users", "/api/v1/webhooks"
SYNONYMS, REINDEX, QUARANTINE = "/api/v1/merchandising/synonyms", "/api/v1/admin/reindex", "/api/v1/admin/quarantine"
# They change nothing, or nothing that needs a right; a refresh token that is reused is in test_sessions.
NO_CHANGE = {
    "POST /api/v1/search",
    "POST /api/v1/search/multi",
    "POST /api/v1/instantsearch",
    "POST /api/v1/auth/token",
    "POST /api/v1/orders",
    "POST /api/v1/webhooks/{webhook_id}/ping",
}


def _rows(db: psycopg.Connection[Any], *columns: str) -> list[tuple[Any, ...]]:
    return db.execute(f"SELECT {', '.join(columns)} FROM audit_log ORDER BY id").fetchall()


async def _quarantined(db: psycopg.Connection[Any], admin: httpx.AsyncClient) -> str:
    product = await created(admin)
    db.execute(
        "UPDATE product_sync SET next_attempt_at = 'infinity', error = 'x' WHERE product_id = %s", [product["id"]]
    )
    return str(product["id"])


async def _changes(admin: httpx.AsyncClient, db: psycopg.Connection[Any]) -> dict[str, tuple[httpx.Response, str]]:
    """Each of the addresses that change something, with its answer and the action that it should have left."""
    done: dict[str, tuple[httpx.Response, str]] = {}

    async def call(operation: str, action: str, path: str, **sent: Any) -> Any:
        method = operation.partition(" ")[0]
        answer = await admin.request(method, path, **sent)
        assert answer.is_success, (operation, answer.text)
        done[operation] = (answer, action)
        return answer.json() if answer.content.startswith(b"{") and "bulk" not in path else None

    one = "/api/v1/products/{product_id}"
    product = await call("POST /api/v1/products", "product.create", PRODUCTS, json=a_product())
    address = f"{PRODUCTS}/{product['id']}"
    await call(f"PUT {one}", "product.replace", address, json=a_product(sku=product["sku"], price=5))
    await call(f"PATCH {one}", "product.patch", address, json={"price": 6})
    await call(f"DELETE {one}", "product.delete", address)
    lines = "\n".join(json.dumps(a_product()) for _ in range(3))
    await call("POST /api/v1/products/bulk", "products.import", f"{PRODUCTS}/bulk", content=lines)
    one = "/api/v1/categories/{category_id}"
    category = await call("POST /api/v1/categories", "category.create", CATEGORIES, json={"name": "A"})
    address = f"{CATEGORIES}/{category['id']}"
    await call(f"PUT {one}", "category.replace", address, json={"name": "B"})
    await call(f"PATCH {one}", "category.patch", address, json={"name": "C"})
    await call(f"DELETE {one}", "category.delete", address)
    one = "/api/v1/merchandising/synonyms/{synonym_id}"
    words = {"kind": "two_way", "terms": ["tv", "television"]}
    entry = await call("POST /api/v1/merchandising/synonyms", "synonym.create", SYNONYMS, json=words)
    other = {"kind": "two_way", "terms": ["tv", "telly"]}
    await call(f"PUT {one}", "synonym.replace", f"{SYNONYMS}/{entry['id']}", json=other)
    await call(f"DELETE {one}", "synonym.delete", f"{SYNONYMS}/{entry['id']}")
    job = await call("POST /api/v1/admin/reindex", "reindex.start", REINDEX, json={})
    cancel = "/api/v1/admin/reindex/{job_id}/cancel"
    await call(f"POST {cancel}", "reindex.cancel", f"{REINDEX}/{job['id']}/cancel")
    for action in ("replay", "drop"):
        body = {"ids": [await _quarantined(db, admin)]}
        await call(f"POST {QUARANTINE}/{action}", f"quarantine.{action}", f"{QUARANTINE}/{action}", json=body)
    sent = {"email": "n@example.com", "role": "editor", "password": PASSWORD}
    user = await call("POST /api/v1/users", "user.create", USERS, json=sent)
    address = f"{USERS}/{user['id']}"
    await call("PATCH /api/v1/users/{user_id}", "user.update", address, json={"role": "analyst", "password": PASSWORD})
    await call("POST /api/v1/users/{user_id}/logout", "user.log_out", f"{address}/logout")
    key = await call("POST /api/v1/api-keys", "api_key.create", KEYS, json={"name": "k", "scopes": ["search"]})
    await call("DELETE /api/v1/api-keys/{key_id}", "api_key.revoke", f"{KEYS}/{key['id']}")
    one = "/api/v1/webhooks/{webhook_id}"
    hook = await call("POST /api/v1/webhooks", "webhook.create", HOOKS, json={"url": "https://hooks.example.com/x"})
    address = f"{HOOKS}/{hook['id']}"
    for action in ("enable", "rotate"):
        await call(f"POST {one}/{action}", f"webhook.{action}", f"{address}/{action}")
    await call(f"POST {one}/replay", "webhook.replay", f"{address}/replay", json={})
    await call(f"DELETE {one}", "webhook.delete", address)
    login = await admin.post("/api/v1/auth/token", data={"username": "n@example.com", "password": PASSWORD})
    revoked = {"token": login.json()["refresh_token"]}
    await call("POST /api/v1/auth/revoke", "session.revoke", "/api/v1/auth/revoke", data=revoked)
    await call("POST /api/v1/auth/logout", "user.log_out", "/api/v1/auth/logout")
    return done


async def test_every_address_that_changes_something_leaves_a_row(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    done = await _changes(admin, db)
    all_of_them = {operation for operation in OPEN | OF_USERS | set(NEEDED) if not operation.startswith("GET ")}
    assert set(done) == all_of_them - NO_CHANGE, "whatever changes something needs an audit row, and a call here"
    (me,) = db.execute("SELECT 'user:' || id FROM users WHERE email = 'admin@example.com'").fetchone() or ("",)
    rows = {(request, action): actor for request, action, actor in _rows(db, "request_id", "action", "actor")}
    for operation, (answer, action) in done.items():
        actor = rows[answer.headers["x-request-id"], action]
        assert actor == me or operation == "POST /api/v1/auth/revoke", operation
    assert len(rows) == len(done) + 2, "one row for each, and for the two products that went into quarantine"
    text = "".join(str(row) for row in _rows(db, "audit_log::text"))
    assert PASSWORD not in text
    assert "argon2" not in text


async def test_before_and_after_hold_what_changed(admin: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    product = await created(admin, name="Old", price=5, description="x" * 5000)
    await admin.patch(f"{PRODUCTS}/{product['id']}", json={"name": "New", "price": 5, "description": "y" * 5000})
    action, target, before, after = _rows(db, "action", "target", "before", "after")[-1]
    assert (action, target) == ("product.patch", f"product:{product['id']}")
    assert (before["name"], after["name"]) == ("Old", "New")
    assert set(before) == set(after) == {"name", "description"}
    assert len(after["description"]) < audit.MAX_VALUE_CHARACTERS + 50, "long values are cut"


async def test_a_change_of_nothing_leaves_no_row(admin: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    product = await created(admin, price=5)
    await admin.patch(f"{PRODUCTS}/{product['id']}", json={"price": 5})
    assert [action for (action,) in _rows(db, "action")] == ["product.create"]


async def test_a_change_that_fails_leaves_no_row(
    admin: httpx.AsyncClient, analyst: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    product = await created(admin)
    assert_problem(await admin.post(PRODUCTS, json=a_product(sku=product["sku"])), 409)
    assert_problem(await analyst.post(PRODUCTS, json=a_product()), 403)
    stale = await admin.patch(f"{PRODUCTS}/{product['id']}", json={"price": 1}, headers={"If-Match": '"99"'})
    assert_problem(stale, 412)
    assert [action for (action,) in _rows(db, "action")] == ["product.create"]


async def test_a_row_that_can_not_be_written_undoes_the_change(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    """They are one transaction."""
    db.execute("ALTER TABLE audit_log ADD CONSTRAINT no_more CHECK (false) NOT VALID")
    try:
        assert not (await admin.post(PRODUCTS, json=a_product())).is_success
    finally:
        db.execute("ALTER TABLE audit_log DROP CONSTRAINT no_more")
    assert db.execute("SELECT count(*) FROM products").fetchone() == (0,)


async def test_an_import_is_one_row_with_its_counts(admin: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    lines = "\n".join([*(json.dumps(a_product()) for _ in range(5)), "rubbish"])
    await admin.post(f"{PRODUCTS}/bulk", content=lines)
    ((action, after),) = _rows(db, "action", "after")
    assert action == "products.import"
    assert after == {"bytes": len(lines), "state": "done", "created": 5, "rejected": 1}


@pytest.mark.usefixtures("admin")
async def test_rows_stay_as_they_are(
    client: httpx.AsyncClient, admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    await created(admin)
    for statement in ("UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute(statement)
    assert len(_rows(db, "id")) == 1


async def test_it_is_read_by_page_and_by_what_is_looked_for(signed_in: SignedIn, app: FastAPI) -> None:
    async with signed_in("admin") as admin, signed_in("editor") as editor:
        products = [await created(editor) for _ in range(3)]
        await a_category(admin, "A")
        page = (await admin.get(AUDIT, params={"per_page": 2})).json()
        assert (page["total"], page["page"], page["per_page"]) == (4, 1, 2)
        newest, before_it = page["items"]
        assert (newest["action"], newest["actor_name"]) == ("category.create", "admin@example.com")
        assert (before_it["target"], before_it["actor_name"]) == (f"product:{products[2]['id']}", "editor@example.com")
        assert newest["id"] > before_it["id"]
        for params, total in (
            ({"action": "product.create"}, 3),
            ({"actor": newest["actor"]}, 1),
            ({"target": f"product:{products[0]['id']}"}, 1),
            ({"target": "product:' OR true --"}, 0),
        ):
            assert (await admin.get(AUDIT, params=params)).json()["total"] == total
        assert_problem(await admin.get(AUDIT, params={"who": "x"}), 422, "who")
        assert_problem(await editor.get(AUDIT), 403)
