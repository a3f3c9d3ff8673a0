"""Elasticsearch's counts -> the contract's facets. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from mappings.attributes import SEPARATOR, unit_of, words_of
from mappings.numbers import token_number
from search.facets import Group, count, counts_steps, facet_names, groups, parts, ranges, shape, split_node
from search.filters import Filter, category_path
from search.plan import SearchPlan
from search.profile import AttributeFacet
from search.request import ATTRIBUTE, Range
from search.steps import decimals_of, steps_of

LABELS = {"category": "Category", "brand": "Brand", "price": "Price", "in_stock": "In stock", "on_sale": "On sale"}
LABELS_OF_FLAGS = {"true": "Yes", "false": "No"}
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
    return [found[name] for name in facet_names(plan) if named or name in selected or _says(found[name])]


def _group(plan: SearchPlan, group: Group, answer: Answer, currency: str) -> Iterator[tuple[str, Facet]]:
    counts = _counts(answer)
    attributes = [name for name in group.facets if name.startswith(ATTRIBUTE)]
    for name in group.facets:
        facet = empty(name)
        if name == "category":
            yield name, facet | _tree(plan, answer[name])
        elif name == "brand":
            yield name, facet | _brands(plan, answer)
        elif name == "price":
            yield name, facet | {"unit": currency} | _price(plan, parts(answer, name), currency)
        elif name in ("in_stock", "on_sale"):
            selected = plan.request.in_stock if name == "in_stock" else plan.request.on_sale
            flag = value("true", LABELS[name], answer[name]["doc_count"], selected)
            yield name, facet | {"values": [flag], "total_values": 1}
        else:
            described = shape(plan, name)
            held = counts.get(described.name, {})
            if described.type == "values":
                yield name, facet | _values(held, dict(plan.request.attributes).get(described.name, ()))
            else:
                number = attributes.index(name)
                yield name, facet | {"unit": unit_of(described.name)} | _range(plan, described, held, answer, number)


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


def label_of(attribute: str) -> str:
    """'screen_size' -> 'Screen size', 'weight_g' -> 'Weight (g)'."""
    words = words_of(attribute).strip()
    unit = unit_of(attribute)
    return words[:1].upper() + words[1:] + (f" ({unit})" if unit else "")


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


def _values(counts: dict[str, int], selected: Collection[str]) -> Facet:
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
    return _values(counts, selected)


def _tree(plan: SearchPlan, answer: Answer) -> Facet:
    """The top level, and below it the branch of the selected category with its children; `level` counts from 0."""
    nodes: dict[str, dict[str, Any]] = {}
    chosen = _chosen_path(plan)
    for bucket in answer["buckets"]:
        path, name, _ = split_node(bucket["key"])
        # Just after a rename the old and the new name of a category may both be counted.
        node = nodes.setdefault(path, {"value": path, "label": name, "count": 0, "level": path.count("/")})
        node["count"] += bucket["doc_count"]
    if chosen and chosen not in nodes:
        label = _category_label(plan, chosen)
        nodes[chosen] = {"value": chosen, "label": label, "count": 0, "level": chosen.count("/")}
    values = [node | {"selected": path == chosen} for path, node in nodes.items()]
    return {
        "type": "tree",
        "values": sorted(values, key=lambda value: _tree_order(value, nodes)),
        "total_values": len(nodes),
    }


def _chosen_path(plan: SearchPlan) -> str | None:
    """The chosen category's path; what was sent, as one can be clicked again, where the catalogue has no such."""
    category = plan.request.category
    if plan.category is not None:
        return plan.category.path
    if category is None:
        return None
    return category_id(category) or category_path(category)


def category_id(category: str) -> str | None:
    """The id, where a category was named by one."""
    try:
        return str(UUID(category))
    except ValueError:
        return None


def _category_label(plan: SearchPlan, path: str) -> str:
    if plan.category is not None:
        return plan.category.name
    return path if category_id(path) else label_of(path.rpartition("/")[2].replace("-", "_"))


