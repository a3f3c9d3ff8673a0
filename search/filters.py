"""The shopper's filters as clauses, each under the facet that it belongs to. Pure.

A product clause holds for the product; variant clauses must hold together for one and the same variant. Every variant
carries its product's attributes, so each attribute filter is a variant clause.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from catalog.schemas.fields import MAX_CATEGORY_DEPTH, slugify
from search.request import ATTRIBUTE, Range, SearchRequest

Clause = dict[str, Any]
VARIANTS = "variants"


@dataclass(frozen=True, slots=True)
class Filter:
    """`facet` is the facet whose own counts ignore this filter.

    `product` alone for a product clause. With `variant`, `product` is the clause on the product that means the same as
    "some variant does", where there is one: it is cheaper when it stands alone.
    """

    facet: str
    product: Clause | None = None
    variant: Clause | None = None


def filters_of(request: SearchRequest) -> tuple[Filter, ...]:
    """Every filter that the shopper has set."""
    found: list[Filter] = []
    if request.category is not None:
        found.append(Filter("category", category_clause(request.category)))
    if request.brands:
        found.append(Filter("brand", {"terms": {"brand.lower": list(request.brands)}}))
    if request.price is not None:
        found.append(Filter("price", variant={"range": {"variants.price_cents": _bounds(request.price)}}))
    if request.in_stock:
        found.append(Filter("in_stock", {"term": {"in_stock": True}}, {"term": {"variants.in_stock": True}}))
    if request.on_sale:
        found.append(Filter("on_sale", {"term": {"on_sale": True}}))
    for name, values in request.attributes:
        product: Clause = {"terms": {f"attributes.{name}": list(values)}}
        variant: Clause = {"terms": {f"variants.attributes.{name}": list(values)}}
        found.append(Filter(ATTRIBUTE + name, product, variant))
    for name, limits in request.ranges:
        found.append(Filter(ATTRIBUTE + name, number_clause(name, limits)))
    return tuple(found)


def category_clause(category: str) -> Clause:
    """The category and everything below it, by id or by path ('a/b', or 'A > B' as people write it)."""
    try:
        return {"term": {"category_ids": str(UUID(category))}}
    except ValueError:
        return {"term": {"category_paths": category_path(category)}}


def category_path(category: str) -> str:
    """'Audio > Head phones' or '/audio/head-phones/' -> 'audio/head-phones'.

    One level more than there can be is kept: it finds nothing, and a term of any length is refused by Elasticsearch.
    """
    slugs = filter(None, (slugify(part) for part in category.replace(">", "/").split("/")))
    return "/".join(islice(slugs, MAX_CATEGORY_DEPTH + 1))


def number_clause(name: str, limits: Range) -> Clause:
    query = {"bool": {"filter": [{"term": {"numbers.name": name}}, {"range": {"numbers.value": _bounds(limits)}}]}}
    return {"nested": {"path": "numbers", "query": query}}


def without(filters: Iterable[Filter], facet: str) -> list[Filter]:
    """All filters but those of this facet."""
    return [item for item in filters if item.facet != facet]


def clauses(filters: Iterable[Filter], inner_hits: Clause | None = None) -> list[Clause]:
    """Clauses on the product that hold all these filters; variant clauses are joined in one nested clause.

    With `inner_hits`, the variants that hold them are returned with each hit.
    """
    kept = list(filters)
    found = [item.product for item in kept if item.variant is None and item.product is not None]
    joined = [item for item in kept if item.variant is not None]
    if len(joined) == 1 and joined[0].product is not None and inner_hits is None:
        found.append(joined[0].product)
    elif joined:
        nested: Clause = {"path": VARIANTS, "query": {"bool": {"filter": variant_clauses(joined)}}}
        if inner_hits is not None:
            nested["inner_hits"] = inner_hits
        found.append({"nested": nested})
    return found


def variant_clauses(filters: Iterable[Filter]) -> list[Clause]:
    """The clauses that one variant must hold together."""
    return [item.variant for item in filters if item.variant is not None]


def _bounds(limits: Range) -> dict[str, float]:
    bounds = {"gte": limits.low, "lte": limits.high}
    return {name: bound for name, bound in bounds.items() if bound is not None}
