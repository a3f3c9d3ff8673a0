"""Placing orders: prices, stock, keys that make a request safe to repeat, and who may see what."""

from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from catalog.settings import Settings
from tests.e2e.conftest import SignedIn
from tests.e2e.helpers import NOBODY, PRODUCTS, assert_problem
from tests.support import store

ORDERS = "/api/v1/orders"
SHIRT = {
    "sku": "TEE",
    "name": "Cotton shirt",
    "variants": [
        {"sku": "TEE-S", "price": "14.90", "inventory": 3, "options": {"size": "S"}},
        {"sku": "TEE-M", "price": "15.90", "inventory": 1, "options": {"size": "M"}},
    ],
}


def an_order(*lines: dict[str, Any] | tuple[str, int], **fields: Any) -> dict[str, Any]:
    sent = [{"sku": line[0], "quantity": line[1]} if isinstance(line, tuple) else line for line in lines]
    return {"email": "ada@example.com", "lines": sent, **fields}


def a_key(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key or str(uuid4())}


def stock(db: psycopg.Connection[Any]) -> dict[str, int]:
    """Inventory by sku, of products and of variants."""
    rows = db.execute("SELECT sku, inventory FROM products UNION ALL SELECT sku, inventory FROM product_variants")
    return dict(rows.fetchall())


def orders_in(db: psycopg.Connection[Any]) -> int:
    row = db.execute("SELECT count(*) FROM orders").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def shop(settings: Settings, db: psycopg.Connection[Any]) -> None:
    store(settings, [{"sku": "KETTLE", "name": "Kettle", "price": "29.99", "inventory": 5}, SHIRT])


