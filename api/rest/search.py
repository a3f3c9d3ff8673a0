"""Search and autocomplete: parse, ask the service, answer."""

import math
from typing import Annotated

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from api.auth import SearchDep, Searcher
from api.limits.costs import of_body
from api.limits.http import pay
from api.problems import Responses, answers
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
from catalog.principals import Principal
from mappings.json_types import Json
from search.parameters import Pairs, pairs_of, parse_autocomplete, parse_prefix, read_search
from search.request import SearchRequest
from search.result import to_json
from services.search import SearchService

# Every endpoint takes a Searcher. The router does not ask for one besides: FastAPI would look for all of it twice.
router = APIRouter(prefix="/api/v1", tags=["search"], route_class=JsonRoute)

PATH = "/api/v1/search"
# Room for every filter that is allowed; as much as an address may have, many times over.
MAX_BODY_BYTES = 64 * 1024

# The parameters are open-ended (`attr.NAME`), so they are described by hand and parsed by `search.parameters`.
_BODY = {"required": True, "content": {"application/json": {"schema": SEARCH_BODY}}}
_FOUND: Responses = {200: {"model": SearchOut, "description": "Hits and facets"}}
_COMPLETED: Responses = {200: {"model": AutocompleteOut, "description": "Suggestions"}}
_VALUES: Responses = {200: {"model": Facet, "description": "The facet with these values"}}


def _answer(content: object, age: float | None = None) -> Response:
    """A result as JSON. One that was kept says how old it is where caches look for it, too."""
    headers = None if age is None else {"Age": str(math.ceil(age))}
    return Response(to_json(content), headers=headers, media_type="application/json")


@router.get(
    "/search",
    summary="Search the catalogue",
    responses={**_FOUND, **answers(401, 403, 422, 503)},
    openapi_extra={"parameters": SEARCH_PARAMETERS},
)
async def search(request: Request, service: SearchDep, who: Searcher) -> Response:
    pairs = request.query_params.multi_items()
    result = await service.search(who, await read_search(pairs, lambda: service.attribute_names(who)))
    return _answer(result, result.age_seconds)


@router.post(
    "/search",
    summary="Search with the same names as JSON",
    responses={**_FOUND, **answers(401, 403, 413, 422, 503)},
    openapi_extra={"requestBody": _BODY},
)
async def search_json(request: Request, service: SearchDep, who: Searcher, body: Annotated[Json, Body()]) -> Response:
    search = await _read(service, who, pairs_of(body))
    await pay(request, who, of_body([search], "search"))
    (result,) = await service.search_all(who, [search])
    return _answer(result, result.age_seconds)


@router.post("/search/multi", summary="Up to 20 searches at once", responses=answers(401, 403, 413, 422, 503))
async def search_multi(request: Request, service: SearchDep, who: Searcher, body: SearchesIn) -> SearchesOut:
    """Each item is a body of `POST /search`; `results` are their answers, in order. A mistake in one refuses all."""
    requests = [await _read_item(service, who, number, item) for number, item in enumerate(body.searches)]
    await pay(request, who, of_body(requests, "search/multi"))
    results = await service.search_all(who, requests)
    return _answer({"results": results})  # type: ignore[return-value]  # as the models say, without being checked again


async def _read_item(service: SearchService, who: Principal, number: int, item: Json) -> SearchRequest:
    try:
        return await _read(service, who, pairs_of(item))
    except InvalidInput as error:
        faults = tuple(FieldError(f"searches.{number}.{fault.field}", fault.message) for fault in error.errors)
        raise InvalidInput(f"searches.{number}: {error}", faults) from error


# A name may hold a slash, as any attribute's name may.
@router.get(
    "/search/facets/{name:path}",
    summary="Search within the values of one facet",
    responses={**_VALUES, **answers(401, 403, 404, 422, 503)},
    openapi_extra={"parameters": VALUES_PARAMETERS},
)
async def facet_values(request: Request, name: str, service: SearchDep, who: Searcher) -> Response:
    """The 50 commonest values of which some word begins with `prefix`, whatever its case and accents.

    They are counted under the same words and filters as the facet on the result page, whose address may be taken whole:
    sort, page, per_page and facets are allowed and change nothing.
    """
    prefix, items = parse_prefix(request.query_params.multi_items())
    return _answer(await service.facet_values(who, await _read(service, who, items), name, prefix))


@router.get(
    "/autocomplete",
    summary="Complete what is being typed",
    responses={**_COMPLETED, **answers(401, 403, 422, 503)},
    openapi_extra={"parameters": AUTOCOMPLETE_PARAMETERS},
)
async def autocomplete(request: Request, service: SearchDep, who: Searcher) -> Response:
    return _answer(await service.autocomplete(who, parse_autocomplete(request.query_params.multi_items())))


async def _read(service: SearchService, who: Principal, pairs: Pairs) -> SearchRequest:
    """The request that parameters by name make. Raises InvalidInput."""
    return service.read(who, await read_search(pairs, lambda: service.attribute_names(who)))