def _tree_order(value: Answer, nodes: Mapping[str, Answer]) -> list[tuple[int, str]]:
    """Parents before their children, siblings by count."""
    slugs = value["value"].split("/")
    paths = ["/".join(slugs[: depth + 1]) for depth in range(len(slugs))]
    return [(-nodes[path]["count"] if path in nodes else 0, path) for path in paths]


def _price(plan: SearchPlan, held: Sequence[Answer], currency: str) -> Facet:
    low = min((part["min"]["value"] for part in held if part["min"]["value"] is not None), default=None)
    high = max((part["max"]["value"] for part in held if part["max"]["value"] is not None), default=None)
    if low is None or high is None:
        return {"type": "range"}
    steps = [step / 100 for step in plan.profile.price_steps]
    counts = [0] * (len(steps) + 1) if steps else []
    for part in held:
        for number, bucket in enumerate(part.get("steps", {}).get("buckets", [])):
            counts[number] += count(bucket)
    buckets = _buckets(ranges(steps, 0), steps, counts, currency)
    return {"type": "range", "min": low / 100, "max": high / 100, "buckets": buckets, "total_values": len(buckets)}


def _range(plan: SearchPlan, facet: AttributeFacet, held: Mapping[str, int], answer: Answer, number: int) -> Facet:
    """Lowest and highest number, and products by step; steps with nothing in them at either end are left out."""
    values = {float(text): products for text, products in held.items()}
    if facet.wide:
        ends = [answer[f"{end}{number}"]["buckets"] for end in ("low", "high")]
        limits = [token_number(end[0]["key"].rpartition(SEPARATOR)[2]) for end in ends if end]
    else:
        limits = [min(values), max(values)] if values else []
    if not limits:
        return {"type": "range"}
    steps, decimals = facet.steps, facet.decimals
    if counts_steps(plan, facet):
        counts = [bucket["doc_count"] for bucket in answer[f"steps{number}"]["buckets"]]
        found = ranges(steps, decimals)
    else:
        if not steps and not plan.kinds.has_many_numbers(facet.name):  # in no product of the sample
            steps, decimals = steps_of(list(values.items())), decimals_of(list(values))
        found = ranges(steps, decimals)
        counts = [sum(products for value, products in values.items() if holds(step, value)) for step in found]
    buckets = _buckets(found, steps, counts, unit_of(facet.name))
    return {"type": "range", "min": limits[0], "max": limits[1], "buckets": buckets, "total_values": len(buckets)}


def holds(limits: Range, value: float) -> bool:
    """Whether the closed interval holds the value."""
    return (limits.low is None or value >= limits.low) and (limits.high is None or value <= limits.high)


def _buckets(
    found: Sequence[Range], steps: Sequence[float], counts: Sequence[int], unit: str | None
) -> list[dict[str, Any]]:
    """Steps from the first to the last that holds a product: empty ones between them tell something too."""
    held = [number for number, products in enumerate(counts) if products]
    labels = [_label(low, high, unit) for low, high in pairwise([None, *steps, None])]
    shown = range(held[0], held[-1] + 1) if held else range(0)
    return [
        {
            "from": _plain(found[number].low),
            "to": _plain(found[number].high),
            "label": labels[number],
            "count": counts[number],
        }
        for number in shown
    ]


def _plain(limit: float | None) -> float | None:
    """200 and not 200.0, as people write it in an address."""
    return int(limit) if limit is not None and limit == int(limit) else limit


def _label(low: float | None, high: float | None, unit: str | None) -> str:
    behind = f" {unit}" if unit else ""
    if low is None:
        return f"Under {high:.12g}{behind}" if high is not None else ""
    return f"{low:.12g}{behind} and more" if high is None else f"{low:.12g}–{high:.12g}{behind}"


def _says(facet: Facet) -> bool:
    """Whether there is something to choose."""
    if facet["type"] == "range":
        return facet["min"] is not None and facet["min"] != facet["max"]
    if facet["name"] in ("in_stock", "on_sale"):
        return bool(facet["values"][0]["count"])
    return len(facet["values"]) >= (1 if facet["type"] == "tree" else 2)
