"""Search and autocomplete: parse, ask the engine, answer."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request

from api.auth import may_search
from api.routing import JsonRoute
from catalog.errors import FieldError, InvalidInput
from search.autocomplete import MAX_LIMIT
from search.engine import SearchEngine
from search.request import MAX_QUERY, SORTS, clean, parameters_of, parse_request

router = APIRouter(prefix="/api/v1", tags=["search"], route_class=JsonRoute, dependencies=[Depends(may_search)])

_EXAMPLE = {"q": "wireless headphones", "brand": ["Norvane"], "price_max": 99.99, "attr.color": ["black", "white"]}


def _text(name: str, description: str, **more: Any) -> dict[str, Any]:
    schema = {"type": "string"} | more
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


# The parameters are open-ended (`attr.NAME`), so they are described by hand and parsed by `search.request`.
SEARCH_PARAMETERS = [
    _text("q", "what is searched for; empty browses the catalogue", maxLength=MAX_QUERY),
    _text("category", "path (`electronics/audio`) or id; includes everything below it"),
    _text("brand", "may be repeated: any of them"),
    _text("attr.NAME", "value of an attribute; may be repeated: any of them"),
    _text("attr.NAME_min", "lowest value of a numeric attribute"),
    _text("attr.NAME_max", "highest value of a numeric attribute"),
    _text("price_min", "lowest price", examples=["10.00"]),
    _text("price_max", "highest price", examples=["99.99"]),
    _text("in_stock", "true: only what can be bought now", enum=["true", "false"]),
    _text("on_sale", "true: only what is reduced", enum=["true", "false"]),
    _text("sort", "ties are always broken by id", enum=list(SORTS), default="relevance"),
    _text("page", "from 1; page × per_page is at most 10,000", default="1"),
    _text("per_page", "1 to 100", default="20"),
    _text("facets", "`auto`, `none`, or names separated by commas", default="auto"),
]


@router.get("/search", summary="Search the catalogue", openapi_extra={"parameters": SEARCH_PARAMETERS})
async def search(request: Request) -> dict[str, Any]:
    engine: SearchEngine = request.app.state.search
    return await engine.search(parse_request(request.query_params.multi_items()))


@router.post("/search", summary="Search with the same names as JSON")
async def search_json(
    request: Request, body: Annotated[dict[str, Any], Body(openapi_examples={"search": {"value": _EXAMPLE}})]
) -> dict[str, Any]:
    engine: SearchEngine = request.app.state.search
    return await engine.search(parse_request(parameters_of(body)))


@router.get(
    "/autocomplete",
    summary="Complete what is being typed",
    openapi_extra={
        "parameters": [
            _text("q", "what has been typed so far", maxLength=MAX_QUERY),
            _text("limit", f"suggestions in each section, 1 to {MAX_LIMIT}", default="8"),
            _text("category", "only below this category: path or id"),
        ]
    },
)
async def autocomplete(request: Request) -> dict[str, Any]:
    engine: SearchEngine = request.app.state.search
    q, limit, category = _autocomplete_parameters(request)
    return await engine.autocomplete(q, limit, category)


def _autocomplete_parameters(request: Request) -> tuple[str, int, str | None]:
    errors = [
        FieldError(name[:100], "unknown parameter; known are q, limit, category")
        for name in request.query_params
        if name not in ("q", "limit", "category")
    ]
    q, limit = request.query_params.get("q", ""), request.query_params.get("limit", "8")
    if len(q) > MAX_QUERY:
        errors.append(FieldError("q", f"must have at most {MAX_QUERY} characters"))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= MAX_LIMIT):
        errors.append(FieldError("limit", f"must be a whole number from 1 to {MAX_LIMIT}"))
    if errors:
        raise InvalidInput(f"{errors[0].field}: {errors[0].message}", tuple(errors))
    return clean(q), int(limit), clean(request.query_params.get("category", "")) or None
