"""A request as conditions on `products p`, for searching without Elasticsearch. Pure.

Everything that a client sends is a bound value. Filters mean what they mean in the index: those on price, stock and
options must hold together for one and the same variant, or for a product that has none.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from catalog.filter_conditions import (
    ON_SALE,
    UNIT_IN_STOCK,
    Bound,
    Forced,
    all_of,
    any_unit,
    below,
    of_brand,
    product_has,
    scope_condition,
    unit_has,
)
from catalog.models.product import MODEL, SPELLED_MODEL, SPELLED_SKU
from catalog.services.product_reads import PUBLISHED
from search.clauses.filters import NO_FACET
from search.planning.attribute_types import Kinds
from search.request import ATTRIBUTE, Either, Range, SearchRequest

_SPLIT = re.compile(r"(?<=\d)(?=[^\W\d])")
_PREFIXED = re.compile(r"[%_\\]")
IDENTIFIED = 50


@dataclass(frozen=True, slots=True)
class Slot:
    """One word of a search: the texts that are it, phrases that mean the same, and the names that hold any of these."""

    texts: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    categories: frozenset[UUID] = frozenset()
    brands: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Identified:
    """Products that the whole search names, that begin with it, and that one word of it names."""

    whole: tuple[UUID, ...] = ()
    begins: tuple[UUID, ...] = ()
    parts: tuple[UUID, ...] = ()

    def __iter__(self) -> Iterator[UUID]:
        return iter(dict.fromkeys((*self.whole, *self.begins, *self.parts)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words of a search: `readings` are ways to read them, the first as they are typed. `needed` of these must be
    held, all of any reading where it is None."""

    readings: tuple[tuple[Slot, ...], ...] = ()
    needed: int | None = None
    identified: Identified = field(default_factory=Identified)
    name: str = ""
    heads: frozenset[UUID] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.readings or self.name)

    @property
    def slots(self) -> tuple[Slot, ...]:
        return self.readings[0] if self.readings else ()


@dataclass(frozen=True, slots=True)
class SqlFilter:
    """One filter of the shopper under the facet that it belongs to: a condition on `p`, or on a unit `u` of it."""

    facet: str
    product: str | None = None
    unit: str | None = None


def spellings(word: str) -> tuple[str, ...]:
    """'wi-fi' also as 'wifi', '13inch' also as '13 inch' and as '13', which is all that is left of 13\"."""
    split = _SPLIT.sub(" ", word)
    joined = re.sub(r"[\W_]+", "", word)
    inches = split.removesuffix(" inch") if split.endswith(" inch") else word
    return tuple(dict.fromkeys(text for text in (word, joined, split, inches) if text))


def visible(forced: Forced, bound: Bound) -> str:
    """What a shopper, or a principal with these forced filters, may see."""
    return f"({PUBLISHED}) AND ({scope_condition(forced, bound)})"


def holds(slot: Slot, bound: Bound) -> str:
    """The product holds this word: in its text, its brand or its category."""
    conditions = [f"p.search_vector @@ ({ts_query([slot], bound)})"]
    if slot.brands:
        conditions.append(f"p.brand_id = ANY ({bound(sorted(slot.brands), 'uuid[]')})")
    if slot.categories:
        conditions.append(f"p.category_id = ANY ({bound(sorted(slot.categories), 'uuid[]')})")
    return f"({' OR '.join(conditions)})"


def ts_query(slots: Iterable[Slot], bound: Bound) -> str:
    """Any of these words as a text search query."""
    parts = []
    for slot in slots:
        for text in [bound(text, "text") for text in slot.texts]:
            parts += [f"plainto_tsquery('english', {text})", f"plainto_tsquery('simple', {text})"]
        parts += [f"phraseto_tsquery('english', {bound(text, 'text')})" for text in slot.phrases]
    return " || ".join(parts)


def matches(wanted: Wanted, bound: Bound) -> str:
    """The product holds the words that are needed, or is named by an identifier."""
    if not wanted:
        return "true"
    conditions = []
    if wanted.needed is None:
        conditions = [" AND ".join(holds(slot, bound) for slot in slots) for slots in wanted.readings if slots]
    elif wanted.slots:
        conditions.append(f"{covered(wanted, bound)} >= {wanted.needed}")
        # Only this can use an index.
        conditions[0] = f"({' OR '.join(holds(slot, bound) for slot in wanted.slots)}) AND {conditions[0]}"
    if ids := list(wanted.identified):
        conditions.append(f"p.id = ANY ({bound(ids, 'uuid[]')})")
    return f"({' OR '.join(f'({part})' for part in conditions) or 'false'})"


def covered(wanted: Wanted, bound: Bound) -> str:
    """How many of the words as they are typed the product holds."""
    return "(" + " + ".join(f"coalesce({holds(slot, bound)}, false)::int" for slot in wanted.slots) + ")"


