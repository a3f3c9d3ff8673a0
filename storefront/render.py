"""Templates -> answers: everything escaped, with the headers that keep a page safe even where something was not."""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from storefront import assets
from storefront import formatting as words

# No script, style, frame or form target but our own; pictures may come from a shop's image server.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Prices and stock change: a page may be kept for the way back, and is asked for again otherwise.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}
_WORTH_PACKING = 1024
_LEVEL = 4


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=assets.address)
    environment.filters.update(count=words.count)
    return environment


def page(
    request: Request, template: str, status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> Response:
    """The rendered page. `values` are what the template names; every one of them is escaped there."""
    content = _environment().get_template(template).render(values).encode(errors="replace")
    sent = {**HEADERS, **(headers or {})}
    if len(content) >= _WORTH_PACKING and takes_gzip(request):
        sent["Content-Encoding"] = "gzip"
        content = gzip.compress(content, _LEVEL, mtime=0)
    return Response(content, status, sent, "text/html")


def takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")
