"""Search and autocomplete: parse, ask the engine, answer."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends, Request
from starlette.responses import Response

from api.auth import current_claims, may_search, require_merchandiser
from api.problems import answers
from api.rest.search_models import (
    AUTOCOMPLETE_PARAMETERS,
    SEARCH_BODY,
    SEARCH_PARAMETERS,
    VALUES_PARAMETERS,
    AutocompleteOut,
    Facet,
    SearchesIn,
    SearchesOut,
    SearchOut,
)
from api.routing import JsonRoute
from catalog.errors import FieldError, InvalidInput
from catalog.services.tokens import Claims
from search.engine import SearchEngine
from search.request import SearchRequest, parameters_of, parse_autocomplete, parse_prefix

router = APIRouter(prefix="/api/v1", tags=["search"], route_class=JsonRoute, dependencies=[Depends(may_search)])

ClaimsDep = Annotated[Claims | None, Depends(current_claims)]

PATH = "/api/v1/search"
# Room for every filter that is allowed; as much as an address may have, many times over.
MAX_BODY_BYTES = 64 * 1024

# The parameters are open-ended (`attr.NAME`), so they are described by hand and parsed by `search.request`.
_BODY = {"required": True, "content": {"application/json": {"schema": SEARCH_BODY}}}
_FOUND: dict[int | str, dict[str, Any]] = {200: {"model": SearchOut, "description": "Hits and facets"}}
_COMPLETED: dict[int | str, dict[str, Any]] = {200: {"model": AutocompleteOut, "description": "Suggestions"}}
_VALUES: dict[int | str, dict[str, Any]] = {200: {"model": Facet, "description": "The facet with these values"}}


def _answer(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


@router.get(
    "/search",
    summary="Search the catalogue",
    responses={**_FOUND, **answers(401, 403, 422, 503)},
    openapi_extra={"parameters": SEARCH_PARAMETERS},
)
async def search(request: Request, claims: ClaimsDep) -> Response:
    engine: SearchEngine = request.app.state.search
    found = await engine.read(request.query_params.multi_items())
    return _answer(await engine.search(_allowed(found, claims)))


@router.post(
    "/search",
    summary="Search with the same names as JSON",
    responses={**_FOUND, **answers(401, 403, 413, 422, 503)},
    openapi_extra={"requestBody": _BODY},
)
async def search_json(request: Request, claims: ClaimsDep, body: Annotated[dict[str, Any], Body()]) -> Response:
    engine: SearchEngine = request.app.state.search
    return _answer(await engine.search(_allowed(await engine.read(parameters_of(body)), claims)))


def _allowed(found: SearchRequest, claims: Claims | None) -> SearchRequest:
    """The request, unless it asks for more than its owner may see."""
    if found.explain:
        require_merchandiser(claims, "explain")
    return found


@router.post("/search/multi", summary="Up to 20 searches at once", responses=answers(401, 403, 413, 422, 503))
async def search_multi(request: Request, claims: ClaimsDep, body: SearchesIn) -> SearchesOut:
    """Each item is a body of `POST /search`; `results` are their answers, in order. A mistake in one refuses all."""
    engine: SearchEngine = request.app.state.search
    found = await engine.search_all(
        [_allowed(await _read_item(engine, number, item), claims) for number, item in enumerate(body.searches)]
    )
    return _answer({"results": found})  # type: ignore[return-value]  # as the models say, without being checked again


async def _read_item(engine: SearchEngine, number: int, item: dict[str, Any]) -> SearchRequest:
    try:
        return await engine.read(parameters_of(item))
    except InvalidInput as error:
        faults = tuple(FieldError(f"searches.{number}.{fault.field}", fault.message) for fault in error.errors)
        raise InvalidInput(f"searches.{number}: {error}", faults) from error


# A name may hold a slash, as any attribute's name may.
@router.get(
    "/search/facets/{name:path}",
    summary="Search within the values of one facet",
    responses={**_VALUES, **answers(401, 404, 422, 503)},
    openapi_extra={"parameters": VALUES_PARAMETERS},
)
async def facet_values(request: Request, name: str) -> Response:
    """The 50 commonest values of which some word begins with `prefix`, whatever its case and accents.

    They are counted under the same words and filters as the facet on the result page, whose address may be taken whole:
    sort, page, per_page and facets are allowed and change nothing.
    """
    engine: SearchEngine = request.app.state.search
    prefix, items = parse_prefix(request.query_params.multi_items())
    return _answer(await engine.facet_values(await engine.read(items), name, prefix))


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