def rank(wanted: Wanted, bound: Bound) -> str:
    """How well the product is what is searched for: by its name, identifiers, words, and how well it is liked."""
    if not wanted:
        return "0"
    named = wanted.identified
    parts = [f"CASE WHEN lower(p.name) = lower({bound(wanted.name, 'text')}) THEN 2000 ELSE 0 END"]
    for ids, score in ((named.whole, 1000), (named.begins, 100), (named.parts, 20)):
        if ids:
            parts.append(f"CASE WHEN p.id = ANY ({bound(list(ids), 'uuid[]')}) THEN {score} ELSE 0 END")
    if wanted.slots:
        if wanted.needed is not None:
            parts.append(f"5 * {covered(wanted, bound)}")
        query = ts_query(wanted.slots, bound)
        parts.append(f"2 * ts_rank('{{0.05, 0.1, 0.3, 1}}', p.search_vector, {query})")
        if brands := frozenset[UUID]().union(*(slot.brands for slot in wanted.slots)):
            parts.append(_if(f"p.brand_id = ANY ({bound(sorted(brands), 'uuid[]')})", 0.5))
    if wanted.heads:
        parts.append(_if(f"p.category_id = ANY ({bound(sorted(wanted.heads), 'uuid[]')})", 1))
    return " + ".join([*parts, "0.2 * least(p.popularity, 1)", _if("p.inventory > 0", 0.1)])


def filters_of(request: SearchRequest, kinds: Kinds, bound: Bound) -> tuple[SqlFilter, ...]:
    """Every filter that the shopper has set. An attribute that is never an option is the same in all variants."""
    filters: list[SqlFilter] = []
    if request.category is not None:
        filters.append(SqlFilter("category", below(request.category, bound)))
    if request.brands:
        filters.append(SqlFilter("brand", of_brand(request.brands, bound)))
    if request.price is not None:
        filters.append(SqlFilter("price", unit=_price(request.price, bound)))
    if request.in_stock:
        filters.append(SqlFilter("in_stock", unit=UNIT_IN_STOCK))
    if request.on_sale:
        filters.append(SqlFilter("on_sale", ON_SALE))
    for name, texts in request.attributes:
        if kinds.may_be_option(name):
            filters.append(SqlFilter(ATTRIBUTE + name, unit=unit_has(name, texts, bound)))
        else:
            filters.append(SqlFilter(ATTRIBUTE + name, product_has(name, texts, bound)))
    for name, limits in request.ranges:
        filters.append(SqlFilter(ATTRIBUTE + name, _number(name, limits, bound)))
    filters += [SqlFilter(NO_FACET, _either(choice, kinds, bound)) for choice in request.either]
    return tuple(filters)


def _either(choice: Either, kinds: Kinds, bound: Bound) -> str:
    include, without = (
        [applied(filters_of(each, kinds, bound)) for each in requests] for requests in (choice.held, choice.without)
    )
    # Without a brand it is unknown, and not false, whether it is this one.
    return " OR ".join([*(f"({test})" for test in include), *(f"coalesce(NOT ({test}), true)" for test in without)])


def applied(filters: Iterable[SqlFilter]) -> str:
    """All these filters as one condition on `p`."""
    filters = list(filters)
    conditions = [item.product for item in filters if item.product is not None]
    if units := [item.unit for item in filters if item.unit is not None]:
        conditions.append(any_unit(units))
    return all_of(conditions) or "true"


def unit_conditions(filters: Iterable[SqlFilter]) -> str:
    """What one unit must hold; "" without such filters."""
    return all_of([item.unit for item in filters if item.unit is not None])


def identified_sql(identifier: str, prefix: str, parts: Sequence[str], bound: Bound) -> str:
    """Rows (kind, id) of products by sku, GTIN or model number, however it is spelled; "" with nothing to look up."""
    tests: list[tuple[str, str]] = []
    if identifier:
        tests.append(("whole", f"= {bound(identifier, 'text')}"))
    if prefix:
        tests.append(("begins", f"LIKE {bound(_PREFIXED.sub(_escaped, prefix) + '%', 'text')}"))
    if parts:
        tests.append(("parts", f"= ANY ({bound(list(parts), 'text[]')})"))
    return " UNION ALL ".join(
        f"(SELECT '{kind}' AS kind, {key} AS id FROM {table} WHERE {spelled} {test} LIMIT {IDENTIFIED})"  # noqa: S608
        for kind, test in tests
        for table, key, spelled in (
            ("skus", "product_id", SPELLED_SKU),
            ("products", "id", "gtin"),
            # The second condition is the index's own: without it, it is not used.
            ("products", "id", f"{MODEL} IS NOT NULL AND {SPELLED_MODEL}"),
        )
    )


def _escaped(match: re.Match[str]) -> str:
    return "\\" + match[0]


def _if(test: str, score: float) -> str:
    return f"CASE WHEN {test} THEN {score} ELSE 0 END"


def _price(limits: Range, bound: Bound) -> str:
    bounds = []
    if limits.low is not None:
        bounds.append(f"u.price >= {bound(limits.low, 'numeric')} / 100")
    if limits.high is not None:
        bounds.append(f"u.price <= {bound(limits.high, 'numeric')} / 100")
    return " AND ".join(bounds) or "true"


def _number(name: str, limits: Range, bound: Bound) -> str:
    """Any number that is held under this name lies within the limits."""
    test = ['@.type() == "number"']
    test += ["@ >= $low"] if limits.low is not None else []
    test += ["@ <= $high"] if limits.high is not None else []
    vars_json = bound(json.dumps({"low": limits.low, "high": limits.high}), "jsonb")
    return f"jsonb_path_exists(p.attributes -> {bound(name, 'text')}, '$[*] ? ({' && '.join(test)})', {vars_json})"
