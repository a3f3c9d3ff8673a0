"""What the service says of itself: documents, pages of documentation, health, unknown addresses."""

from tests.recording.steps import Step, get, send

STEPS: list[Step] = [
    get("openapi", "/openapi.json", "documents"),
    get("asyncapi", "/asyncapi.json", "documents"),
    get("asyncapi page", "/asyncapi", "documents"),
    get("docs page", "/docs", "documents"),
    get("docs script", "/docs/assets/swagger-ui-bundle.js", "documents"),
    get("docs icon", "/docs/assets/favicon-32x32.png", "documents"),
    get("health: live", "/health/live", "health"),
    get("health: ready", "/health/ready", "health", volatile=("last_finished_at",)),
    get(
        "health: ready without Elasticsearch",
        "/health/ready",
        "health",
        server="degraded",
        volatile=("last_finished_at", "breaker"),
    ),
    get("health: unknown parameter", "/health/ready?x=1", "health"),
    get("unknown address of the interface", "/api/v1/nothing", "documents"),
    get("unknown address by a program", "/nothing", "documents", headers={"Accept": "application/json"}),
    send("unknown method", "PATCH", "/api/v1/categories", {}, "documents"),
    get("unknown version", "/api/v2/products", "documents"),
    get("slash at the end", "/api/v1/products/", "documents"),
    get("address too long", "/api/v1/products?search=" + "x" * 17_000, "documents"),
    get("headers too large", "/api/v1/products", "documents", headers={"X-Large": "x" * 40_000}),
    get(
        "traceparent",
        "/health/live",
        "health",
        headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    ),
]
