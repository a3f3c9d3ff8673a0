"""Search within the values of one facet, under the same words and filters as the page that shows it. Pure."""

from collections.abc import Iterable, Sequence
from typing import Literal

from catalog.errors import InvalidInput, NotFound
from mappings.attributes import SEPARATOR
from mappings.json_types import Aggregations, Body, Clause, Response
from mappings.product_v1 import NODE_SEPARATOR
from search.clauses.filters import filters_of, variant_clauses, without
from search.clauses.scope import FOUND, matched
from search.facets.aggregations import (
    MATCH_ALL,
    count,
    everywhere,
    parts,
    shape,
    terms,
    tokens_by_value,
    under,
)
from search.facets.category_tree import CategoryCount, read_category_counts
from search.facets.labels import LABELS_OF_FLAGS
from search.facets.response import VALUES, facet_label
from search.planning.plan import SearchPlan
from search.request import ATTRIBUTE
from search.result import FacetMatch, FacetValuesResult
from search.text.prefix import begins, pattern_of
from search.text.term_patterns import escape

# Values that may begin so, of which the commonest are looked at; of variants as many again.
LOOKED_AT = 30_000
WITHOUT_VALUES = ("price", "in_stock", "on_sale")
COUNTS = "counts"


def require_values(plan: SearchPlan, name: str) -> None:
    """Raises NotFound for a facet that does not exist, InvalidInput for one that has no values to search in."""
    attribute = name.removeprefix(ATTRIBUTE)
    known = attribute in plan.context.attribute_types
    if name in WITHOUT_VALUES or (known and shape(plan, name).type == "range"):
        raise InvalidInput.of("name", f"{name} is a range or a flag; it has no values to search in")
    if name not in ("brand", "category") and (not name.startswith(ATTRIBUTE) or not known):
        raise NotFound(f"There is no facet {name[:120]!r}: category, brand, or attr. and the name of an attribute.")


def values_body(plan: SearchPlan, name: str, prefix: str) -> Body:
    """The counts of all values that may begin with `prefix`, under every filter but the facet's own."""
    others = list(filters_of(plan.request, plan.context.attribute_types))
    if not plan.request.narrow:
        others = without(others, name)
    counted = under(others, _values(plan, name, pattern_of(prefix), variant_clauses(others)))
    aggs = {FOUND: {"filter": MATCH_ALL}, COUNTS: counted}
    return {"size": 0, "track_total_hits": False, "query": matched(plan), "aggs": aggs}


def _values(plan: SearchPlan, name: str, pattern: str, variants: Sequence[Clause]) -> Aggregations:
    if name == "category":
        node = f"[^{NODE_SEPARATOR}]*{NODE_SEPARATOR}{pattern}"
        return {COUNTS: terms("category_nodes", LOOKED_AT, node)}
    if name == "brand":
        return {COUNTS: terms("brand", LOOKED_AT, pattern)}
    attribute = name.removeprefix(ATTRIBUTE)
    # What is shown as Yes and No is not stored as that.
    token = f"{escape(attribute)}{SEPARATOR}(true|false|{pattern})"
    inside = variants if plan.context.attribute_types.may_be_option(attribute) else []
    return dict(everywhere(inside, COUNTS, *tokens_by_value(COUNTS, LOOKED_AT, token)))


def build_values(plan: SearchPlan, name: str, prefix: str, aggregations: Response) -> FacetValuesResult:
    """The facet with the commonest of the values that begin so; `total_values` is how many do."""
    if name == "category":
        return matching_categories(plan, prefix, read_category_counts(aggregations[COUNTS][COUNTS]["buckets"]))
    counts: dict[str, int] = {}
    for part in parts(aggregations[COUNTS], COUNTS):
        for bucket in part[COUNTS]["buckets"]:
            key = bucket["key"].partition(SEPARATOR)[2] if name.startswith(ATTRIBUTE) else bucket["key"]
            counts[key] = counts.get(key, 0) + count(bucket)
    return matching_values(plan, name, prefix, counts)


def matching_values(plan: SearchPlan, name: str, prefix: str, counts: dict[str, int]) -> FacetValuesResult:
    """The facet of a brand or attribute with its values that begin so, from products by value."""
    labels = LABELS_OF_FLAGS if name.startswith(ATTRIBUTE) and counts.keys() <= LABELS_OF_FLAGS.keys() else {}
    if name == "brand":
        sent = {brand.lower() for brand in plan.request.brands}
        selected = {key for key in counts if key.lower() in sent}
    else:
        selected = set(dict(plan.request.attributes).get(name.removeprefix(ATTRIBUTE), ()))
    values = [
        FacetMatch(key, labels.get(key, key), products, key in selected)
        for key, products in counts.items()
        if begins(prefix, labels.get(key, key))
    ]
    return _facet(name, "values", values)


def matching_categories(plan: SearchPlan, prefix: str, counts: Iterable[CategoryCount]) -> FacetValuesResult:
    """The categories whose names begin so; one that is counted under two names by the first of these."""
    chosen = plan.evidence.category.path if plan.evidence.category else None
    names: dict[str, str] = {}
    products: dict[str, int] = {}
    for each in counts:
        if begins(prefix, each.name):
            names.setdefault(each.path, each.name)
            products[each.path] = products.get(each.path, 0) + each.products
    values = [FacetMatch(path, name, products[path], path == chosen, path.count("/")) for path, name in names.items()]
    return _facet("category", "tree", values)


def _facet(name: str, type: Literal["values", "tree"], values: list[FacetMatch]) -> FacetValuesResult:
    ordered = sorted(values, key=lambda item: (-item.count, item.label, item.value))
    return FacetValuesResult(name, facet_label(name), type, tuple(ordered[:VALUES]), len(ordered), None, None, None, ())
