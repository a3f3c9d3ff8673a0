"""Counts of prices and numbers -> their ends and steps. Pure."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from mappings.attributes import SEPARATOR, unit_of
from mappings.numbers import parse_token
from search.facets.aggregations import count, counts_steps, ranges
from search.planning.bucket_edges import Sample, decimals_of, steps_of
from search.planning.facet_selection import AttributeFacet
from search.planning.plan import SearchPlan
from search.request import Range

Answer = dict[str, Any]
Facet = dict[str, Any]


def price_of(plan: SearchPlan, held: Sequence[Answer], currency: str) -> Facet:
    """Lowest and highest price in the currency, and products by step; `held` is to be added up."""
    ends = [part["ends"] for part in held if part["ends"]["count"]]
    if not ends:
        return {"type": "range"}
    low, high = min(end["min"] for end in ends), max(end["max"] for end in ends)
    steps = [step / 100 for step in plan.evidence.facets.price_steps]
    counts = [0] * (len(steps) + 1) if steps else []
    for part in held:
        for number, bucket in enumerate(part.get("steps", {}).get("buckets", [])):
            counts[number] += count(bucket)
    buckets = _buckets(ranges(steps, 0), steps, counts, currency)
    return {"type": "range", "min": low / 100, "max": high / 100, "buckets": buckets, "total_values": len(buckets)}


def range_of(plan: SearchPlan, facet: AttributeFacet, held: Mapping[str, int], answer: Answer, number: int) -> Facet:
    """Lowest and highest number, and products by step; steps with nothing in them at either end are left out."""
    values = {at: products for text, products in held.items() if (at := _number(text)) is not None}
    if facet.wide:
        ends = [answer[f"{end}{number}"]["buckets"] for end in ("low", "high")]
        limits = [parse_token(end[0]["key"].rpartition(SEPARATOR)[2]) for end in ends if end]
    else:
        limits = [min(values), max(values)] if values else []
    if not limits:
        return {"type": "range"}
    steps, decimals = facet.steps, facet.decimals
    if counts_steps(plan, facet):
        counts = [bucket["doc_count"] for bucket in answer[f"steps{number}"]["buckets"]]
        found = ranges(steps, decimals)
    else:
        if not steps and not plan.context.attribute_types.has_many_numbers(facet.name):  # in no product of the sample
            steps, decimals = steps_of(list(values.items())), decimals_of(list(values))
        found = ranges(steps, decimals)
        sample = Sample(list(values.items()))
        counts = [sample.between(step.low, step.high) for step in found]
    buckets = _buckets(found, steps, counts, unit_of(facet.name))
    return {"type": "range", "min": limits[0], "max": limits[1], "buckets": buckets, "total_values": len(buckets)}


def _number(text: str) -> float | None:
    """None for a text: a name that was one of numbers alone may have got one in the last seconds."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


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
