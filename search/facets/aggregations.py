"""Facet counts: the aggregations of a plan. Pure.

Each facet counts under every filter but its own, in the same request as the hits. The shopper's filters are therefore
applied to the hits in `post_filter`, and to facets in filters of their own: one for all facets in which nothing is
selected, because these share all filters, and one for each of the others.

Every value is counted, not only the commonest: so counts, totals and what is not there are exact.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from mappings.json_types import Aggregations, Clause, Json, Response
from mappings.product_v1 import NODE_SEPARATOR
from search.clauses.filters import (
    IN_STOCK,
    ON_SALE,
    SIMPLE,
    VARIANTS,
    Filter,
    clauses,
    number_clause,
    token_of,
    variant_clauses,
    without,
)
from search.planning.bucket_edges import last_before
from search.planning.facet_selection import AttributeFacet
from search.planning.plan import SearchPlan, named_attributes
from search.request import ATTRIBUTE, FIXED_FACETS, Range
from search.text.term_patterns import LONGEST, escape, length, names_includes

# Values that are counted in one facet; in a facet with more, the rarest are not.
COUNTED = 10_000
# Elasticsearch gives up above `search.max_buckets`, 65,536.
COUNTED_TOGETHER = 60_000

MATCH_ALL: Clause = {"match_all": {}}


class Group(NamedTuple):
    """Facets that count under the same filters."""

    facets: tuple[str, ...]
    filters: tuple[Filter, ...]


def facet_names(plan: SearchPlan) -> tuple[str, ...]:
    """The facets to answer, in order."""
    if not plan.request.auto_facets:
        return plan.request.facets or ()
    attributes = (*named_attributes(plan.request), *(facet.name for facet in plan.evidence.facets.attributes))
    return FIXED_FACETS + tuple(ATTRIBUTE + name for name in dict.fromkeys(attributes))


def shape(plan: SearchPlan, name: str) -> AttributeFacet:
    """How an attribute is shown: what is selected must be among what is shown."""
    attribute = name.removeprefix(ATTRIBUTE)
    facet = plan.evidence.facets.facet(attribute) or AttributeFacet(attribute, "range")
    if attribute in dict(plan.request.attributes) or not plan.context.attribute_types.is_number(attribute):
        return facet if (facet.type, facet.wide) == ("values", False) else replace(facet, type="values", wide=False)
    return replace(facet, type="range") if attribute in dict(plan.request.ranges) else facet


def groups(plan: SearchPlan, filters: Sequence[Filter]) -> list[Group]:
    """The facets of the plan by the filters that they count under."""
    names = facet_names(plan)
    selected = set() if plan.request.narrow else {item.facet for item in filters}
    others = tuple(name for name in names if name not in selected)
    shared = [Group(others, tuple(filters))] if others else []
    return shared + [Group((name,), tuple(without(filters, name))) for name in names if name in selected]


def aggregations(plan: SearchPlan, filters: Sequence[Filter]) -> Aggregations:
    """One aggregation for each group, under its number: Elasticsearch refuses [, ] and > in names."""
    numbered = enumerate(groups(plan, filters))
    built = {str(number): under(group.filters, dict(_facets(plan, group))) for number, group in numbered}
    counted = list(_counted(built))
    size = min(COUNTED, COUNTED_TOGETHER // max(1, len(counted)))
    for terms_body in counted:
        terms_body |= {"size": size, "shard_size": size}
    return built


def _counted(aggs: Aggregations) -> Iterator[Json]:
    """Every aggregation, at any depth, in which all values are counted."""
    for agg in aggs.values():
        if agg.get("terms", {}).get("size") == COUNTED:
            yield agg["terms"]
        yield from _counted(agg.get("aggs", {}))


def under(filters: Sequence[Filter], aggs: Aggregations) -> Aggregations:
    query = clauses(filters)
    return {"filter": {"bool": {"filter": query}} if query else MATCH_ALL, "aggs": aggs}


def _facets(plan: SearchPlan, group: Group) -> Iterator[tuple[str, Aggregations]]:
    variants = variant_clauses(group.filters)
    for name in group.facets:
        if name == "category":
            yield name, terms("category_nodes", COUNTED, _nodes(plan))
        elif name == "brand":
            yield name, terms("brand", COUNTED)
            if plan.request.brands:
                yield "selected", _selected_brands(plan.request.brands)
        elif name == "price":
            product, variant = _price(plan, "prices"), _price(plan, "variants.price_cents")
            yield from everywhere(variants, name, product, variant)
        elif name == "in_stock":
            yield name, {"filter": {"bool": {"filter": clauses([*group.filters, IN_STOCK])}}}
        elif name == "on_sale":
            yield name, {"filter": ON_SALE.product}
    yield from _attributes(plan, group)


def _nodes(plan: SearchPlan) -> str | None:
    """Categories of the top level, and along the branch of the chosen one: others are not shown.

    'a/b' is opened by `(a/(b/)?)?` and one more level. None where a pattern would be too long: then all are counted.
    """
    branch = ""
    for slug in reversed(plan.evidence.category.path.split("/") if plan.evidence.category else []):
        branch = f"({escape(slug)}/{branch})?"
    pattern = f"{branch}[^/{NODE_SEPARATOR}]+{NODE_SEPARATOR}.*"
    return pattern if length(pattern) <= LONGEST else None


def _selected_brands(brands: tuple[str, ...]) -> Aggregations:
    """Counts of the brands, each with the name as the catalogue spells it."""
    chosen = [{"term": {"brand.lower": brand}} for brand in brands]
    return {"filters": {"filters": chosen}, "aggs": {"label": {"terms": {"field": "brand", "size": 1}}}}


def _price(plan: SearchPlan, field: str) -> Aggregations:
    """Lowest and highest price, and products by step: one with several prices in a step is counted once."""
    aggs: Aggregations = {"ends": {"stats": {"field": field}}}
    if steps := plan.evidence.facets.price_steps:
        inner = [{"from": low, "to": high} for low, high in pairwise(steps)]
        aggs["steps"] = {"range": {"field": field, "ranges": [{"to": steps[0]}, *inner, {"from": steps[-1]}]}}
    return aggs


def _attributes(plan: SearchPlan, group: Group) -> Iterator[tuple[str, Aggregations]]:
    """Values of all attributes of the group in one pass.

    An attribute that may be an option is counted in the matching variants where other filters speak of variants; any
    other is the same in all variants of a product, so it is counted on the product.
    """
    shapes = [shape(plan, name) for name in group.facets if name.startswith(ATTRIBUTE)]
    variants = variant_clauses(group.filters)
    for number, facet in enumerate(shapes):
        if counts_steps(plan, facet):
            steps = [number_clause(facet.name, step) for step in ranges(facet.steps, facet.decimals)]
            yield f"steps{number}", {"filters": {"filters": steps}}
        if facet.type == "range" and facet.wide:
            yield f"low{number}", _end(facet.name, "asc")
            yield f"high{number}", _end(facet.name, "desc")
    counted = [facet.name for facet in shapes if facet.type == "values" or not facet.wide]
    apart = [name for name in counted if variants and plan.context.attribute_types.may_be_option(name)]
    for number, include in enumerate(names_includes([name for name in counted if name not in apart])):
        yield f"tokens{number}", terms("tokens", COUNTED, include)
    for number, include in enumerate(names_includes(apart)):
        yield from everywhere(variants, f"apart{number}", *tokens_by_value("values", COUNTED, include))
    chosen = dict(plan.request.attributes)
    tokens = [token_of(facet.name, value) for facet in shapes for value in chosen.get(facet.name, ())]
    if tokens:
        yield from everywhere(variants if apart else [], "selected", *tokens_by_value("chosen", len(tokens), tokens))


def counts_steps(plan: SearchPlan, facet: AttributeFacet) -> bool:
    """Whether products are counted by step. Otherwise they are added up by value: each has one of them at most."""
    several = facet.wide or plan.context.attribute_types.has_many_numbers(facet.name)
    return facet.type == "range" and bool(facet.steps) and several


def ranges(steps: Sequence[float], decimals: int) -> list[Range]:
    """The steps between these limits, both ends included."""
    if not steps:
        return []
    inner = [Range(low, last_before(high, decimals)) for low, high in pairwise(steps)]
    return [Range(None, last_before(steps[0], decimals)), *inner, Range(steps[-1], None)]


def everywhere(
    variants: Sequence[Clause], name: str, product: Aggregations, variant: Aggregations
) -> Iterator[tuple[str, Aggregations]]:
    """Counts on the product, or, where variants must hold clauses, on products that have none and on such variants."""
    if not variants:
        yield from product.items()
        return
    yield f"{name}.simple", {"filter": SIMPLE, "aggs": product}
    inside = {key: _of_products(agg) for key, agg in variant.items()}
    matching = {"filter": {"bool": {"filter": list(variants)}}, "aggs": inside}
    yield f"{name}.variants", {"nested": {"path": VARIANTS}, "aggs": {"matching": matching}}


def parts(answer: Response, name: str) -> list[Response]:
    """What `everywhere` was answered, to be added up."""
    if f"{name}.simple" in answer:
        return [answer[f"{name}.simple"], answer[f"{name}.variants"]["matching"]]
    return [answer]


def count(bucket: Response) -> int:
    """Products, not variants."""
    products: int = bucket["products"]["doc_count"] if "products" in bucket else bucket["doc_count"]
    return products


def _of_products(agg: Aggregations) -> Aggregations:
    """With the number of products in each bucket, where there are buckets."""
    return agg if "stats" in agg else {**agg, "aggs": {"products": {"reverse_nested": {}}}}


def tokens_by_value(name: str, size: int, include: str | list[str]) -> tuple[Aggregations, Aggregations]:
    """By value, on the product and on the variant."""
    return {name: terms("tokens", size, include)}, {name: terms("variants.tokens", size, include)}


def terms(field: str, size: int, include: str | list[str] | None = None) -> Aggregations:
    body: Clause = {"field": field, "size": size, "shard_size": size}
    return {"terms": body if include is None else body | {"include": include}}


def _end(name: str, order: str) -> Aggregations:
    """The lowest or highest number of an attribute."""
    (include,) = names_includes([name])
    return {"terms": {"field": "numbers", "size": 1, "include": include, "order": {"_key": order}}}


def split_node(node: str) -> tuple[str, str, str]:
    """A category token -> (path, name, id)."""
    path, name, category_id = node.split(NODE_SEPARATOR)
    return path, name, category_id
