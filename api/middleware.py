"""Around every request: an id, a log line, a metric, a limit on the body, and an answer even to what nobody foresaw."""

import re
import time
from collections.abc import Callable
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics
from api.problems import respond
from catalog.errors import CatalogError, TooLarge

REQUEST_ID = "X-Request-ID"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_log = structlog.get_logger()


class RequestContext:
    """The outermost one. The id is the client's X-Request-ID if it is a sane one, and is answered in any case."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = scope["request_id"] = sent if _SANE_ID.fullmatch(sent) else uuid4().hex
        started, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_with_id)
            except Exception:
                _log.exception("http.failed", method=scope["method"], path=scope["path"])
                if not status:
                    error = CatalogError("Something went wrong here. The request_id finds it in the log.")
                    await respond(request_id, error)(scope, receive, send_with_id)
            seconds = time.perf_counter() - started
            template = route_template(scope)
            self.metrics.observe(scope["method"], template, status, seconds)
            _log.info(
                "http.request", method=scope["method"], path=scope["path"], status=status, seconds=round(seconds, 4)
            )


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
