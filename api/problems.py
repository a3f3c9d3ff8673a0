"""The one place that renders errors: problem+json by RFC 9457, the same for every front door under HTTP."""

from http import HTTPStatus

import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from catalog.errors import CatalogError, FieldError, InvalidInput, TooManyRequests, Unauthenticated, Unavailable
from catalog.schemas.messages import field_errors
from catalog.services.constraint_errors import explain
from mappings.json_types import Json

MEDIA_TYPE = "application/problem+json"
# insufficient_resources, lock_not_available, query_canceled: the server is there and too busy.
_BUSY = ("53", "55P03", "57014")
_log = structlog.get_logger()


class ProblemField(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it. `errors` names the fields that are wrong, as the client wrote them."""

    type: str = Field(examples=["urn:catalog:problem:invalid-input"])
    title: str = Field(examples=["Invalid input"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["price: must be 0 or more"])
    errors: list[ProblemField] = Field(examples=[[{"field": "price", "message": "must be 0 or more"}]])
    request_id: str = Field(examples=["5f0c1c5e6a3a4c0f9d8e7b6a5c4d3e2f"])


# Answers of an endpoint by status, as FastAPI describes them.
Responses = dict[int | str, Json]


def answers(*statuses: int) -> Responses:
    """The error answers of an endpoint, for its OpenAPI page."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}} for status in statuses}


def respond(request_id: str, error: CatalogError, headers: dict[str, str] | None = None) -> Response:
    body = {
        "type": "urn:catalog:problem:" + error.title.lower().replace(" ", "-"),
        "title": error.title,
        "status": error.status,
        "detail": _sendable(error.detail),
        "errors": [{"field": _sendable(wrong.field), "message": _sendable(wrong.message)} for wrong in error.errors],
        "request_id": request_id,
    }
    headers = dict(headers or {})
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Unavailable | TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, TooManyRequests) and error.policy:
        headers["RateLimit-Policy"] = f'"{error.policy}";q={error.limit};w={error.window}'
        headers["RateLimit"] = f'"{error.policy}";r=0;t={error.retry_after}'
    return Response(orjson.dumps(body), error.status, headers, MEDIA_TYPE)


def request_id_of(request: Request) -> str:
    return str(request.scope.get("request_id", ""))


def from_database(error: DBAPIError | PoolTimeout) -> CatalogError | None:
    """Why a statement failed that no service explained: the client, a server too busy, or None for a fault of ours."""
    if isinstance(error, PoolTimeout):
        return Unavailable("All connections to the database are in use. Try again in a moment.")
    if (getattr(error.orig, "sqlstate", None) or "").startswith(_BUSY):
        return Unavailable("The database is too busy. Try again in a moment.")
    return explain(error)


def install(app: FastAPI) -> None:
    """Errors that leave an endpoint are rendered here; what nobody foresaw is left to the outermost middleware."""

    @app.exception_handler(CatalogError)
    async def catalog_error(request: Request, error: CatalogError) -> Response:
        return respond(request_id_of(request), error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        errors = field_errors(error.errors())
        detail = "; ".join(f"{wrong.field}: {wrong.message}" for wrong in errors[:5])
        return respond(request_id_of(request), InvalidInput(detail, errors))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        # FastAPI answers 400 to nothing but a body that can't be read.
        detail, unreadable = _http_detail(request, error), error.status_code == HTTPStatus.BAD_REQUEST
        problem = CatalogError(detail, (FieldError("body", detail),) if unreadable else ())
        problem.status, problem.title = error.status_code, _title(error.status_code)
        return respond(request_id_of(request), problem, dict(error.headers or {}))

    @app.exception_handler(PoolTimeout)
    @app.exception_handler(DBAPIError)
    async def database_error(request: Request, error: DBAPIError | PoolTimeout) -> Response:
        problem = from_database(error)
        if problem is None:
            raise error
        _log.warning("database.refused", error=str(error.__cause__ or error), status=problem.status)
        return respond(request_id_of(request), problem)


def _title(status: int) -> str:
    titles = {kind.status: kind.title for kind in CatalogError.__subclasses__()}
    return titles.get(status) or HTTPStatus(status).phrase.capitalize()


def _http_detail(request: Request, error: HTTPException) -> str:
    if error.status_code == HTTPStatus.NOT_FOUND and error.detail == HTTPStatus.NOT_FOUND.phrase:
        return f"There is nothing at {request.url.path}. The addresses are listed at /docs."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        return f"{request.method} is not possible here; {allowed or 'nothing else'} is."
    return str(error.detail)


def _sendable(text: str) -> str:
    """A lone surrogate in what the client sent can't be sent back."""
    return text.encode(errors="replace").decode()
