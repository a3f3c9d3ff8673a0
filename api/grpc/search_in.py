"""Requests for searches as the parameters of REST, which `search.request` reads for every door. Pure."""

from catalog.schemas.fields import option_text
from catalog.v1.product_service_pb2 import SearchRequest, SuggestRequest

Parameters = list[tuple[str, str]]

_ONES = ("category", "price_min", "price_max", "page", "per_page", "cursor")
_FLAGS = ("in_stock", "on_sale", "exact", "explain")


def search_parameters(request: SearchRequest) -> Parameters:
    found = [("q", request.q)]
    found += [(name, str(getattr(request, name))) for name in _ONES if request.HasField(name)]
    found += [(name, "true") for name in _FLAGS if getattr(request, name)]
    found += [("brand", brand) for brand in request.brand]
    found += [("facets", name) for name in request.facets]
    if request.sort:
        found.append(("sort", request.sort))
    for item in request.attributes:
        name = f"attr.{item.name}"
        found += [(name, value) for value in item.values]
        for end in ("min", "max"):
            if item.HasField(end):
                found.append((f"{name}_{end}", option_text(getattr(item, end))))
    return found


def suggest_parameters(request: SuggestRequest) -> Parameters:
    found = [("q", request.q), ("category", request.category)]
    if request.HasField("limit"):
        found.append(("limit", str(request.limit)))
    return found
