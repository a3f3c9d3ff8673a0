"""Search and autocomplete: parse, ask the engine, answer."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends, Request
from starlette.responses import Response

from api.auth import may_search
from api.problems import answers
from api.rest.search_models import (
    AUTOCOMPLETE_PARAMETERS,
    SEARCH_BODY,
    SEARCH_PARAMETERS,
    AutocompleteOut,
    SearchOut,
)
from api.routing import JsonRoute
from search.engine import SearchEngine
from search.request import parameters_of, parse_autocomplete, parse_request

router = APIRouter(prefix="/api/v1", tags=["search"], route_class=JsonRoute, dependencies=[Depends(may_search)])

PATH = "/api/v1/search"
# Room for every filter that is allowed; as much as an address may have, many times over.
MAX_BODY_BYTES = 64 * 1024

# The parameters are open-ended (`attr.NAME`), so they are described by hand and parsed by `search.request`.
_BODY = {"required": True, "content": {"application/json": {"schema": SEARCH_BODY}}}
_FOUND: dict[int | str, dict[str, Any]] = {200: {"model": SearchOut, "description": "Hits and facets"}}
_COMPLETED: dict[int | str, dict[str, Any]] = {200: {"model": AutocompleteOut, "description": "Suggestions"}}


def _answer(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


@router.get(
    "/search",
    summary="Search the catalogue",
    responses={**_FOUND, **answers(401, 422, 503)},
    openapi_extra={"parameters": SEARCH_PARAMETERS},
)
async def search(request: Request) -> Response:
    engine: SearchEngine = request.app.state.search
    return _answer(await engine.search(parse_request(request.query_params.multi_items())))


@router.post(
    "/search",
    summary="Search with the same names as JSON",
    responses={**_FOUND, **answers(401, 413, 422, 503)},
    openapi_extra={"requestBody": _BODY},
)
async def search_json(request: Request, body: Annotated[dict[str, Any], Body()]) -> Response:
    engine: SearchEngine = request.app.state.search
    return _answer(await engine.search(parse_request(parameters_of(body))))


@router.get(
    "/autocomplete",
    summary="Complete what is being typed",
    responses={**_COMPLETED, **answers(401, 422, 503)},
    openapi_extra={"parameters": AUTOCOMPLETE_PARAMETERS},
)
async def autocomplete(request: Request) -> Response:
    engine: SearchEngine = request.app.state.search
    q, limit, category = parse_autocomplete(request.query_params.multi_items())
    return _answer(await engine.autocomplete(q, limit, category))
