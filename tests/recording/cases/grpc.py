"""Every call of the gRPC service, and its health."""

from typing import Any

from tests.recording.cases.graphql import variables_of
from tests.recording.cases.queries import COMPLETIONS, some
from tests.recording.cases.search import SERVERS
from tests.recording.identifiers import UNKNOWN, product_id
from tests.recording.steps import GrpcCall, ServerName, Step

LAPTOP, TEE, DRAFT, EDIT = (product_id(sku) for sku in ("NX-450", "TEE", "DRAFT", "EDIT-7"))


def call(name: str, rpc: str, request: dict[str, Any], **options: Any) -> GrpcCall:
    return GrpcCall(name=f"grpc: {name}", interface="grpc", rpc=rpc, request=request, **options)


def _search(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The message for parameters of REST."""
    variables = variables_of(pairs)
    filters: dict[str, Any] = variables.pop("filters")
    message = {name: value for name, value in variables.items() if value is not None}
    return message | filters


def _reads(server: ServerName) -> list[Step]:
    where = "" if server == "main" else "degraded "
    searches: list[Step] = [
        call(f"{where}search, {name}", "Search", _search(pairs), credential=credential, server=server)
        for name, pairs, credential in some()
    ]
    completions = [
        call(
            f"{where}suggest, {name}",
            "Suggest",
            {"q": dict(pairs).get("q", ""), "limit": 5},
            credential=credential,
            server=server,
        )
        for name, pairs, credential in COMPLETIONS[2:12] + COMPLETIONS[-5:]
    ]
    return [*searches, *completions]


def health(name: str, service: str, server: ServerName = "main") -> GrpcCall:
    return GrpcCall(
        name=f"grpc: health, {name}",
        interface="grpc",
        rpc="Check",
        service="grpc.health.v1.Health",
        request={"service": service},
        server=server,
    )


READS: list[Step] = [
    health("all", ""),
    health("products", "catalog.v1.ProductService"),
    health("without Elasticsearch", "catalog.v1.ProductService", "degraded"),
    health("unknown", "nothing"),
    *(step for server in SERVERS for step in _reads(server)),
    call(
        "search, explain",
        "Search",
        {"q": "laptop", "explain": True, "perPage": 3},
        credential="admin",
        volatile=("now",),
    ),
    call("search, explain by nobody", "Search", {"q": "laptop", "explain": True}),
    call("search, exact", "Search", {"q": "headphnes", "exact": True}),
    call(
        "search, refused", "Search", {"q": "x" * 201, "page": 0, "perPage": 101, "sort": "best", "facets": ["colour"]}
    ),
    call(
        "search, upside down",
        "Search",
        {"priceMin": "9", "priceMax": "8", "attributes": [{"name": "a", "min": 2, "max": 1}]},
    ),
    call("search, forged cursor", "Search", {"cursor": "forged"}),
    call(
        "search, walk",
        "Search",
        {"q": "garden chair", "perPage": 5, "cursor": "*"},
        saves={"grpc_cursor": "next_cursor"},
    ),
    call("search, walk on", "Search", {"q": "garden chair", "perPage": 5, "cursor": "${grpc_cursor}"}),
    call("search, key without scope", "Search", {"q": "laptop"}, credential="key-none"),
    call("suggest, refused", "Suggest", {"q": "a", "limit": 21}),
    call("get", "GetProduct", {"id": TEE}),
    call("get, many letters", "GetProduct", {"id": product_id("JA-1")}),
    call("get, draft", "GetProduct", {"id": DRAFT}),
    call("get, draft by an editor", "GetProduct", {"id": DRAFT}, credential="editor"),
    call("get, hidden by a filter", "GetProduct", {"id": TEE}, credential="key-norvane"),
    call("get, unknown", "GetProduct", {"id": UNKNOWN}),
    call("get, no id", "GetProduct", {"id": "42"}),
    call("list", "ListProducts", {"perPage": 3}),
    call("list, searched", "ListProducts", {"search": "laptop", "category": "devices"}),
    call("list, key-wear", "ListProducts", {"perPage": 3}, credential="key-wear"),
    call("list, refused", "ListProducts", {"page": 0, "perPage": 101, "search": "x" * 201}),
    call("list, key without the right", "ListProducts", {}, credential="key-search"),
    call("watch, refused", "WatchProducts", {"afterPosition": "-1"}, messages=1),
    call("watch, position to come", "WatchProducts", {"afterPosition": "999999999"}, messages=1),
    call("watch, no id", "WatchProducts", {"productIds": ["42"]}, messages=1),
]
FULL = {
    "sku": "RPC-1",
    "name": "Kettle of gRPC",
    "description": "Boils.",
    "price": "29.99",
    "compareAtPrice": "39.50",
    "cost": "12",
    "inventory": 7,
    "gtin": "4006381333979",
    "brand": "Norvane",
    "category": "Kitchen > Kettles",
    "status": "active",
    "popularity": 0.5,
    "publishFrom": "1999-05-01T10:00:00Z",
    "images": [{"url": "https://example.com/k.jpg", "alt": "Kettle"}],
    "attributes": {"color": "black", "weight_g": 900, "cordless": True, "fits": ["gas"]},
    "variants": [{"sku": "RPC-1-S", "price": "29.99", "inventory": 1, "options": {"size": "S"}}],
}
WRITES: list[Step] = [
    call("create, by nobody", "CreateProduct", {"product": FULL}),
    call("create, by an analyst", "CreateProduct", {"product": FULL}, credential="analyst"),
    call("create", "CreateProduct", {"product": FULL}, credential="editor", saves={"rpc_product": "id"}),
    call("create, twice", "CreateProduct", {"product": FULL}, credential="editor"),
    call(
        "create, wrong",
        "CreateProduct",
        {"product": {"sku": "", "name": " ", "price": "-1", "inventory": -2}},
        credential="editor",
    ),
    call("create, nothing", "CreateProduct", {}, credential="editor"),
    call("update", "UpdateProduct", {"id": EDIT, "product": {"price": "19.50"}}, credential="editor"),
    call(
        "update, mask",
        "UpdateProduct",
        {"id": EDIT, "product": {"name": "Quillonite Masked", "price": "1"}, "updateMask": "name,brand"},
        credential="editor",
    ),
    call(
        "update, mask of an attribute",
        "UpdateProduct",
        {"id": EDIT, "product": {"attributes": {"finish": "matte"}}, "updateMask": "attributes.finish"},
        credential="editor",
    ),
    call(
        "update, unknown mask",
        "UpdateProduct",
        {"id": EDIT, "product": {}, "updateMask": "nothing"},
        credential="editor",
    ),
    call(
        "update, stale", "UpdateProduct", {"id": EDIT, "product": {"price": "1"}, "version": "1"}, credential="editor"
    ),
    call("update, unknown", "UpdateProduct", {"id": UNKNOWN, "product": {"price": "1"}}, credential="editor"),
    call("update, wrong", "UpdateProduct", {"id": EDIT, "product": {"price": "cheap"}}, credential="editor"),
    call("delete, stale", "DeleteProduct", {"id": EDIT, "version": "1"}, credential="editor"),
    call("delete, by nobody", "DeleteProduct", {"id": EDIT}),
    call("delete", "DeleteProduct", {"id": "${rpc_product}"}, credential="editor"),
    call("delete, twice", "DeleteProduct", {"id": "${rpc_product}"}, credential="editor"),
]
