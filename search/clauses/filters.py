"""The shopper's filters as clauses, each under the facet that it belongs to. Pure.

A product clause holds for the product. Variant clauses must hold together for one and the same variant, or for a
product that has no variants. Every variant carries its product's attributes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from catalog.filter_conditions import Forced, category_path
from mappings.attributes import SEPARATOR
from mappings.json_types import Clause
from mappings.numbers import sortable_token
from search.planning.attribute_types import Kinds
from search.request import ATTRIBUTE, Either, Range, SearchRequest

VARIANTS = "variants"
SIMPLE: Clause = {"term": {"has_variants": False}}
# Of a filter that belongs to no facet alone.
NO_FACET = ""
# Behind every number of an attribute: tokens of numbers are hexadecimal digits.
_BEYOND = "g"


@dataclass(frozen=True, slots=True)
class Filter:
    """`facet` is the facet whose own counts ignore this filter.

    `product` is the clause on the product. With `variant` it means "some variant does, or the product without any".
    """

    facet: str
    product: Clause
    variant: Clause | None = None


def filters_of(request: SearchRequest, kinds: Kinds) -> tuple[Filter, ...]:
    """Every filter that the shopper has set. An attribute that is never an option is the same in all variants."""
    filters: list[Filter] = []
    if request.category is not None:
        filters.append(Filter("category", category_clause(request.category)))
    if request.brands:
        filters.append(Filter("brand", {"terms": {"brand.lower": list(request.brands)}}))
    if request.price is not None:
        bounds = _bounds(request.price)
        filters.append(Filter("price", {"range": {"prices": bounds}}, {"range": {"variants.price_cents": bounds}}))
    if request.in_stock:
        filters.append(IN_STOCK)
    if request.on_sale:
        filters.append(ON_SALE)
    for name, values in request.attributes:
        tokens = [token_of(name, value) for value in values]
        variant: Clause | None = {"terms": {"variants.tokens": tokens}} if kinds.may_be_option(name) else None
        filters.append(Filter(ATTRIBUTE + name, {"terms": {"tokens": tokens}}, variant))
    for name, limits in request.ranges:
        filters.append(Filter(ATTRIBUTE + name, number_clause(name, limits)))
    filters += [Filter(NO_FACET, _either(choice, kinds)) for choice in request.either]
    return tuple(filters)


def _either(choice: Either, kinds: Kinds) -> Clause:
    include, exclude = (
        [{"bool": {"filter": clauses(filters_of(each, kinds))}} for each in requests]
        for requests in (choice.held, choice.without)
    )
    return {"bool": {"should": [*include, *({"bool": {"must_not": [each]}} for each in exclude)]}}


def forced_clauses(forced: Forced) -> list[Clause]:
    """The clauses of the principal's own filters.

    Any attribute may be an option of variants: what is known of the catalogue changes with time, and these must not.
    """
    request = SearchRequest(
        category=forced.category,
        brands=forced.brands,
        attributes=forced.attributes,
        in_stock=forced.in_stock,
        on_sale=forced.on_sale,
    )
    return clauses(filters_of(request, Kinds())) if forced else []


IN_STOCK = Filter("in_stock", {"term": {"in_stock": True}}, {"term": {"variants.in_stock": True}})
ON_SALE = Filter("on_sale", {"term": {"on_sale": True}})


def token_of(name: str, value: str) -> str:
    """The token of one value of an attribute."""
    return f"{name}{SEPARATOR}{value}"


def category_clause(category: str) -> Clause:
    """The category and everything below it, by id or by path ('a/b', or 'A > B' as people write it)."""
    try:
        return {"term": {"category_ids": str(UUID(category))}}
    except ValueError:
        return {"term": {"category_paths": category_path(category)}}


def number_clause(name: str, limits: Range) -> Clause:
    """The closed range of a numeric attribute: tokens of its numbers sort as the numbers do."""
    low = "" if limits.low is None else sortable_token(limits.low)
    high = _BEYOND if limits.high is None else sortable_token(limits.high)
    return {"range": {"numbers": {"gte": token_of(name, low), "lte": token_of(name, high)}}}


def without(filters: Iterable[Filter], facet: str) -> list[Filter]:
    """All filters but those of this facet."""
    return [item for item in filters if item.facet != facet]


def clauses(filters: Iterable[Filter]) -> list[Clause]:
    """Clauses on the product that hold all these filters.

    A single variant clause says the same on the product, which costs less. Several are joined for one variant.
    """
    every = list(filters)
    product_clauses = [item.product for item in every if item.variant is None]
    joined = [item for item in every if item.variant is not None]
    if len(joined) == 1:
        product_clauses.append(joined[0].product)
    elif joined:
        simple = {"bool": {"filter": [SIMPLE, *(item.product for item in joined)]}}
        product_clauses.append({"bool": {"should": [simple, _nested(joined)], "minimum_should_match": 1}})
    return product_clauses


def with_variants_shown(filters: Iterable[Filter], inner_hits: Clause) -> Clause:
    """The clause of all these filters; where one speaks of variants, a variant that holds them comes with each hit."""
    every = list(filters)
    query: Clause = {"filter": clauses(every)}
    if variant_clauses(every):
        # Not required, so it is never run to find anything: it only tells which variants to fetch.
        shown = _nested(every)
        shown["nested"]["inner_hits"] = inner_hits
        query |= {"should": [shown], "minimum_should_match": 0}
    return {"bool": query}


def variant_clauses(filters: Iterable[Filter]) -> list[Clause]:
    """The clauses that one variant must hold together."""
    return [item.variant for item in filters if item.variant is not None]


def _nested(filters: Iterable[Filter]) -> Clause:
    return {"nested": {"path": VARIANTS, "query": {"bool": {"filter": variant_clauses(filters)}}}}


def _bounds(limits: Range) -> dict[str, float]:
    bounds = {"gte": limits.low, "lte": limits.high}
    return {name: bound for name, bound in bounds.items() if bound is not None}
