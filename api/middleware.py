"""Around every request: an id, an address, a log line, a metric, safe headers, a limit on the body, and an answer even
to what nobody foresaw."""

import time
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import request_ids, versioning
from api.headers import protect, vary_by_origin
from api.limits.http import headers_of
from api.limits.limiter import Limiter
from api.metrics import METHODS, Metrics
from api.problems import respond
from catalog import tracing
from catalog.errors import CatalogError, TooLarge
from mappings.json_types import Json

_REQUEST_ID = request_ids.HEADER.lower().encode()
# Asked every few seconds by machines.
_UNTRACED = ("/health/", "/metrics")
_log = structlog.get_logger()


class RequestContext:
    """The outermost one. Leaves `request_id` and `client_address` in the scope, of web sockets as well."""

    def __init__(self, app: ASGIApp, metrics: Metrics, limiter: Limiter, *, varies_by_origin: bool = False) -> None:
        self.app = app
        self.metrics = metrics
        self.limiter = limiter
        self.varies_by_origin = varies_by_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        with structlog.contextvars.bound_contextvars(**self._enter(scope)):
            if scope["type"] == "http":
                await self._answer(scope, receive, send)
            else:
                await self.app(scope, receive, send)

    def _enter(self, scope: Scope) -> Json:
        """Who it is and where it comes from; the fields that every log line of it carries."""
        headers, peer = Headers(scope=scope), (scope.get("client") or (None,))[0]
        scope["request_id"] = request_ids.request_id(headers.get(request_ids.HEADER))
        scope["client_address"] = self.limiter.address(peer, ",".join(headers.getlist("x-forwarded-for")))
        if headers.get("x-forwarded-proto") == "https" and self.limiter.trusts(peer):
            scope["scheme"] = "https" if scope["type"] == "http" else "wss"
        trace = request_ids.trace_id(headers.get("traceparent"))
        return {"request_id": scope["request_id"], **({"trace_id": trace} if trace else {})}

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(_UNTRACED):
            await self._respond(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        attributes = {"http.request.method": method, "catalog.request_id": scope["request_id"]}
        with tracing.server_span(method, Headers(scope=scope).get("traceparent"), attributes) as span:
            if trace := tracing.trace_id(span):
                structlog.contextvars.bind_contextvars(trace_id=trace)
            status = await self._respond(scope, receive, send)
            route = route_template(scope)
            span.update_name(f"{method} {route}")
            span.set_attributes({"http.route": route, "http.response.status_code": status})
            if status >= 500:
                tracing.failed(span, str(status))

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> int:
        """The status of the answer; 0 for none."""
        started, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._headers(list(message.get("headers", ())), scope, status)
            await send(message)

        with self.metrics.in_flight():
            try:
                await self.app(scope, receive, send_with_headers)
            except Exception:
                _log.exception("http.failed", method=scope["method"], path=scope["path"])
                if not status:
                    error = CatalogError("Something went wrong here. The request_id finds it in the log.")
                    await respond(scope["request_id"], error)(scope, receive, send_with_headers)
        seconds = time.perf_counter() - started
        self.metrics.observe(scope["method"], route_template(scope), status, seconds)
        _log.info("http.request", method=scope["method"], path=scope["path"], status=status, seconds=round(seconds, 4))
        return status

    def _headers(self, raw: list[tuple[bytes, bytes]], scope: Scope, status: int) -> list[tuple[bytes, bytes]]:
        raw.append((_REQUEST_ID, scope["request_id"].encode()))
        raw += headers_of(scope.get("rate_limit"))
        if versioning.DEPRECATED:
            raw += versioning.headers_of(scope["method"], route_template(scope))
        protect(raw, scope, status)
        if self.varies_by_origin:
            vary_by_origin(raw)
        return raw


def route_template(scope: Scope) -> str:
    """'/api/v1/products/{product_id}'; addresses that no route knows are one and the same, or metrics would grow."""
    if "route" not in scope:
        return "unknown"
    template = str(scope["path"])
    for name, value in scope.get("path_params", {}).items():
        template = template.replace(f"/{value}", f"/{{{name}}}", 1)
    return template


class BodyLimit:
    """Refuses a body over the limit: at once by its Content-Length, or when that many bytes have come in."""

    def __init__(self, app: ASGIApp, limit_of: Callable[[str], int]) -> None:
        self.app = app
        self.limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limit_of(scope["path"])
        detail = f"The body may have at most {limit:,} bytes."
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            await respond(scope["request_id"], TooLarge(detail))(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                # The one kind of exception that FastAPI lets through while it reads a body.
                raise HTTPException(413, detail)
            return message

        await self.app(scope, counted, send)
