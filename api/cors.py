"""Which web pages may call the interface from a browser: exactly the origins of the setting, and by default none."""

from typing import Any

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import request_ids
from api.problems import respond
from catalog.errors import Forbidden

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REQUEST_HEADERS = (
    "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-API-Key", request_ids.HEADER,
)  # fmt: skip
ANSWER_HEADERS = (
    "Deprecation", "ETag", "Idempotency-Replayed", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After",
    "Sunset", request_ids.HEADER,
)  # fmt: skip
# Preflights may be remembered this long.
SECONDS = 600


class Cors(CORSMiddleware):
    """Starlette's, with a problem for an origin that is not allowed. There are no cookies to allow credentials for."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            expose_headers=ANSWER_HEADERS,
            allow_credentials=False,
            max_age=SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            headers = Headers(scope=scope)
            if "access-control-request-method" in headers and "origin" in headers:
                answer: Any = self.preflight_response(headers)
                if answer.status_code >= 400:
                    answer = self._refused(scope["request_id"], answer)
                await answer(scope, receive, send)
                return
        await super().__call__(scope, receive, send)

    @staticmethod
    def _refused(request_id: str, answer: Response) -> Response:
        refusal = bytes(answer.body).decode()
        return respond(request_id, Forbidden(f"{refusal}. CATALOG_CORS_ORIGINS names the pages that may call."))
