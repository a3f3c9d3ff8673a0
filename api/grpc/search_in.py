"""Requests for searches in the types that every interface's searches have. Pure."""

from catalog.v1 import product_service_pb2 as pb
from search.input import AttributeFilter, AutocompleteInput, SearchInput
from search.request import DEFAULT_PER_PAGE, DEFAULT_SUGGESTIONS, SORTS


def search_input(request: pb.SearchRequest) -> SearchInput:
    """What the request asks for; a sort of "" is the default."""
    return SearchInput(
        q=request.q,
        category=request.category if request.HasField("category") else None,
        brands=tuple(request.brand),
        attributes=tuple(map(_attribute, request.attributes)),
        price_min=request.price_min if request.HasField("price_min") else None,
        price_max=request.price_max if request.HasField("price_max") else None,
        in_stock=request.in_stock,
        on_sale=request.on_sale,
        sort=request.sort or SORTS[0],
        page=request.page if request.HasField("page") else 1,
        per_page=request.per_page if request.HasField("per_page") else DEFAULT_PER_PAGE,
        facets=tuple(request.facets),
        cursor=request.cursor if request.HasField("cursor") else None,
        explain=request.explain,
        exact=request.exact,
    )


def autocomplete_input(request: pb.SuggestRequest) -> AutocompleteInput:
    limit = request.limit if request.HasField("limit") else DEFAULT_SUGGESTIONS
    return AutocompleteInput(request.q, limit, request.category)


def _attribute(item: pb.AttributeFilter) -> AttributeFilter:
    return AttributeFilter(
        item.name,
        tuple(item.values),
        item.min if item.HasField("min") else None,
        item.max if item.HasField("max") else None,
    )
