"""Facet counts: the aggregations of a plan. Pure.

Each facet counts under every filter but its own, in the same request as the hits. The shopper's filters are therefore
applied to the hits in `post_filter` and to each facet in a filter of its own.
"""

from itertools import pairwise
from typing import Any

from mappings.product_v1 import NODE_SEPARATOR
from search.filters import VARIANTS, Clause, Filter, clauses, variant_clauses, without
from search.plan import SearchPlan
from search.request import ATTRIBUTE, FIXED_FACETS

VALUES = 50
CATEGORY_NODES = 2000
# With several shards each answers this many values, so that counts of the ones shown stay exact.
SHARD_SIZE = 5000
PRICE_STEPS_CENTS = (0, 1000, 2500, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)

Aggregations = dict[str, Any]
MATCH_ALL: Clause = {"match_all": {}}


def facet_names(plan: SearchPlan) -> tuple[str, ...]:
    """The facets to answer, in order."""
    if plan.request.auto_facets:
        return FIXED_FACETS + tuple(ATTRIBUTE + name for name in plan.attribute_facets)
    return plan.request.facets or ()


def is_range(plan: SearchPlan, name: str) -> bool:
    """Whether an attribute facet is a range: an attribute that is text in some product is text everywhere.

    One that is filtered by values shows values, whatever it is: what is selected must be among them.
    """
    attribute = name.removeprefix(ATTRIBUTE)
    return attribute not in plan.text_attributes and attribute not in dict(plan.request.attributes)


def aggregations(plan: SearchPlan, filters: tuple[Filter, ...]) -> Aggregations:
    """One aggregation for each facet of the plan, under its number: Elasticsearch refuses [, ] and > in names."""
    return {str(number): _facet(plan, name, without(filters, name)) for number, name in enumerate(facet_names(plan))}


def _facet(plan: SearchPlan, name: str, others: list[Filter]) -> Aggregations:
    if name == "category":
        return _under(others, {"values": _terms("category_nodes", CATEGORY_NODES)})
    if name == "brand":
        return _under(others, _values("brand", "brand.folded", plan.request.brands))
    if name == "price":
        return _price(others)
    if name == "on_sale":
        return _under([*others, Filter(name, {"term": {"on_sale": True}})], {})
    if name == "in_stock":
        flag = Filter(name, {"term": {"in_stock": True}}, {"term": {"variants.in_stock": True}})
        return _under([*others, flag], {})
    attribute = name.removeprefix(ATTRIBUTE)
    if is_range(plan, name):
        return _number(attribute, others)
    return _attribute(attribute, others, dict(plan.request.attributes).get(attribute, ()))


def _under(filters: list[Filter], aggregations: Aggregations) -> Aggregations:
    found = clauses(filters)
    query = {"bool": {"filter": found}} if found else MATCH_ALL
    return {"filter": query, "aggs": aggregations} if aggregations else {"filter": query}


def _terms(field: str, size: int = VALUES) -> Aggregations:
    order = [{"_count": "desc"}, {"_key": "asc"}]
    return {"terms": {"field": field, "size": size, "shard_size": max(size, SHARD_SIZE), "order": order}}


def _values(field: str, selected_field: str, selected: tuple[str, ...]) -> Aggregations:
    """The commonest values, how many there are, and the selected ones even where they are not among the commonest."""
    found: Aggregations = {"values": _terms(field), "total": {"cardinality": {"field": field}}}
    if selected:
        found["selected"] = {
            "filters": {"filters": [{"term": {selected_field: value}} for value in selected]},
            "aggs": {"label": {"terms": {"field": field, "size": 1}}},
        }
    return found


def _attribute(name: str, others: list[Filter], selected: tuple[str, ...]) -> Aggregations:
    """Values of one attribute. Where other filters speak of variants, the value must be of such a variant."""
    if not any(item.variant for item in others):
        return _under(others, _values(f"attributes.{name}", f"attributes.{name}", selected))
    field = f"variants.attributes.{name}"
    products: Aggregations = {"products": {"reverse_nested": {}}}
    values = _terms(field)
    values["terms"]["order"] = [{"products": "desc"}, {"_key": "asc"}]
    found: Aggregations = {
        "values": values | {"aggs": products},
        "total": {"cardinality": {"field": field}},
    }
    if selected:
        found["selected"] = {"filters": {"filters": [{"term": {field: value}} for value in selected]}, "aggs": products}
    return _under(others, _within_variants(others, found))


def _within_variants(others: list[Filter], found: Aggregations) -> Aggregations:
    matching = {"bool": {"filter": variant_clauses(others)}}
    inner: Aggregations = {"matching": {"filter": matching, "aggs": found}}
    return {"variants": {"nested": {"path": VARIANTS}, "aggs": inner}}


def _price(others: list[Filter]) -> Aggregations:
    """Lowest and highest price of matching variants, and products by price step."""
    field = "variants.price_cents"
    steps: list[dict[str, int]] = [{"from": low, "to": high} for low, high in pairwise(PRICE_STEPS_CENTS)]
    steps.append({"from": PRICE_STEPS_CENTS[-1]})
    found: Aggregations = {
        "min": {"min": {"field": field}},
        "max": {"max": {"field": field}},
        "steps": {"range": {"field": field, "ranges": steps}, "aggs": {"products": {"reverse_nested": {}}}},
    }
    return _under(others, _within_variants(others, found))


def _number(name: str, others: list[Filter]) -> Aggregations:
    found: Aggregations = {
        "min": {"min": {"field": "numbers.value"}},
        "max": {"max": {"field": "numbers.value"}},
        "products": {"reverse_nested": {}},
    }
    named: Aggregations = {"named": {"filter": {"term": {"numbers.name": name}}, "aggs": found}}
    return _under(others, {"numbers": {"nested": {"path": "numbers"}, "aggs": named}})


def split_node(node: str) -> tuple[str, str, str]:
    """A category token -> (path, name, id)."""
    path, name, category_id = node.split(NODE_SEPARATOR)
    return path, name, category_id
