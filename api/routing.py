"""Routes that take nothing they do not know, and survive any body."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from catalog.errors import FieldError, InvalidInput

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class JsonRequest(Request):
    """Says what is wrong with a body that no JSON parser takes; bad syntax is told by FastAPI, with its position."""

    async def json(self) -> Any:
        try:
            return json.loads(await self.body())
        except RecursionError:
            raise HTTPException(400, "The JSON in the body is nested too deeply.") from None
        except UnicodeDecodeError:
            raise HTTPException(400, "The body is not valid UTF-8.") from None
        except json.JSONDecodeError:
            raise
        except ValueError:
            raise HTTPException(400, "The JSON in the body holds a number with too many digits.") from None


class JsonRoute(APIRoute):
    """A route whose parameters check their names themselves. Where there is GET there is HEAD (RFC 9110, 9.3.2).

    HEAD is not one of its `methods`, or every page would be described twice.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(self._as_get(scope))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = self._as_get(scope)
        await super().handle(wanted, receive, send if wanted is scope else _without_body(send))

    def _as_get(self, scope: Scope) -> Scope:
        if scope["type"] == "http" and scope["method"] == "HEAD" and "GET" in (self.methods or ()):
            return {**scope, "method": "GET"}
        return scope

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handler


class StrictRoute(JsonRoute):
    """A parameter that the endpoint does not take is refused by name: a misspelled one must not be lost in silence."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        known = {field.alias for field in get_flat_params(self.dependant) if isinstance(field.field_info, Query)}

        async def handler(request: Request) -> Response:
            unknown = sorted(set(request.query_params) - known)
            if unknown:
                raise InvalidInput(
                    f"Unknown parameter {', '.join(unknown)[:200]}. {_takes(known)}",
                    tuple(FieldError(name[:200], "is not a known parameter") for name in unknown[:100]),
                )
            return await handle(request)

        return handler


def _without_body(send: Send) -> Send:
    async def send_headers(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_headers


def _takes(known: set[str]) -> str:
    return f"This address takes {', '.join(sorted(known))}." if known else "This address takes no parameters."
