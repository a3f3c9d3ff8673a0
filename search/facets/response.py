"""Elasticsearch's counts -> the contract's facets. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

from mappings.attributes import SEPARATOR, unit_of
from mappings.json_types import Response
from search.clauses.filters import Filter
from search.facets.aggregations import Group, count, facet_names, groups, parts, shape
from search.facets.category_tree import read_category_counts, tree_values
from search.facets.labels import LABELS, LABELS_OF_FLAGS, label_of
from search.facets.ranges import RangeCounts, attribute_range, price_range
from search.planning.plan import SearchPlan
from search.request import ATTRIBUTE
from search.result import Facet, FacetValue

# Values shown in one facet, beside the selected ones.
VALUES = 50

# Products by value, by the name of the attribute.
Counts = dict[str, dict[str, int]]


def build_facets(plan: SearchPlan, filters: Sequence[Filter], response: Response, currency: str) -> tuple[Facet, ...]:
    """The facets of the plan in order. Where the choice is ours, those with nothing to choose are left out."""
    facets: dict[str, Facet] = {}
    for number, group in enumerate(groups(plan, filters)):
        facets |= {facet.name: facet for facet in _group(plan, group, response[str(number)], currency)}
    selected = {item.facet for item in filters}
    named = not plan.request.auto_facets
    return tuple(facets[name] for name in facet_names(plan) if named or name in selected or is_useful(facets[name]))


def _group(plan: SearchPlan, group: Group, response: Response, currency: str) -> Iterator[Facet]:
    counts = _counts(response)
    attributes = [name for name in group.facets if name.startswith(ATTRIBUTE)]
    for name in group.facets:
        if name == "category":
            yield list_facet(name, tree_values(plan, read_category_counts(response[name]["buckets"])), type="tree")
        elif name == "brand":
            yield list_facet(name, *_brand_values(plan, response))
        elif name == "price":
            limits = price_range(plan, parts(response, name), currency)
            yield range_facet(name, currency, limits, len(limits.buckets))
        elif name in ("in_stock", "on_sale"):
            yield flag_facet(plan, name, response[name]["doc_count"])
        else:
            described = shape(plan, name)
            counts_by_value = counts.get(described.name, {})
            if described.type == "values":
                selected = dict(plan.request.attributes).get(described.name, ())
                yield list_facet(name, *commonest_values(counts_by_value, selected))
            else:
                number = attributes.index(name)
                limits = attribute_range(plan, described, counts_by_value, response, number)
                values, total = commonest_values(counts_by_value, ()) if plan.request.narrow else ([], 0)
                total = total if limits.low is None else len(limits.buckets)
                yield range_facet(name, unit_of(described.name), limits, total, values)


def list_facet(
    name: str, values: Sequence[FacetValue], total: int | None = None, *, type: Literal["values", "tree"] = "values"
) -> Facet:
    """A facet of values; `total` is how many there are where not all are shown."""
    total = len(values) if total is None else total
    return Facet(name, facet_label(name), type, tuple(values), total, None, None, None, ())


def range_facet(
    name: str, unit: str | None, limits: RangeCounts, total: int = 0, values: Sequence[FacetValue] = ()
) -> Facet:
    """A facet of numbers; `values` where each of them is shown besides. `total` is `total_values`."""
    low, high, buckets = limits
    return Facet(name, facet_label(name), "range", tuple(values), total, low, high, unit, buckets)


def flag_facet(plan: SearchPlan, name: str, products: int) -> Facet:
    """A facet with the one value `true`."""
    selected = plan.request.in_stock if name == "in_stock" else plan.request.on_sale
    return list_facet(name, [FacetValue(value="true", label=LABELS[name], count=products, selected=selected)])


def facet_label(name: str) -> str:
    """What a facet is called on a page."""
    return LABELS.get(name) or label_of(name.removeprefix(ATTRIBUTE))


def _counts(response: Response) -> Counts:
    """Every count of a value that the group was answered; those of selected values are there even if they are rare."""
    counts: Counts = {}
    for key, agg in response.items():
        if key.startswith("tokens"):
            _add(counts, agg["buckets"])
        elif key.startswith("apart") and key.endswith(".simple"):
            for part in parts(response, key.removesuffix(".simple")):
                _add(counts, part["values"]["buckets"])
    chosen: Counts = {}
    for part in parts(response, "selected"):
        _add(chosen, part.get("chosen", {}).get("buckets", []))
    for name, values in chosen.items():
        counts.setdefault(name, {}).update(values)
    return counts


def _add(counts: Counts, buckets: Iterable[Response]) -> None:
    for bucket in buckets:
        name, _, text = bucket["key"].partition(SEPARATOR)
        products = counts.setdefault(name, {})
        products[text] = products.get(text, 0) + count(bucket)


def commonest_values(counts: dict[str, int], selected: Collection[str]) -> tuple[list[FacetValue], int]:
    """The commonest values and the selected ones, by count; and how many there are."""
    counts = dict.fromkeys(selected, 0) | counts
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    labels = LABELS_OF_FLAGS if counts.keys() <= LABELS_OF_FLAGS.keys() else {}
    values = [
        FacetValue(value=key, label=labels.get(key, key), count=products, selected=key in selected)
        for place, (key, products) in enumerate(ordered)
        if place < VALUES or key in selected
    ]
    return values, len(ordered)


def _brand_values(plan: SearchPlan, response: Response) -> tuple[list[FacetValue], int]:
    counts = {bucket["key"]: bucket["doc_count"] for bucket in response["brand"]["buckets"]}
    selected: set[str] = set()
    if plan.request.brands:
        for sent, bucket in zip(plan.request.brands, response["selected"]["buckets"], strict=True):
            # A brand is matched whatever its case: show it as the catalogue spells it.
            spelled = bucket["label"]["buckets"]
            brand = spelled[0]["key"] if spelled else sent
            counts.setdefault(brand, bucket["doc_count"])
            selected.add(brand)
    return commonest_values(counts, selected)


def is_useful(facet: Facet) -> bool:
    """Whether there is something to choose."""
    if facet.type == "range":
        return facet.min is not None and facet.min != facet.max
    if facet.name in ("in_stock", "on_sale"):
        return bool(facet.values[0].count)
    return len(facet.values) >= (1 if facet.type == "tree" else 2)
