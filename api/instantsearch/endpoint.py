"""The address that InstantSearch's widgets talk to: its requests in, our searches, its results out."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SearchDep, Searcher
from api.instantsearch.answer import FacetHits, Result, facet_hits_of, result_of
from api.instantsearch.filters import Alternative
from api.instantsearch.models import REQUESTS_BODY, ResultsOut
from api.instantsearch.request import Asked, named, narrowed, read_requests
from api.limits.costs import of_body
from api.limits.http import pay
from api.problems import answers
from api.routing import StrictRoute
from catalog.errors import InvalidInput
from catalog.principals import Principal
from search.input import SearchInput
from search.request import Either, SearchRequest
from search.result import to_json
from services.search import SearchService

router = APIRouter(prefix="/api/v1", tags=["search"], route_class=StrictRoute)

PATH = "/api/v1/instantsearch"


@router.post(
    "/instantsearch",
    summary="Search as InstantSearch asks",
    responses={
        200: {"model": ResultsOut, "description": "One result for each request"},
        **answers(401, 403, 404, 413, 422, 503),
    },
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": REQUESTS_BODY}}}},
)
async def instantsearch(request: Request, service: SearchDep, who: Searcher, body: Annotated[Any, Body()]) -> Response:
    """What `searchClient.search(requests)` and `searchForFacetValues(requests)` send. A mistake in one refuses all."""
    items = read_requests(body)
    requests = [_request(service, who, number, each) for number, each in enumerate(items)]
    await pay(request, who, of_body(requests, "instantsearch"))
    searches = [place for place, each in enumerate(items) if each.facet is None]
    values = [place for place, each in enumerate(items) if each.facet is not None]
    search_results, facets = await asyncio.gather(
        service.search_all(who, [requests[place] for place in searches]),
        asyncio.gather(*(_values(service, who, items[place], requests[place]) for place in values)),
    )
    results: dict[int, Result | FacetHits] = dict(zip(values, facets, strict=True))
    results |= {place: result_of(items[place], result) for place, result in zip(searches, search_results, strict=True)}
    content = {"results": [results[place] for place in range(len(items))]}
    return Response(to_json(content), media_type="application/json")


def _request(service: SearchService, who: Principal, number: int, item: Asked) -> SearchRequest:
    try:
        request = service.read(who, item.search)
        more = [service.read(who, SearchInput(attributes=(choice,))) for choice in item.more]
        either = [_either(service, who, choice) for choice in item.either]
    except InvalidInput as error:
        raise named(number, error) from error
    return narrowed(request, tuple(more), tuple(either), nothing=item.nothing)


def _either(service: SearchService, who: Principal, choice: Sequence[Alternative]) -> Either:
    read = [(service.read(who, one.filters), one.negated) for one in choice]
    return Either(*(tuple(each for each, negated in read if negated == wanted) for wanted in (False, True)))


async def _values(service: SearchService, who: Principal, item: Asked, request: SearchRequest) -> FacetHits:
    facet = await service.facet_values(who, request, item.facet or "", item.facet_query)
    return facet_hits_of(item, facet)
