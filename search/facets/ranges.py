"""Counts of prices and numbers -> their ends and steps. Pure."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from mappings.attributes import SEPARATOR, unit_of
from mappings.json_types import Response
from mappings.numbers import parse_token
from search.facets.aggregations import count, counts_steps, ranges
from search.planning.bucket_edges import Sample, decimals_of, steps_of
from search.planning.facet_selection import AttributeFacet
from search.planning.plan import SearchPlan
from search.request import Range
from search.result import Bucket


class RangeCounts(NamedTuple):
    """What is known of a range: its ends, and products by step. Without products there are none."""

    low: float | None = None
    high: float | None = None
    buckets: tuple[Bucket, ...] = ()


def price_range(plan: SearchPlan, parts: Sequence[Response], currency: str) -> RangeCounts:
    """Lowest and highest price in the currency, and products by step; `parts` are to be added up."""
    ends = [part["ends"] for part in parts if part["ends"]["count"]]
    if not ends:
        return RangeCounts()
    low, high = min(end["min"] for end in ends), max(end["max"] for end in ends)
    steps = [step / 100 for step in plan.evidence.facets.price_steps]
    counts = [0] * (len(steps) + 1) if steps else []
    for part in parts:
        for number, bucket in enumerate(part.get("steps", {}).get("buckets", [])):
            counts[number] += count(bucket)
    return RangeCounts(low / 100, high / 100, _buckets(ranges(steps, 0), steps, counts, currency))


def attribute_range(
    plan: SearchPlan, facet: AttributeFacet, counts_by_value: Mapping[str, int], response: Response, number: int
) -> RangeCounts:
    """Lowest and highest number, and products by step; steps with nothing in them at either end are left out."""
    values = {at: products for text, products in counts_by_value.items() if (at := _number(text)) is not None}
    if facet.wide:
        ends = [response[f"{end}{number}"]["buckets"] for end in ("low", "high")]
        limits = [parse_token(end[0]["key"].rpartition(SEPARATOR)[2]) for end in ends if end]
    else:
        limits = [min(values), max(values)] if values else []
    if not limits:
        return RangeCounts()
    steps, decimals = facet.steps, facet.decimals
    if counts_steps(plan, facet):
        counts = [bucket["doc_count"] for bucket in response[f"steps{number}"]["buckets"]]
        limits_of_steps = ranges(steps, decimals)
    else:
        if not steps and not plan.context.attribute_types.has_many_numbers(facet.name):  # in no product of the sample
            steps, decimals = steps_of(list(values.items())), decimals_of(list(values))
        limits_of_steps = ranges(steps, decimals)
        sample = Sample(list(values.items()))
        counts = [sample.between(step.low, step.high) for step in limits_of_steps]
    low, high = limits
    return RangeCounts(low, high, _buckets(limits_of_steps, steps, counts, unit_of(facet.name)))


def _number(text: str) -> float | None:
    """None for a text: a name that was one of numbers alone may have got one in the last seconds."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _buckets(
    limits: Sequence[Range], steps: Sequence[float], counts: Sequence[int], unit: str | None
) -> tuple[Bucket, ...]:
    """Steps from the first to the last that holds a product: empty ones between them tell something too."""
    filled = [number for number, products in enumerate(counts) if products]
    labels = [_label(low, high, unit) for low, high in pairwise([None, *steps, None])]
    shown = range(filled[0], filled[-1] + 1) if filled else range(0)
    return tuple(
        Bucket(_plain(limits[number].low), _plain(limits[number].high), labels[number], counts[number])
        for number in shown
    )


def _plain(limit: float | None) -> float | None:
    """200 and not 200.0, as people write it in an address."""
    return int(limit) if limit is not None and limit == int(limit) else limit


def _label(low: float | None, high: float | None, unit: str | None) -> str:
    behind = f" {unit}" if unit else ""
    if low is None:
        return f"Under {high:.12g}{behind}" if high is not None else ""
    return f"{low:.12g}{behind} and more" if high is None else f"{low:.12g}–{high:.12g}{behind}"
