"""The one place that renders errors of this door: what each carries, and what nobody foresaw masked and logged."""

import re
from collections.abc import Mapping
from typing import Any

import structlog
from graphql import GraphQLError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.problems import from_database
from catalog.errors import CatalogError, FieldError, InvalidInput
from catalog.schemas.messages import field_errors
from mappings.json_types import Json

INTERNAL = "INTERNAL"
_CODES = {
    400: "INVALID_INPUT",
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    412: "CONFLICT",
    413: "INVALID_INPUT",
    415: "INVALID_INPUT",
    422: "INVALID_INPUT",
    429: "RATE_LIMITED",
    503: "UNAVAILABLE",
}
_UNDERSCORED = re.compile(r"(?<=[a-z])_([a-z])")
_GUESS = re.compile(r"\s*Did you mean .*", re.DOTALL)
_MASKED = "Something went wrong here. The requestId finds it in the log."
_log = structlog.get_logger()


class BadRequest(CatalogError):
    """What was sent is no GraphQL request, or its document is not one for this schema."""

    status = 400
    title = "Bad request"


class LimitExceeded(BadRequest):
    """The document asks for too much; `limit` is told to the client."""

    title = "Limit exceeded"

    def __init__(self, name: str, allowed: int, count: int | str, remedy: str) -> None:
        super().__init__(f"{name}: at most {allowed:,} are allowed, and this asks for {count}. {remedy}")
        self.limit: Json = {"name": name, "allowed": allowed}


def invalid(error: ValidationError) -> InvalidInput:
    """Pydantic's errors as REST says them."""
    placed = [{**details, "loc": ("body", *details["loc"])} for details in error.errors()]
    errors = field_errors(placed)
    return InvalidInput("; ".join(f"{wrong.field}: {wrong.message}" for wrong in errors[:5]), errors)


def camel(name: str) -> str:
    """compare_at_price -> compareAtPrice."""
    return _UNDERSCORED.sub(lambda match: match[1].upper(), name)


def render(error: GraphQLError, request_id: str, *, guesses: bool = True) -> Json:
    """An error as it is answered. `guesses`: whether the schema may show through in "Did you mean"."""
    known = _foreseen(error)
    if known is None:
        _log.error("graphql.failed", path=error.path, exc_info=error.original_error)
        return _entry(error, _MASKED, {"code": INTERNAL, "status": 500, "errors": [], "requestId": request_id})
    message = known.detail if guesses else _GUESS.sub("", known.detail)
    return _entry(error, message, extensions(known, request_id))


def of_request(error: CatalogError, request_id: str) -> Json:
    """An error of the request as a whole."""
    return {"message": error.detail, "extensions": extensions(error, request_id)}


def extensions(error: CatalogError, request_id: str) -> Json:
    entry: Json = {
        "code": _CODES.get(error.status, INTERNAL),
        "status": error.status,
        "errors": [{"field": _named(wrong), "message": wrong.message} for wrong in error.errors],
        "requestId": request_id,
    }
    limit: Mapping[str, Any] | None = getattr(error, "limit", None)
    retry_after: int | None = getattr(error, "retry_after", None)
    return entry | ({"limit": limit} if limit else {}) | ({"retryAfter": retry_after} if retry_after else {})


def _foreseen(error: GraphQLError) -> CatalogError | None:
    """What the client is told; None for a fault of ours."""
    original = error.original_error
    while isinstance(original, GraphQLError):
        error, original = original, original.original_error
    if isinstance(original, CatalogError):
        return original
    if isinstance(original, DBAPIError | PoolTimeout):
        return from_database(original)
    # What graphql-core says by itself, or of a place in the document that no resolver has been asked for, is wrong with
    # the document or with values for it.
    of_document = error.nodes is not None and not error.path
    return BadRequest(error.message) if original is None or of_document else None


def _named(wrong: FieldError) -> str:
    """The field as this door spells it; names of attributes are the shop's own, and stay."""
    return wrong.field if wrong.field.startswith("attr") else camel(wrong.field)


def _entry(error: GraphQLError, message: str, extras: Json) -> Json:
    entry: Json = {"message": message, "extensions": extras}
    if error.locations:
        entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        entry["path"] = error.path
    return entry
