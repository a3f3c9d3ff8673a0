"""`POST /graphql`: one address, JSON in and out. Nothing else: no GET, no forms, no uploads, no page of its own."""

from typing import Any

import orjson
import structlog
from fastapi import APIRouter, Request
from graphql import GraphQLError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from strawberry.types.execution import PreExecutionError

from api.graphql.context import Context
from api.graphql.errors import BadRequest, LimitExceeded, of_request, render
from api.graphql.limits import Limits, limits_of
from api.graphql.request import JSON_TYPE, RESPONSE_TYPE, Operation, Sent, prepare, read_body
from api.graphql.schema import schema
from api.problems import from_database, request_id_of
from catalog.errors import CatalogError, Unauthenticated
from catalog.principals import Principal
from mappings.json_types import Json

PATH = "/graphql"
# What a unit of the rate limiter buys, of the cost that documents are measured in.
COST_OF_UNIT = 25

router = APIRouter(include_in_schema=False)
_log = structlog.get_logger()


class UnsupportedMediaType(BadRequest):
    status = 415


@router.post(PATH)
async def graphql(request: Request) -> Response:
    """Answered as GraphQL over HTTP has it: `application/json` has 200 for every document, whatever became of it;
    `application/graphql-response+json` has 400 for one that was not run."""
    limits = limits_of(request.app.state.settings)
    try:
        _check_type(request)
        sent, batch = read_body(await request.body(), limits)
        who = await _identify(request)
    except CatalogError as error:
        return _refuse(request, error)
    operations = [_prepared(each, limits) for each in sent]
    try:
        await _spend(request, who, operations, limits)
    except CatalogError as error:
        return _refuse(request, error)
    answers = [await _answer(request, who, operation, limits) for operation in operations]
    return _respond(request, answers if batch else answers[0])


@router.api_route(PATH, methods=["GET", "HEAD"])
async def no_page() -> Response:
    """Said here, or the shop's pages would answer a browser."""
    raise HTTPException(405, headers={"Allow": "POST"})


def _check_type(request: Request) -> None:
    """A page elsewhere can make a browser send forms and plain text here without asking, and no JSON (CSRF)."""
    sent = request.headers.get("content-type", "")
    if sent.partition(";")[0].strip().lower() != JSON_TYPE:
        raise UnsupportedMediaType(f"Send the request as JSON, with the header Content-Type: {JSON_TYPE}.")


async def _identify(request: Request) -> Principal:
    headers = request.headers
    try:
        who: Principal = await request.app.state.identity.identify(
            headers.get("authorization"), headers.get("x-api-key")
        )
    except (DBAPIError, PoolTimeout) as error:
        raise from_database(error) or error from error
    return who


def _prepared(sent: Sent, limits: Limits) -> Operation | CatalogError | GraphQLError:
    try:
        return prepare(sent, limits)
    except (CatalogError, GraphQLError) as error:
        return error


async def _spend(request: Request, who: Principal, operations: list[Any], limits: Limits) -> None:
    """Operations of a batch have one budget together. The limiter has taken one unit for the request already."""
    cost = sum(operation.measured.cost for operation in operations if isinstance(operation, Operation))
    if cost > limits.cost:
        raise LimitExceeded("cost", limits.cost, f"{cost:,}", "Send fewer operations in a batch.")
    units = -(-cost // COST_OF_UNIT) - 1
    if units > 0:
        address = request.scope["client_address"]
        request.scope["rate_limit"] = await request.app.state.limiter.spend(who, address, units, "graphql")


async def _answer(
    request: Request, who: Principal, operation: Operation | CatalogError | GraphQLError, limits: Limits
) -> Json:
    request_id = request_id_of(request)
    if isinstance(operation, CatalogError):
        return {"errors": [of_request(operation, request_id)]}
    if isinstance(operation, GraphQLError):
        return {"errors": [render(operation, request_id, guesses=limits.introspection)]}
    context = Context(request.app.state.services, who, operation.document)
    result = await schema.execute(
        operation.sent.query,
        variable_values=dict(operation.sent.variables),
        context_value=context,
        operation_name=operation.name,
    )
    errors = [render(error, request_id, guesses=limits.introspection) for error in result.errors or ()]
    _log.info(
        "graphql.operation", kind=operation.kind, name=operation.name, cost=operation.measured.cost,
        depth=operation.measured.depth, errors=sorted({error["extensions"]["code"] for error in errors}),
    )  # fmt: skip
    answer: Json = {} if isinstance(result, PreExecutionError) else {"data": result.data}
    return answer | ({"errors": errors} if errors else {})


def _respond(request: Request, answer: Any) -> Response:
    media = RESPONSE_TYPE if RESPONSE_TYPE in request.headers.get("accept", "") else JSON_TYPE
    refused = isinstance(answer, dict) and "data" not in answer
    status = 400 if refused and media == RESPONSE_TYPE else 200
    return Response(orjson.dumps(answer), status, media_type=media)


def _refuse(request: Request, error: CatalogError) -> Response:
    """The request as a whole."""
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}
    if retry_after := getattr(error, "retry_after", None):
        headers["Retry-After"] = str(retry_after)
    body = {"errors": [of_request(error, request_id_of(request))]}
    return Response(orjson.dumps(body), error.status, headers, JSON_TYPE)
