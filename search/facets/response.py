"""Elasticsearch's counts -> the contract's facets. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from mappings.attributes import SEPARATOR, unit_of
from search.clauses.filters import Filter
from search.facets.aggregations import Group, count, facet_names, groups, parts, shape
from search.facets.category_tree import tree_of
from search.facets.labels import LABELS, LABELS_OF_FLAGS, label_of
from search.facets.ranges import price_of, range_of
from search.planning.plan import SearchPlan
from search.request import ATTRIBUTE

# Values shown in one facet, beside the selected ones.
VALUES = 50

Answer = dict[str, Any]
Facet = dict[str, Any]
# Products by value, by the name of the attribute.
Counts = dict[str, dict[str, int]]


def build_facets(plan: SearchPlan, filters: Sequence[Filter], answer: Answer, currency: str) -> list[Facet]:
    """The facets of the plan in order. Where the choice is ours, those with nothing to choose are left out."""
    found: dict[str, Facet] = {}
    for number, group in enumerate(groups(plan, filters)):
        found |= dict(_group(plan, group, answer[str(number)], currency))
    selected = {item.facet for item in filters}
    named = not plan.request.auto_facets
    return [found[name] for name in facet_names(plan) if named or name in selected or says_something(found[name])]


def _group(plan: SearchPlan, group: Group, answer: Answer, currency: str) -> Iterator[tuple[str, Facet]]:
    counts = _counts(answer)
    attributes = [name for name in group.facets if name.startswith(ATTRIBUTE)]
    for name in group.facets:
        facet = empty(name)
        if name == "category":
            yield name, facet | tree_of(plan, answer[name])
        elif name == "brand":
            yield name, facet | _brands(plan, answer)
        elif name == "price":
            yield name, facet | {"unit": currency} | price_of(plan, parts(answer, name), currency)
        elif name in ("in_stock", "on_sale"):
            selected = plan.request.in_stock if name == "in_stock" else plan.request.on_sale
            flag = value("true", LABELS[name], answer[name]["doc_count"], selected)
            yield name, facet | {"values": [flag], "total_values": 1}
        else:
            described = shape(plan, name)
            held = counts.get(described.name, {})
            if described.type == "values":
                yield name, facet | values_facet(held, dict(plan.request.attributes).get(described.name, ()))
            else:
                number = attributes.index(name)
                limits = range_of(plan, described, held, answer, number)
                values = values_facet(held, ()) if plan.request.narrow else {}
                yield name, facet | {"unit": unit_of(described.name)} | values | limits


def empty(name: str) -> Facet:
    """A facet with nothing in it."""
    return {
        "name": name,
        "label": LABELS.get(name) or label_of(name.removeprefix(ATTRIBUTE)),
        "type": "values",
        "values": [],
        "total_values": 0,
        "min": None,
        "max": None,
        "unit": None,
        "buckets": [],
    }


def _counts(answer: Answer) -> Counts:
    """Every count of a value that the group was answered; those of selected values are there even if they are rare."""
    found: Counts = {}
    for key, held in answer.items():
        if key.startswith("tokens"):
            _add(found, held["buckets"])
        elif key.startswith("apart") and key.endswith(".simple"):
            for part in parts(answer, key.removesuffix(".simple")):
                _add(found, part["values"]["buckets"])
    chosen: Counts = {}
    for part in parts(answer, "selected"):
        _add(chosen, part.get("chosen", {}).get("buckets", []))
    for name, values in chosen.items():
        found.setdefault(name, {}).update(values)
    return found


def _add(counts: Counts, buckets: Iterable[Answer]) -> None:
    for bucket in buckets:
        name, _, text = bucket["key"].partition(SEPARATOR)
        held = counts.setdefault(name, {})
        held[text] = held.get(text, 0) + count(bucket)


def value(key: str, label: str, products: int, selected: bool) -> dict[str, Any]:
    """One value of a facet."""
    return {"value": key, "label": label, "count": products, "selected": selected}


def values_facet(counts: dict[str, int], selected: Collection[str]) -> Facet:
    """The commonest values and the selected ones, by count."""
    counts = dict.fromkeys(selected, 0) | counts
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    labels = LABELS_OF_FLAGS if counts.keys() <= LABELS_OF_FLAGS.keys() else {}
    values = [
        value(key, labels.get(key, key), products, key in selected)
        for place, (key, products) in enumerate(ordered)
        if place < VALUES or key in selected
    ]
    return {"values": values, "total_values": len(ordered)}


def _brands(plan: SearchPlan, answer: Answer) -> Facet:
    counts = {bucket["key"]: bucket["doc_count"] for bucket in answer["brand"]["buckets"]}
    selected: set[str] = set()
    if plan.request.brands:
        for sent, bucket in zip(plan.request.brands, answer["selected"]["buckets"], strict=True):
            # A brand is matched whatever its case: show it as the catalogue spells it.
            spelled = bucket["label"]["buckets"]
            brand = spelled[0]["key"] if spelled else sent
            counts.setdefault(brand, bucket["doc_count"])
            selected.add(brand)
    return values_facet(counts, selected)


def says_something(facet: Facet) -> bool:
    """Whether there is something to choose."""
    if facet["type"] == "range":
        return facet["min"] is not None and facet["min"] != facet["max"]
    if facet["name"] in ("in_stock", "on_sale"):
        return bool(facet["values"][0]["count"])
    return len(facet["values"]) >= (1 if facet["type"] == "tree" else 2)
