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
    """A route whose parameters check their names themselves."""

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


def _takes(known: set[str]) -> str:
    return f"This address takes {', '.join(sorted(known))}." if known else "This address takes no parameters."
