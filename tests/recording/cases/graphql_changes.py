"""GraphQL: changes of products."""

from tests.recording.cases.graphql import PRODUCT, ask
from tests.recording.identifiers import UNKNOWN, product_id
from tests.recording.steps import Step

CREATE = f"mutation ($input: CreateProductInput!) {{ createProduct(input: $input) {{ {PRODUCT} }} }}"
UPDATE = f"""mutation ($id: ID!, $input: UpdateProductInput!, $version: String) {{
    updateProduct(id: $id, input: $input, version: $version) {{ {PRODUCT} }} }}"""
DELETE = "mutation ($id: ID!, $version: String) { deleteProduct(id: $id, version: $version) }"
FULL = {
    "sku": "GQL-1",
    "name": "Kettle of GraphQL",
    "description": "Boils.",
    "price": "29.99",
    "compareAtPrice": 39.5,
    "cost": "12",
    "inventory": 7,
    "gtin": "4006381333962",
    "brand": "Norvane",
    "category": "Kitchen > Kettles",
    "status": "active",
    "popularity": 0.5,
    "publishFrom": "1999-05-01T12:00:00+02:00",
    "images": [{"url": "https://example.com/k.jpg", "alt": "Kettle"}],
    "attributes": {"color": "black", "weight_g": 900, "cordless": True, "fits": ["gas"]},
    "variants": [{"sku": "GQL-1-S", "price": "29.99", "inventory": 1, "options": {"size": "S"}}],
}
EDIT = product_id("EDIT-8")

STEPS: list[Step] = [
    ask("create, by nobody", CREATE, {"input": FULL}),
    ask("create, by an analyst", CREATE, {"input": FULL}, credential="analyst"),
    ask("create", CREATE, {"input": FULL}, credential="editor"),
    ask("create, twice", CREATE, {"input": FULL}, credential="editor"),
    ask(
        "create, wrong",
        CREATE,
        {"input": {"sku": "", "name": " ", "price": "-1", "inventory": -2}},
        credential="editor",
    ),
    ask("create, wrong types", CREATE, {"input": {"sku": "X", "name": "X", "price": True}}, credential="editor"),
    ask(
        "create, wrong lists",
        CREATE,
        {"input": {"sku": "X", "name": "X", "price": "1", "images": [{"url": "x"}]}},
        credential="editor",
    ),
    ask(
        "update",
        UPDATE,
        {"id": EDIT, "input": {"price": "19.5", "attributes": {"color": None, "finish": "matte"}}},
        credential="editor",
    ),
    ask("update, clears", UPDATE, {"id": EDIT, "input": {"brand": None, "category": None}}, credential="admin"),
    ask("update, null name", UPDATE, {"id": EDIT, "input": {"name": None}}, credential="editor"),
    ask("update, stale", UPDATE, {"id": EDIT, "input": {"price": 1}, "version": "1"}, credential="editor"),
    ask("update, bad version", UPDATE, {"id": EDIT, "input": {"price": 1}, "version": "x"}, credential="editor"),
    ask("update, unknown", UPDATE, {"id": UNKNOWN, "input": {"price": 1}}, credential="editor"),
    ask("update, by nobody", UPDATE, {"id": EDIT, "input": {"price": 1}}),
    ask("delete, stale", DELETE, {"id": EDIT, "version": "1"}, credential="editor"),
    ask("delete", DELETE, {"id": EDIT}, credential="editor"),
    ask("delete, twice", DELETE, {"id": EDIT}, credential="editor"),
    ask(
        "several changes",
        f"""mutation {{
            a: deleteProduct(id: "{UNKNOWN}")
            b: createProduct(input: {{sku: "GQL-2", name: "Second", price: 1}}) {{ sku version }}
            c: createProduct(input: {{sku: "GQL-2", name: "Third", price: 1}}) {{ sku }} }}""",
        credential="editor",
    ),
]