@pytest.mark.usefixtures("shop")
async def test_an_order_has_the_prices_of_the_catalogue_and_takes_the_stock(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    sent = an_order(
        ("KETTLE", 2), ("TEE-S", 1), name="Ada Lovelace", address_lines=["12 St James's Square", "London"],
        client_reference="cart-1",
    )  # fmt: skip
    answer = await admin.post(ORDERS, json=sent, headers=a_key())
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert (order["total"], order["currency"]) == (74.88, "USD")
    kettle, shirt = order["lines"]
    assert (kettle["name"], kettle["price"], kettle["quantity"], kettle["total"]) == ("Kettle", 29.99, 2, 59.98)
    assert (shirt["sku"], shirt["name"], shirt["options"]) == ("TEE-S", "Cotton shirt", {"size": "S"})
    for name in ("email", "name", "address_lines", "client_reference"):
        assert order[name] == sent[name]
    assert stock(db) == {"KETTLE": 3, "TEE": 3, "TEE-S": 2, "TEE-M": 1}
    assert answer.headers["location"] == f"{ORDERS}/{order['id']}"
    assert "idempotency-replayed" not in answer.headers
    assert (await admin.get(answer.headers["location"])).json() == order


@pytest.mark.usefixtures("shop")
async def test_the_event_is_written_with_the_order_and_names_no_person(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    order = (await admin.post(ORDERS, json=an_order(("KETTLE", 2), name="Ada"), headers=a_key())).json()
    events = db.execute("SELECT aggregate_id::text, data FROM domain_events WHERE type = 'OrderCreated'").fetchall()
    assert [event[0] for event in events] == [order["id"]]
    line = {name: order["lines"][0][name] for name in ("product_id", "sku", "name", "options", "quantity")}
    assert events[0][1] == {"currency": "USD", "total": "59.98", "lines": [{**line, "price": "29.99"}]}


@pytest.mark.usefixtures("shop")
async def test_too_little_stock_names_each_short_line_and_changes_nothing(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    before = stock(db)
    sent = an_order(("KETTLE", 3), ("TEE-M", 2), ("TEE-S", 1), ("KETTLE", 3))
    problem = assert_problem(await admin.post(ORDERS, json=sent, headers=a_key()), 409)
    assert problem["errors"] == [
        {"field": "lines.0.quantity", "message": "6 of 'KETTLE' wanted, 5 left"},
        {"field": "lines.1.quantity", "message": "2 of 'TEE-M' wanted, 1 left"},
        {"field": "lines.3.quantity", "message": "6 of 'KETTLE' wanted, 5 left"},
    ]
    assert stock(db) == before
    for table in ("orders", "order_lines", "idempotency_keys"):
        assert db.execute(f"SELECT * FROM {table}").fetchall() == []
    assert db.execute("SELECT * FROM domain_events WHERE type = 'OrderCreated'").fetchall() == []


async def test_what_is_not_for_sale_is_named(
    settings: Settings, db: psycopg.Connection[Any], admin: httpx.AsyncClient
) -> None:
    ids = store(settings, [
        {"sku": "NOW", "inventory": 1},
        {"sku": "DRAFT", "inventory": 1, "status": "draft"},
        {"sku": "LATER", "inventory": 1, "publish_from": "2199-01-01T00:00:00Z"},
        SHIRT,
    ])  # fmt: skip
    sent = an_order(
        ("NOW", 1), ("DRAFT", 1), ("LATER", 1), ("NEVER", 1), ("TEE", 1),
        {"product_id": str(ids["TEE"]), "quantity": 1}, {"product_id": NOBODY, "quantity": 1},
        {"product_id": str(ids["NOW"]), "sku": "TEE-S", "quantity": 1},
    )  # fmt: skip
    problem = assert_problem(await admin.post(ORDERS, json=sent, headers=a_key()), 422)
    unknown = "there is no product for sale with this "
    assert {error["field"]: error["message"] for error in problem["errors"]} == {
        **{f"lines.{number}.sku": unknown + "sku" for number in (1, 2, 3, 7)},
        "lines.4.sku": "this product has variants: send the sku of one of them",
        "lines.5.product_id": "this product has variants: send the sku of one of them",
        "lines.6.product_id": unknown + "id",
    }
    assert stock(db)["NOW"] == 1


async def test_a_product_is_ordered_by_its_id_and_a_variant_by_both(
    settings: Settings, db: psycopg.Connection[Any], admin: httpx.AsyncClient
) -> None:
    ids = store(settings, [{"sku": "NOW", "inventory": 2}, SHIRT])
    sent = an_order(
        {"product_id": str(ids["NOW"]), "quantity": 1},
        {"product_id": str(ids["NOW"]), "sku": "NOW", "quantity": 1},
        {"product_id": str(ids["TEE"]), "sku": "TEE-M", "quantity": 1},
    )
    order = (await admin.post(ORDERS, json=sent, headers=a_key())).json()
    assert [line["sku"] for line in order["lines"]] == ["NOW", "NOW", "TEE-M"]
    assert stock(db) == {"NOW": 0, "TEE": 3, "TEE-S": 3, "TEE-M": 0}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"total": 1}, "total"),
        ({"currency": "EUR"}, "currency"),
        ({"id": NOBODY}, "id"),
        ({"placed_by": "user:1"}, "placed_by"),
        ({"lines": [{"sku": "KETTLE", "quantity": 1, "price": 0.01}]}, "lines.0.price"),
        ({"lines": [{"sku": "KETTLE", "quantity": 1, "name": "Free"}]}, "lines.0.name"),
        ({"lines": [{"sku": "KETTLE", "quantity": 1, "total": 0}]}, "lines.0.total"),
        ({"lines": []}, "lines"),
        ({"lines": [{"quantity": 1}]}, "lines.0"),
        ({"lines": [{"sku": "KETTLE"}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "KETTLE", "quantity": 0}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "KETTLE", "quantity": -1}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "KETTLE", "quantity": 1.5}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "KETTLE", "quantity": "1"}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "KETTLE", "quantity": True}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "KETTLE", "quantity": 1001}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "KETTLE", "quantity": 10**20}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "KETTLE", "quantity": 1}] * 101}, "lines"),
        ({"lines": [{"sku": "KET\x00TLE", "quantity": 1}]}, "lines.0.sku"),
        ({"email": "ada"}, "email"),
        ({"email": "ada@example.com\r\nBcc: eve@example.com"}, "email"),
        ({"email": "ada@example.com, eve@example.com"}, "email"),
        ({"email": "Ada <ada@example.com>"}, "email"),
        ({"email": "ada@[127.0.0.1]"}, "email"),
        ({"email": "ada@127.0.0.1"}, "email"),
        ({"email": "ada@localhost"}, "email"),
        ({"email": f"{'a' * 65}@example.com"}, "email"),
        ({"email": None}, "email"),
        ({"name": "x" * 256}, "name"),
        ({"name": "Ada\x1b[31m"}, "name"),
        ({"address_lines": ["x"] * 9}, "address_lines"),
        ({"client_reference": "x" * 101}, "client_reference"),
    ],
)
async def test_bad_requests_name_the_field_and_change_nothing(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any], wrong: dict[str, Any], field: str
) -> None:
    before = stock(db)
    assert_problem(await admin.post(ORDERS, json={**an_order(("KETTLE", 1)), **wrong}, headers=a_key()), 422, field)
    assert (stock(db), orders_in(db)) == (before, 0)


@pytest.mark.usefixtures("shop")
async def test_line_breaks_in_a_name_become_spaces(admin: httpx.AsyncClient) -> None:
    sent = an_order(("KETTLE", 1), name="Ada\r\nBcc: eve@example.com")
    order = (await admin.post(ORDERS, json=sent, headers=a_key())).json()
    assert order["name"] == "Ada Bcc: eve@example.com"


