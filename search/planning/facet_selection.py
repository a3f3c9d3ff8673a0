"""Which attributes of a result are worth a facet, and in which steps numbers are shown: read off a sample. Pure.

The sample is taken of what matches the words, below the category, so the facets stay the same while the shopper clicks.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mappings.attributes import MANY, SEPARATOR
from mappings.json_types import Aggregations, Clause, Response
from mappings.numbers import parse_token
from search.planning.attribute_types import Kinds
from search.planning.bucket_edges import Sample, decimals_of, evenness, steps_of
from search.text.term_patterns import names_includes

MOST_FACETS = 10
# Products looked at: the best matches. Numbers are looked at in fewer, because each is a value of its own.
SAMPLE = 1000
NUMBERS_SAMPLE = 300
NAMES = 200
TOKENS = 500
NUMBERS = 3000
PRICES = 1000
# A numeric attribute with no more values in the sample is shown by its values.
FEW_VALUES = 8
# With more values in the sample, nearly all of them different, there are too many to count each of them.
MANY_VALUES = 150
NEARLY_ALL = 0.9
# So many values are doubted less to be all different by chance.
DOUBT = 5
LEAST_WORTH = 0.02
LARGEST_MEASURE = 1_000_000


@dataclass(frozen=True, slots=True)
class AttributeFacet:
    """`steps` are the limits between the steps of a range; `decimals` how exactly its values are written.

    `wide`: there are too many different values to count each.
    """

    name: str
    type: Literal["values", "range"] = "values"
    steps: tuple[float, ...] = ()
    decimals: int = 0
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """`attributes` are in the order to show. `price_steps` are cents."""

    attributes: tuple[AttributeFacet, ...] = ()
    price_steps: tuple[int, ...] = ()

    def facet(self, name: str) -> AttributeFacet | None:
        """The facet of an attribute; None where nothing is known of it."""
        return next((facet for facet in self.attributes if facet.name == name), None)


@dataclass(slots=True)
class FacetSample:
    """A sample of products, whose profile is read when it is wanted: that takes longer than all else of a probe."""

    kinds: Kinds
    #: Attributes that have a facet whatever the sample says.
    named: Collection[str]
    #: Whether the best of the other attributes have one, too.
    auto: bool
    #: The response to `profile_aggs`; None where none was asked for, or once it is read.
    response: Response | None
    _profile: Profile | None = None

    def profile(self) -> Profile:
        """Which attributes are worth a facet; nothing without a sample."""
        if self._profile is None:
            self._profile = (
                read_profile(self.response, self.kinds, self.named, self.auto) if self.response else Profile()
            )
            self.response = None
        return self._profile


def profile_aggs(numeric: Collection[str] = (), tokens: int = TOKENS) -> Aggregations:
    """Aggregations to put under what matches; their cost does not grow with it, nor with the number of names.

    `numeric` are attributes whose steps are wanted, however rare they are; of the others, so many `tokens` are read.
    """
    aggs: Aggregations = {
        "names": _terms("attribute_names", NAMES),
        "tokens": _terms("tokens", tokens),
    }
    for number, include in enumerate(names_includes(sorted(numeric))):
        aggs[f"numeric{number}"] = _terms("numbers", NUMBERS, include)
    few = {"numbers": _terms("numbers", NUMBERS), "prices": _terms("price_cents", PRICES)}
    return {
        "sample": {"sampler": {"shard_size": SAMPLE}, "aggs": aggs},
        "few": {"sampler": {"shard_size": NUMBERS_SAMPLE}, "aggs": few},
    }


def read_profile(response: Response, kinds: Kinds, named: Collection[str] = (), auto: bool = True) -> Profile:
    """The profile of the response to `profile_aggs`: the `named` attributes, and with `auto` the best of the others."""
    sample, few = response["sample"], response["few"]
    numbers = _numbers(few["numbers"]["buckets"])
    for key, part in sample.items():
        if key.startswith("numeric"):
            numbers |= _numbers(part["buckets"])
    facets = {name: _described(name, kinds, numbers.get(name, [])) for name in named}
    if auto:
        best = _best(sample, kinds, numbers)
        facets = {**facets, **{name: facet for name, facet in best.items() if name not in facets}}
    prices = [(bucket["key"] / 100, bucket["doc_count"]) for bucket in few["prices"]["buckets"]]
    return Profile(tuple(facets.values()), tuple(round(step * 100) for step in steps_of(prices)))


def _best(sample: Response, kinds: Kinds, numbers: Mapping[str, list[tuple[float, int]]]) -> dict[str, AttributeFacet]:
    """The attributes worth most: how many products have one, times how much the choice of a value tells."""
    total = sample["doc_count"]
    counts: dict[str, list[int]] = {}
    for bucket in sample["tokens"]["buckets"]:
        counts.setdefault(bucket["key"].partition(SEPARATOR)[0], []).append(bucket["doc_count"])
    # The commonest first, until no other can be worth more: what is in few products need not be looked at.
    best: list[tuple[float, str, AttributeFacet]] = []
    for name, covered in sorted(_coverage(sample["names"]["buckets"]), key=lambda item: (-item[1], item[0])):
        if covered / total < (best[-1][0] if len(best) == MOST_FACETS else LEAST_WORTH):
            break
        facet = _described(name, kinds, numbers.get(name, []))
        if facet.type == "range":
            information = _said_by_steps(facet, numbers.get(name, []))
        else:
            information = said_by_values(counts.get(name, []), covered)
        if (value := covered / total * information) >= LEAST_WORTH:
            best = sorted([*best, (value, name, facet)], key=lambda item: (-item[0], item[1]))[:MOST_FACETS]
    return {name: facet for _, name, facet in best}


def _coverage(buckets: list[Response]) -> Iterator[tuple[str, int]]:
    """Products of the sample that hold each name."""
    counts: dict[str, int] = {}
    for bucket in buckets:
        name, _, kind = bucket["key"].rpartition(SEPARATOR)
        if kind != MANY:
            counts[name] = counts.get(name, 0) + bucket["doc_count"]
    return iter(counts.items())


def _described(name: str, kinds: Kinds, numbers: list[tuple[float, int]]) -> AttributeFacet:
    if not kinds.is_number(name):
        return AttributeFacet(name)
    values = [value for value, _ in numbers]
    return AttributeFacet(
        name,
        "values" if 0 < len(numbers) <= FEW_VALUES else "range",
        steps_of(numbers),
        decimals_of(values),
        len(numbers) > max(MANY_VALUES, NEARLY_ALL * sum(count for _, count in numbers)),
    )


def said_by_values(counts: list[int], covered: int) -> float:
    """0..1: how much the choice of a value tells: Shannon entropy over its largest possible, doubted when all differ.

    `counts` may be those of the commonest values alone; the others of the `covered` are taken for values of their own.
    """
    seen = sum(counts)
    others = max(0, covered - seen)
    total, different = seen + others, len(counts) + others
    if different < 2:
        return 0.0
    even = evenness([*counts, *[1] * others]) / math.log2(different)
    return even * (1 - different / (total + DOUBT)) ** 2


def _said_by_steps(facet: AttributeFacet, numbers: list[tuple[float, int]]) -> float:
    if not facet.steps or _identifies(numbers):
        return 0.0
    return evenness(Sample(numbers).shares(facet.steps)) / math.log2(len(facet.steps) + 1)


def _identifies(numbers: list[tuple[float, int]]) -> bool:
    """Whether these numbers are names: large, whole, and all different."""
    return all(count == 1 and value == int(value) and abs(value) >= LARGEST_MEASURE for value, count in numbers)


def _numbers(buckets: list[Response]) -> dict[str, list[tuple[float, int]]]:
    numbers: dict[str, list[tuple[float, int]]] = {}
    for bucket in buckets:
        name, _, token = bucket["key"].rpartition(SEPARATOR)
        numbers.setdefault(name, []).append((parse_token(token), bucket["doc_count"]))
    return numbers


def _terms(field: str, size: int, include: str | None = None) -> Clause:
    terms: Clause = {"field": field, "size": size}
    return {"terms": terms if include is None else terms | {"include": include}}
