"""For administrators: audit log, webhooks, quarantine, rebuilds, metrics; and the stream of events, at last."""

from tests.recording.identifiers import UNKNOWN, product_id
from tests.recording.steps import EventStream, GrpcCall, Step, get, send

AUDIT, HOOKS, QUARANTINE, REINDEX = (
    "/api/v1/admin/audit",
    "/api/v1/webhooks",
    "/api/v1/admin/quarantine",
    "/api/v1/admin/reindex",
)
HOOK = {"url": "https://shop.example.com/hook", "types": ["PriceChanged"], "description": "of the shop"}
WRONG_HOOKS = {
    "empty": {},
    "scheme": {"url": "ftp://x.example.com"},
    "http": {"url": "http://shop.example.com/"},
    "private": {"url": "https://10.0.0.1/x"},
    "user": {"url": "https://a:b@shop.example.com/"},
    "type": {"url": "https://shop.example.com/", "types": ["Anything"]},
    "unknown": HOOK | {"x": 1},
}
ALL = {"all": True}
# What a rebuild had done so far, and how fast.
MOMENTS = ("rate", "remaining_seconds", "documents", "total", "state", "phase", "index", "started_at", "finished_at")

STEPS: list[Step] = [
    send("webhooks: create", "POST", HOOKS, HOOK, "webhooks", credential="admin", saves={"hook": "id"}),
    *(
        send(f"webhooks: create refused, {name}", "POST", HOOKS, body, "webhooks", credential="admin")
        for name, body in WRONG_HOOKS.items()
    ),
    send("webhooks: create, by an editor", "POST", HOOKS, HOOK, "webhooks", credential="editor"),
    get("webhooks: list", HOOKS, "webhooks", credential="admin"),
    get("webhooks: one", f"{HOOKS}/${{hook}}", "webhooks", credential="admin"),
    get("webhooks: unknown", f"{HOOKS}/{UNKNOWN}", "webhooks", credential="admin"),
    send("webhooks: rotate", "POST", f"{HOOKS}/${{hook}}/rotate", None, "webhooks", credential="admin"),
    send("webhooks: enable", "POST", f"{HOOKS}/${{hook}}/enable", None, "webhooks", credential="admin"),
    send("webhooks: ping", "POST", f"{HOOKS}/${{hook}}/ping", None, "webhooks", credential="admin"),
    get("webhooks: deliveries", f"{HOOKS}/${{hook}}/deliveries", "webhooks", credential="admin"),
    get("webhooks: dead deliveries", f"{HOOKS}/${{hook}}/deliveries?state=dead", "webhooks", credential="admin"),
    get(
        "webhooks: deliveries in an unknown state",
        f"{HOOKS}/${{hook}}/deliveries?state=lost",
        "webhooks",
        credential="admin",
    ),
    send("webhooks: replay", "POST", f"{HOOKS}/${{hook}}/replay", {}, "webhooks", credential="admin"),
    send("webhooks: replay refused", "POST", f"{HOOKS}/${{hook}}/replay", {"ids": []}, "webhooks", credential="admin"),
    send("webhooks: delete", "DELETE", f"{HOOKS}/${{hook}}", None, "webhooks", credential="admin"),
    send("webhooks: delete, twice", "DELETE", f"{HOOKS}/${{hook}}", None, "webhooks", credential="admin"),
    get("quarantine: list", QUARANTINE, "admin", credential="admin"),
    get("quarantine: list, by an editor", QUARANTINE, "admin", credential="editor"),
    send("quarantine: replay all", "POST", f"{QUARANTINE}/replay", ALL, "admin", credential="admin"),
    send(
        "quarantine: replay one",
        "POST",
        f"{QUARANTINE}/replay",
        {"ids": [product_id("TEE")]},
        "admin",
        credential="admin",
    ),
    send("quarantine: drop one", "POST", f"{QUARANTINE}/drop", {"ids": [UNKNOWN]}, "admin", credential="admin"),
    send("quarantine: drop nothing", "POST", f"{QUARANTINE}/drop", {}, "admin", credential="admin"),
    send(
        "quarantine: drop both",
        "POST",
        f"{QUARANTINE}/drop",
        {"ids": [UNKNOWN], "all": True},
        "admin",
        credential="admin",
    ),
    get("audit: list", f"{AUDIT}?per_page=100", "admin", credential="admin"),
    get("audit: second page", f"{AUDIT}?per_page=100&page=2", "admin", credential="admin"),
    get("audit: of a product", f"{AUDIT}?target=product:{product_id('EDIT-1')}", "admin", credential="admin"),
    get("audit: by action", f"{AUDIT}?action=category.update", "admin", credential="admin"),
    get("audit: by actor", f"{AUDIT}?actor=cli", "admin", credential="admin"),
    get("audit: by an editor", AUDIT, "admin", credential="editor"),
    get("audit: unknown parameter", f"{AUDIT}?x=1", "admin", credential="admin"),
    GrpcCall(
        name="grpc: watch all changes",
        interface="grpc",
        rpc="WatchProducts",
        request={"afterPosition": "0"},
        messages=25,
    ),
    GrpcCall(
        name="grpc: watch one product",
        interface="grpc",
        rpc="WatchProducts",
        request={"afterPosition": "0", "productIds": [product_id("EDIT-1")]},
        messages=3,
    ),
    GrpcCall(
        name="grpc: watch what is forced",
        interface="grpc",
        rpc="WatchProducts",
        credential="key-wear",
        request={"afterPosition": "0"},
        messages=1,
    ),
    EventStream(name="domain events: the stream", interface="events"),
    get("metrics", "/metrics", "metrics"),
    get("metrics without Elasticsearch", "/metrics", "metrics", server="degraded"),
    get("rebuilds: list", REINDEX, "admin", credential="admin", volatile=("rate",)),
    get("rebuilds: by an editor", REINDEX, "admin", credential="editor"),
    get("rebuilds: unknown", f"{REINDEX}/{UNKNOWN}", "admin", credential="admin"),
    send("rebuilds: start refused", "POST", REINDEX, {"shards": 0}, "admin", credential="admin"),
    send(
        "rebuilds: start",
        "POST",
        REINDEX,
        {"shards": 1},
        "admin",
        credential="admin",
        saves={"job": "id"},
        volatile=MOMENTS,
    ),
    get("rebuilds: progress", f"{REINDEX}/${{job}}", "admin", credential="admin", volatile=MOMENTS),
    send("rebuilds: cancel unknown", "POST", f"{REINDEX}/{UNKNOWN}/cancel", None, "admin", credential="admin"),
]