async def test_a_total_beyond_the_column_is_refused(
    settings: Settings, db: psycopg.Connection[Any], admin: httpx.AsyncClient
) -> None:
    store(settings, [{"sku": "YACHT", "price": "99999999.99", "inventory": 10_000}])
    problem = assert_problem(await admin.post(ORDERS, json=an_order(("YACHT", 101)), headers=a_key()), 422, "lines")
    assert "9999999999.99" in problem["detail"]
    assert stock(db) == {"YACHT": 10_000}
    order = (await admin.post(ORDERS, json=an_order(("YACHT", 100)), headers=a_key())).json()
    assert order["total"] == 9999999999.00


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("key", [None, "", "two words", "k" * 256, "café".encode(), "\t", "\x7f"])
async def test_the_key_is_required_and_visible_ascii(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any], key: str | bytes | None
) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = await admin.post(ORDERS, json=an_order(("KETTLE", 1)), headers=headers)  # type: ignore[arg-type]
    assert_problem(answer, 422, "Idempotency-Key")
    assert orders_in(db) == 0


@pytest.mark.usefixtures("shop")
async def test_the_same_request_under_the_same_key_is_answered_again_and_orders_once(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    key, sent = a_key("k" * 255), an_order(("KETTLE", 1))
    first = await admin.post(ORDERS, json=sent, headers=key)
    # In another notation: what counts is what it means.
    again = await admin.post(ORDERS, json={"lines": sent["lines"], "name": None, "email": sent["email"]}, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert (stock(db)["KETTLE"], orders_in(db)) == (4, 1)


@pytest.mark.usefixtures("shop")
async def test_a_replay_answers_what_was_answered_though_the_product_has_changed_since(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    key, sent = a_key(), an_order(("KETTLE", 1))
    first = await admin.post(ORDERS, json=sent, headers=key)
    db.execute("DELETE FROM products")
    again = await admin.post(ORDERS, json=sent, headers=key)
    assert (again.status_code, again.content) == (201, first.content)


@pytest.mark.usefixtures("shop")
async def test_another_request_under_the_same_key_is_refused(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    key = a_key()
    await admin.post(ORDERS, json=an_order(("KETTLE", 1)), headers=key)
    for other in (an_order(("KETTLE", 2)), an_order(("KETTLE", 1), email="eve@example.com")):
        assert_problem(await admin.post(ORDERS, json=other, headers=key), 422, "Idempotency-Key")
    assert (stock(db)["KETTLE"], orders_in(db)) == (4, 1)


@pytest.mark.usefixtures("shop")
async def test_a_refused_order_may_be_sent_again_under_its_key(
    admin: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    key, sent = a_key(), an_order(("TEE-M", 2))
    assert_problem(await admin.post(ORDERS, json=sent, headers=key), 409)
    db.execute("UPDATE product_variants SET inventory = 2 WHERE sku = 'TEE-M'")
    assert (await admin.post(ORDERS, json=sent, headers=key)).status_code == 201


@pytest.mark.usefixtures("shop")
async def test_keys_belong_to_who_sends_them(
    admin: httpx.AsyncClient, signed_in: SignedIn, db: psycopg.Connection[Any]
) -> None:
    key = a_key()
    first = await admin.post(ORDERS, json=an_order(("KETTLE", 1)), headers=key)
    async with signed_in("storefront") as other:
        answer = await other.post(ORDERS, json=an_order(("KETTLE", 2)), headers=key)
    assert answer.status_code == 201
    assert answer.json()["id"] != first.json()["id"]
    assert (stock(db)["KETTLE"], orders_in(db)) == (2, 2)


@pytest.mark.usefixtures("shop")
async def test_a_key_is_forgotten_after_its_time(admin: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    key, sent = a_key(), an_order(("KETTLE", 1))
    first = await admin.post(ORDERS, json=sent, headers=key)
    db.execute("UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second'")
    second = await admin.post(ORDERS, json=sent, headers=key)
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]
    db.execute("UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second'")
    await admin.post(ORDERS, json=sent, headers=a_key("another"))
    assert db.execute("SELECT key FROM idempotency_keys").fetchall() == [("another",)], "the old one is gone"


@pytest.mark.usefixtures("shop")
async def test_orders_outlive_their_products(admin: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    order = (await admin.post(ORDERS, json=an_order(("KETTLE", 1), ("TEE-S", 1)), headers=a_key())).json()
    kettle, shirt = (line["product_id"] for line in order["lines"])
    assert (await admin.patch(f"{PRODUCTS}/{shirt}", json={"name": "Vest", "variants": []})).status_code == 200
    assert (await admin.delete(f"{PRODUCTS}/{kettle}")).status_code == 204
    assert (await admin.get(f"{ORDERS}/{order['id']}")).json() == order


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("role", ["editor", "merchandiser", "analyst"])
async def test_other_roles_order_nothing(signed_in: SignedIn, role: str, db: psycopg.Connection[Any]) -> None:
    async with signed_in(role) as client:
        problem = assert_problem(await client.post(ORDERS, json={"no": "order"}), 403)
        assert "admin or storefront" in problem["detail"]
        for address in (ORDERS, f"{ORDERS}/{NOBODY}"):
            assert_problem(await client.get(address), 403)
    assert orders_in(db) == 0


async def test_nobody_orders_without_a_credential(client: httpx.AsyncClient) -> None:
    assert_problem(await client.post(ORDERS, json={}), 401)
    assert_problem(await client.get(ORDERS), 401)
    assert_problem(await client.get(f"{ORDERS}/{NOBODY}"), 401)


@pytest.mark.usefixtures("shop")
async def test_an_order_is_seen_by_its_owner_and_administrators_alone(
    admin: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    async with signed_in("storefront") as shop:
        own = (await shop.post(ORDERS, json=an_order(("KETTLE", 1)), headers=a_key())).json()
        other = (await admin.post(ORDERS, json=an_order(("KETTLE", 1)), headers=a_key())).json()
        assert (await shop.get(f"{ORDERS}/{own['id']}")).json() == own
        for hidden in (other["id"], NOBODY, "no-id"):
            problem = assert_problem(await shop.get(f"{ORDERS}/{hidden}"), 404)
            assert "There is no order" in problem["detail"]
        page = (await shop.get(ORDERS)).json()
        assert ([order["id"] for order in page["items"]], page["total"]) == ([own["id"]], 1)
    assert (await admin.get(f"{ORDERS}/{own['id']}")).json() == own
    page = (await admin.get(ORDERS, params={"per_page": 1, "page": 2})).json()
    assert ([order["id"] for order in page["items"]], page["total"]) == ([own["id"]], 2), "the newest comes first"
    assert_problem(await admin.get(ORDERS, params={"email": "ada@example.com"}), 422, "email")


async def an_api_key(admin: httpx.AsyncClient, **fields: Any) -> dict[str, str]:
    """The header that sends a new key."""
    answer = await admin.post("/api/v1/api-keys", json={"name": f"key {uuid4()}", **fields})
    assert answer.status_code == 201, answer.text
    return {"X-API-Key": answer.json()["key"]}


@pytest.mark.usefixtures("shop")
async def test_an_api_key_orders_by_its_scopes_and_sees_its_own(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    await admin.post(ORDERS, json=an_order(("KETTLE", 1)), headers=a_key())
    orders = await an_api_key(admin, scopes=["order", "read_orders"])
    blind = await an_api_key(admin, scopes=["order"])
    none = await an_api_key(admin, scopes=["search"])
    order = (await client.post(ORDERS, json=an_order(("KETTLE", 1)), headers={**orders, **a_key()})).json()
    assert order["placed_by"].startswith("key:")
    page = (await client.get(ORDERS, headers=orders)).json()
    assert [item["id"] for item in page["items"]] == [order["id"]]
    placed = await client.post(ORDERS, json=an_order(("KETTLE", 1)), headers={**blind, **a_key()})
    assert placed.status_code == 201
    assert_problem(await client.get(placed.headers["location"], headers=blind), 403)
    assert_problem(await client.post(ORDERS, json=an_order(("KETTLE", 1)), headers={**none, **a_key()}), 403)


async def test_what_forced_filters_hide_is_not_for_sale(
    settings: Settings, db: psycopg.Connection[Any], admin: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    ids = store(settings, [
        {"sku": "SEEN", "brand": "Weft", "inventory": 5}, {"sku": "CANARY", "brand": "Secret", "inventory": 5},
    ])  # fmt: skip
    key = await an_api_key(admin, scopes=["order"], forced={"brand": "Weft"})
    assert (await client.post(ORDERS, json=an_order(("SEEN", 1)), headers={**key, **a_key()})).status_code == 201
    for line in ({"sku": "CANARY"}, {"product_id": str(ids["CANARY"])}):
        sent = an_order({**line, "quantity": 9})
        problem = assert_problem(await client.post(ORDERS, json=sent, headers={**key, **a_key()}), 422)
        assert "there is no product for sale" in problem["detail"]
    assert stock(db) == {"SEEN": 4, "CANARY": 5}


async def test_orders_are_described_with_an_example(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    operation = document["paths"][ORDERS]["post"]
    assert set(operation["responses"]) >= {"201", "401", "403", "409", "413", "422", "503"}
    key = next(item for item in operation["parameters"] if item["name"] == "Idempotency-Key")
    assert (key["in"], key["required"], key["schema"]["maxLength"]) == ("header", True, 255)
    assert document["components"]["schemas"]["OrderIn"]["example"]["lines"] == [{"sku": "NV-AERO-300", "quantity": 2}]
