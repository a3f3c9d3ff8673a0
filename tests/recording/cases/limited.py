"""A server with narrow doors: searches need a credential, budgets are small, other origins may call."""

from dataclasses import replace

from tests.recording.steps import GrpcCall, LiveConversation, Receive, Send, Step, get, send

SHOP = {"Origin": "https://shop.example.com"}
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,authorization"}
INTROSPECTION = {"query": "{ __schema { types { name } } }"}
BATCH = [{"query": "{ __typename }"}, {"query": "{ nothing }"}]

_STEPS: list[Step] = [
    get(
        "limited: search, by an analyst",
        "/api/v1/search?q=laptop&facets=none",
        "limits",
        server="limited",
        credential="analyst",
    ),
    get(
        "limited: another origin", "/api/v1/categories", "limits", server="limited", credential="analyst", headers=SHOP
    ),
    get(
        "limited: unknown origin",
        "/api/v1/categories",
        "limits",
        server="limited",
        credential="analyst",
        headers={"Origin": "https://other.example.com"},
    ),
    send("limited: preflight", "OPTIONS", "/api/v1/search", None, "limits", server="limited", headers=SHOP | PREFLIGHT),
    send(
        "limited: preflight of an unknown origin",
        "OPTIONS",
        "/api/v1/search",
        None,
        "limits",
        server="limited",
        headers={"Origin": "https://other.example.com"} | PREFLIGHT,
    ),
    send("limited: schema", "POST", "/graphql", INTROSPECTION, "limits", server="limited", credential="analyst"),
    send("limited: batch", "POST", "/graphql", BATCH, "limits", server="limited", credential="analyst"),
    send("limited: batch too large", "POST", "/graphql", BATCH * 2, "limits", server="limited", credential="analyst"),
    send(
        "limited: body too large",
        "POST",
        "/api/v1/products",
        {"name": "x" * 3000},
        "limits",
        server="limited",
        credential="editor",
    ),
    get("limited: metrics", "/metrics", "limits", server="limited"),
    get("limited: live", "/health/live", "limits", server="limited"),
    # 12 units a minute for everybody without a credential.
    *(
        get(
            f"limited: search, by nobody, {number}",
            "/api/v1/search?q=laptop",
            "limits",
            server="limited",
        )
        for number in range(1, 6)
    ),
    get("limited: products, by nobody", "/api/v1/products", "limits", server="limited"),
    send("limited: graphql, by nobody", "POST", "/graphql", BATCH[0], "limits", server="limited"),
    get("limited: shop", "/?q=laptop", "limits", server="limited", headers={"Accept": "text/html"}),
    GrpcCall(
        name="limited: grpc, by nobody", interface="limits", rpc="Search", request={"q": "laptop"}, server="limited"
    ),
    GrpcCall(
        name="limited: grpc, by an analyst",
        interface="limits",
        rpc="Search",
        request={"q": "laptop", "facets": ["none"]},
        server="limited",
        credential="analyst",
    ),
    LiveConversation(
        name="limited: live, by nobody",
        interface="limits",
        server="limited",
        closes=True,
        parts=(Send({"type": "subscribe", "search": {"q": "laptop"}}),),
    ),
    LiveConversation(
        name="limited: live, by an analyst",
        interface="limits",
        server="limited",
        credential="analyst",
        parts=(Send({"type": "subscribe", "search": {"q": "laptop"}}), Receive()),
    ),
]
# How long a budget stays spent depends on when in a window the first request came.
STEPS = [replace(step, volatile=("retry-after", "retry_after", "seconds")) for step in _STEPS]
