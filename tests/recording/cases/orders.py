"""Orders over REST."""

from tests.recording.identifiers import UNKNOWN, product_id
from tests.recording.steps import Indexed, Step, get, search_after_changes, send

PATH = "/api/v1/orders"
ORDER = {
    "email": "ada@example.com",
    "name": "Ada  Lovelace",
    "address_lines": ["12 St James's Square", "London"],
    "client_reference": "cart-4711",
    "lines": [{"sku": "EDIT-6", "quantity": 2}, {"sku": "TEE-L", "quantity": 1}],
}
WRONG = {
    "empty": {},
    "no lines": {"email": "ada@example.com", "lines": []},
    "address": {"email": "ada", "lines": [{"sku": "EDIT-6", "quantity": 1}]},
    "quantity": {"email": "ada@example.com", "lines": [{"sku": "EDIT-6", "quantity": 0}]},
    "quantity too large": {"email": "ada@example.com", "lines": [{"sku": "EDIT-6", "quantity": 1001}]},
    "nothing named": {"email": "ada@example.com", "lines": [{"quantity": 1}]},
    "unknown sku": {"email": "ada@example.com", "lines": [{"sku": "NONE", "quantity": 1}]},
    "product of variants": {"email": "ada@example.com", "lines": [{"product_id": product_id("TEE"), "quantity": 1}]},
    "draft": {"email": "ada@example.com", "lines": [{"sku": "DRAFT", "quantity": 1}]},
    "stock": {
        "email": "ada@example.com",
        "lines": [{"sku": "EDIT-6", "quantity": 999}, {"sku": "HP-2", "quantity": 1}],
    },
    "price": {"email": "ada@example.com", "lines": [{"sku": "EDIT-6", "quantity": 1, "price": 1}]},
}


def _key(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


STEPS: list[Step] = [
    send("orders: by nobody", "POST", PATH, ORDER, "orders", headers=_key("one")),
    send("orders: by an analyst", "POST", PATH, ORDER, "orders", credential="analyst", headers=_key("one")),
    send("orders: without a key", "POST", PATH, ORDER, "orders", credential="storefront"),
    send("orders: bad key", "POST", PATH, ORDER, "orders", credential="storefront", headers=_key("a b")),
    *(
        send(f"orders: refused, {name}", "POST", PATH, body, "orders", credential="storefront", headers=_key("wrong"))
        for name, body in WRONG.items()
    ),
    send(
        "orders: place",
        "POST",
        PATH,
        ORDER,
        "orders",
        credential="storefront",
        headers=_key("one"),
        saves={"order": "id"},
    ),
    send("orders: place, again", "POST", PATH, ORDER, "orders", credential="storefront", headers=_key("one")),
    send(
        "orders: place, another body",
        "POST",
        PATH,
        ORDER | {"name": "Eve"},
        "orders",
        credential="storefront",
        headers=_key("one"),
    ),
    send(
        "orders: place by id",
        "POST",
        PATH,
        {"email": "b@example.com", "lines": [{"product_id": product_id("EDIT-7"), "quantity": 1}]},
        "orders",
        credential="key-all",
        headers=_key("two"),
    ),
    get("orders: one", f"{PATH}/${{order}}", "orders", credential="storefront"),
    get("orders: of another", f"{PATH}/${{order}}", "orders", credential="key-all"),
    get("orders: by an administrator", f"{PATH}/${{order}}", "orders", credential="admin"),
    get("orders: unknown", f"{PATH}/{UNKNOWN}", "orders", credential="admin"),
    get("orders: list", PATH, "orders", credential="storefront"),
    get("orders: list, by an administrator", f"{PATH}?per_page=1", "orders", credential="admin"),
    get("orders: list, by an editor", PATH, "orders", credential="editor"),
    Indexed(),
    search_after_changes("orders: stock afterwards", "q=EDIT-6&facets=in_stock", "orders"),
]
