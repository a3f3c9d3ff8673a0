"""uvicorn's HTTP/1.1 protocol, with bounds on what a connection may cost before there is a request to answer.

uvicorn itself waits for ever for headers and for the rest of a body, and keeps headers of any size.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from catalog.settings import Settings

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 27\r\nconnection: close\r\n\r\nThe headers are too large.\n"
)


class BoundedProtocol(HttpToolsProtocol):
    """A request's headers come within `header_seconds` and `header_bytes`, its body within `body_seconds`."""

    header_seconds = 15.0
    header_bytes = 64 * 1024
    body_seconds = 900.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timer: asyncio.TimerHandle | None = None
        self._between = True
        self._unparsed = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._allow(self.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._allow(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._between:
            self._unparsed += len(data)
        super().data_received(data)
        if self._between and self._unparsed > self.header_bytes:
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._between = True
        self._allow(self.header_seconds)

    def on_headers_complete(self) -> None:
        self._between, self._unparsed = False, 0
        self._allow(self.body_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._between = True
        self._allow(None)

    def _allow(self, seconds: float | None) -> None:
        """Close the connection unless the next step is taken in so many seconds."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._close)

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def bounded_protocol(settings: Settings) -> type[BoundedProtocol]:
    bounds = {
        "header_seconds": settings.header_timeout_seconds,
        # The address stands before the headers; who is a little over is told so by a problem.
        "header_bytes": 2 * (settings.max_header_bytes + settings.max_url_bytes),
        "body_seconds": max(settings.bulk_timeout_seconds, settings.request_timeout_seconds),
    }
    return type("BoundedProtocol", (BoundedProtocol,), bounds)
