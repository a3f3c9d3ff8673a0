"""How much of a process one request may take: the length of its first line and headers, its time, and its place."""

import asyncio
from collections.abc import Callable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import respond
from catalog.errors import CatalogError, HeadersTooLarge, Unavailable, UrlTooLong
from catalog.settings import Settings

# A load balancer that gets no answer takes the process for dead, and Prometheus for gone.
_ALWAYS_ANSWERED = ("/health/", "/metrics")
_log = structlog.get_logger()


class Bounds:
    """Refuses at once what is too long, or one too many; ends what takes too long, with the work behind it."""

    def __init__(self, app: ASGIApp, settings: Settings, seconds_of: Callable[[str], float]) -> None:
        self.app = app
        self._settings = settings
        self._seconds_of = seconds_of
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused is not None:
            await respond(scope["request_id"], refused)(scope, receive, send)
            return
        self._running += 1
        try:
            await self._in_time(scope, receive, send)
        finally:
            self._running -= 1

    def _refusal(self, scope: Scope) -> CatalogError | None:
        settings = self._settings
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > settings.max_url_bytes:
            return UrlTooLong(f"The address may have at most {settings.max_url_bytes:,} bytes.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > settings.max_header_bytes:
            return HeadersTooLarge(f"The headers may have at most {settings.max_header_bytes:,} bytes together.")
        if self._running >= settings.max_concurrent_requests and not scope["path"].startswith(_ALWAYS_ANSWERED):
            return Unavailable(f"{self._running} requests are being answered. Try again in a moment.", retry_after=1)
        return None

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        seconds, started = self._seconds_of(scope["path"]), False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(seconds) as timer:
                await self.app(scope, receive, watched)
        except TimeoutError:
            if not timer.expired() or started:
                raise
            _log.warning("http.timed_out", method=scope["method"], path=scope["path"], seconds=seconds)
            error = Unavailable(f"The answer took longer than {seconds:g} seconds, and the work was ended.")
            # Part of the body may still be on its way, as slowly as its sender likes.
            await respond(scope["request_id"], error, {"Connection": "close"})(scope, receive, send)
