"""InstantSearch's filters -> filters of ours. Pure.

What our own filters can say is said by them: then options, price and stock hold for one and the same variant. The
rest, which is what is left out and choices between facets, becomes alternatives that hold for the product. What neither
can say is refused: a filter that is not applied would show what was not asked for.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import islice
from typing import NamedTuple

from api.instantsearch.clauses import Sent, listed, unquoted, written
from catalog.errors import InvalidInput
from catalog.filter_conditions import category_path
from catalog.schemas.fields import MAX_CATEGORY_DEPTH, slugify
from mappings.json_types import Json
from search.input import AttributeFilter, SearchInput
from search.request import ATTRIBUTE

# "Audio > Headphones", of facets that have a level: `hierarchicalCategories.lvl1`.
LEVEL = re.compile(r"(?:hierarchicalCategories|categories|category)\.lvl([0-9])")
LEVELS_BY = " > "
FLAGS = ("in_stock", "on_sale")
# In all choices together. Each is a condition of its own for every product.
MAX_ALTERNATIVES = 100

_NUMBER = r"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})"
_COMPARED = re.compile(rf"(.+?)\s*(<=|>=|!=|=|<|>)\s*({_NUMBER})", re.DOTALL | re.ASCII)
_BETWEEN = re.compile(rf"(.+?)\s*:\s*({_NUMBER})\s+TO\s+({_NUMBER})", re.DOTALL | re.ASCII)

Limit = Decimal | float | None


class Value(NamedTuple):
    """A value of a facet. Of flags `true` alone: what is not true is `true`, negated."""

    facet: str
    value: str

    @property
    def filters(self) -> SearchInput:
        if self.facet == "category":
            return SearchInput(category=self.value)
        if self.facet == "brand":
            return SearchInput(brands=(self.value,))
        if self.facet in FLAGS:
            return SearchInput(in_stock=self.facet == "in_stock", on_sale=self.facet == "on_sale")
        return SearchInput(attributes=(by_values(self.facet, (self.value,)),))


class Interval(NamedTuple):
    """A closed interval of a number; None is open."""

    name: str
    low: Limit = None
    high: Limit = None

    @property
    def empty(self) -> bool:
        if self.low is not None and self.high is not None and self.low > self.high:
            return True
        return self.name == "price" and self.high is not None and self.high < 0

    @property
    def filters(self) -> SearchInput:
        if self.name == "price":
            return SearchInput(price_min=self.low, price_max=self.high)
        low, high = (None if limit is None else float(limit) for limit in (self.low, self.high))
        return SearchInput(attributes=(AttributeFilter(self.name.removeprefix(ATTRIBUTE), low=low, high=high),))


class Term(NamedTuple):
    condition: Value | Interval
    negated: bool = False


class Alternative(NamedTuple):
    """Filters of ours, of which all hold; `negated`: of which they do not."""

    filters: SearchInput
    negated: bool = False


@dataclass(slots=True)
class Conditions:
    """What a request filters by.

    `values`: of each facet, the choices of which each must hold. `either`: choices that are not of one facet, or of
    what is left out. `nothing`: no product can hold them all.
    """

    values: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    intervals: dict[str, Interval] = field(default_factory=dict)
    either: list[tuple[Alternative, ...]] = field(default_factory=list)
    nothing: bool = False

    def add(self, terms: Sequence[Term]) -> None:
        """One of these must hold."""
        chosen = [term.condition for term in terms if isinstance(term.condition, Value) and not term.negated]
        facets = {value.facet for value in chosen}
        if len(chosen) == len(terms) and len(facets) == 1 and (facets != {"category"} or len(set(chosen)) == 1):
            self.values.setdefault(facets.pop(), []).append(tuple(value.value for value in chosen))
        elif len(terms) == 1 and isinstance(terms[0].condition, Interval) and not terms[0].negated:
            self._narrow(terms[0].condition)
        else:
            self._choose(terms)

    def _narrow(self, new: Interval) -> None:
        interval = self.intervals.get(new.name, Interval(new.name))
        lows = [low for low in (interval.low, new.low) if low is not None]
        highs = [high for high in (interval.high, new.high) if high is not None]
        self.intervals[new.name] = Interval(new.name, max(lows, default=None), min(highs, default=None))

    def _choose(self, terms: Sequence[Term]) -> None:
        left: list[Alternative] = []
        for condition, negated in terms:
            if not isinstance(condition, Interval) or not condition.empty:
                left.append(Alternative(condition.filters, negated))
            elif negated:
                return  # what is in no product is left out of every one
        if left:
            self.either.append(tuple(left))
        self.nothing |= not left


def read_conditions(params: Json) -> Conditions:
    """Raises InvalidInput that names the parameter."""
    conditions = Conditions()
    for clause in listed("facetFilters", params.get("facetFilters"), by=None):
        conditions.add([_value("facetFilters", sent.text, signed=True) for sent in clause])
    for clause in listed("numericFilters", params.get("numericFilters"), by=","):
        conditions.add([_comparison("numericFilters", sent.text) for sent in clause])
    for clause in written(params.get("filters")):
        conditions.add([_written(sent) for sent in clause])
    if sum(map(len, conditions.either)) > MAX_ALTERNATIVES:
        raise InvalidInput.of("filters", f"at most {MAX_ALTERNATIVES} alternatives in all choices are allowed")
    return conditions


def filters_of(conditions: Conditions) -> tuple[SearchInput, list[AttributeFilter]]:
    """A search with these filters, and more choices of attributes for which there is one already. Sets `nothing`."""
    search = SearchInput(in_stock="in_stock" in conditions.values, on_sale="on_sale" in conditions.values)
    attributes: list[AttributeFilter] = []
    more: list[AttributeFilter] = []
    for name, choices in conditions.values.items():
        if name == "category":
            search = replace(search, category=_deepest(conditions, choices))
        elif name == "brand":
            search = replace(search, brands=tuple(_common(conditions, choices)))
        elif name not in FLAGS:
            first, *others = dict.fromkeys(choices)
            attributes.append(by_values(name, first))
            more += [by_values(name, choice) for choice in others]
    for interval in conditions.intervals.values():
        conditions.nothing |= interval.empty
        if interval.empty:
            continue
        bounds = interval.filters
        attributes += bounds.attributes
        if interval.name == "price":
            search = replace(search, price_min=bounds.price_min, price_max=bounds.price_max)
    return replace(search, attributes=tuple(attributes)), more


def by_values(facet: str, values: tuple[str, ...]) -> AttributeFilter:
    """The filter of `attr.NAME` by alternatives."""
    return AttributeFilter(facet.removeprefix(ATTRIBUTE), values)


def _written(sent: Sent) -> Term:
    if _COMPARED.fullmatch(sent.text) or _BETWEEN.fullmatch(sent.text):
        condition = _comparison("filters", sent.text)
    else:
        condition = _value("filters", unquoted(sent.text), signed=False)
    return condition._replace(negated=condition.negated != sent.negated)


def _comparison(parameter: str, text: str) -> Term:
    """`price>=10`, `price!=10` or `price:10 TO 20`."""
    if match := _BETWEEN.fullmatch(text.strip()):
        name, lowest, highest = _number(parameter, match[1]), Decimal(match[2]), Decimal(match[3])
        return Term(Interval(name, _low(name, ">=", lowest), _high(name, "<=", highest)))
    if not (match := _COMPARED.fullmatch(text.strip())):
        raise InvalidInput.of(parameter, f"{text[:100]!r} is not like 'price>=10' (with <=, <, =, !=, > or >=)")
    name, operator, number = _number(parameter, match[1]), match[2], Decimal(match[3])
    low = _low(name, operator, number) if operator in (">=", ">", "=", "!=") else None
    high = _high(name, operator, number) if operator in ("<=", "<", "=", "!=") else None
    return Term(Interval(name, low, high), negated=operator == "!=")


def _number(parameter: str, sent: str) -> str:
    name = sent.strip()
    if name != "price" and not _is_attribute(name):
        raise InvalidInput.of(parameter, f"{name[:100]!r} is not a number: price and attr.NAME are")
    return name


def _value(parameter: str, text: str, *, signed: bool) -> Term:
    """`brand:Norvane`; where values are signed, `brand:-Norvane` is what is left out and `\\-5` begins with a minus."""
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    negated = signed and value.startswith("-")
    if signed:
        value = value[1:].strip() if negated else value.removeprefix("\\") if value.startswith("\\-") else value
    if not colon or not value:
        raise InvalidInput.of(parameter, f"{text[:100]!r} is not like 'brand:Norvane'")
    facet = _facet(parameter, name)
    if facet in FLAGS:
        if value not in ("true", "false"):
            raise InvalidInput.of(parameter, f"{name} must be true or false")
        return Term(Value(facet, "true"), negated != (value == "false"))
    if LEVEL.fullmatch(name):
        return Term(Value(facet, path_of(value)), negated)
    # As a path or an id: an id has no spaces, no capitals and no '>', so that it stays as it is.
    return Term(Value(facet, category_path(value) if facet == "category" else value), negated)


def _facet(parameter: str, name: str) -> str:
    if LEVEL.fullmatch(name):
        return "category"
    if name == "price":
        raise InvalidInput.of(parameter, "price is filtered by numericFilters, as in 'price>=10'")
    if name in ("category", "brand", *FLAGS) or _is_attribute(name):
        return name
    raise InvalidInput.of(
        parameter,
        f"{name[:100]!r} is not a facet: brand, category, hierarchicalCategories.lvl0 (and so on), in_stock, on_sale"
        " and attr.NAME are",
    )


def _is_attribute(name: str) -> bool:
    return name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)


def path_of(names: str) -> str:
    """'TV/Video > Screens' -> 'tv-video/screens'."""
    slugs = (slugify(part) for part in names.split(LEVELS_BY.strip()))
    return "/".join(islice(filter(None, slugs), MAX_CATEGORY_DEPTH + 1)) or category_path(names)


def _deepest(conditions: Conditions, choices: Iterable[tuple[str, ...]]) -> str:
    """The one category that all of these are, or that is below them."""
    deepest = ""
    for path, *_ in choices:
        # As whole steps of the path: 'audio-books' is not below 'audio'.
        if not f"{path}/".startswith(f"{deepest}/" if deepest else "") and not f"{deepest}/".startswith(f"{path}/"):
            conditions.nothing = True
        deepest = max(deepest, path, key=len)
    return deepest


def _common(conditions: Conditions, choices: Sequence[tuple[str, ...]]) -> list[str]:
    """A product has one brand: the brands that are in each of the choices, whatever their case."""
    common = [brand for brand in choices[0] if all(brand.lower() in map(str.lower, choice) for choice in choices)]
    conditions.nothing |= not common
    return common


def _low(name: str, operator: str, number: Decimal) -> Decimal | float:
    if name == "price":
        cents = (number * 100).to_integral_value(ROUND_FLOOR if operator == ">" else ROUND_CEILING)
        return max(Decimal(0), (cents + 1 if operator == ">" else cents) / 100)
    return math.nextafter(float(number), math.inf) if operator == ">" else float(number)


def _high(name: str, operator: str, number: Decimal) -> Decimal | float:
    if name == "price":
        cents = (number * 100).to_integral_value(ROUND_CEILING if operator == "<" else ROUND_FLOOR)
        return (cents - 1 if operator == "<" else cents) / 100
    return math.nextafter(float(number), -math.inf) if operator == "<" else float(number)
