"""Filters as conditions on `products p`: of a credential's scope, of a search without Elasticsearch, of a list. Pure.

Everything that a client sends is a bound value. Filters mean what they mean in an index: those on price, stock and
options must hold together for one and the same variant, or for a product that has none. `search.clauses.filters` says
the same to Elasticsearch; tests/integration/test_forced_filters.py holds both against each other.
"""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from catalog.schemas.fields import MAX_CATEGORY_DEPTH, option_text, slugify

# SQL with names of bound values in it, and these values.
Condition = tuple[str, dict[str, Any]]

# A category and all below it, by its id, or by what is said of it as `root`.
BELOW_ID = "p.category_id IN (SELECT d.id FROM categories d WHERE {0} = ANY (d.ids))"
BELOW_ROOT = """
    p.category_id IN (SELECT d.id FROM categories d JOIN categories root ON root.id = ANY (d.ids) WHERE {0})
"""
ON_SALE = "coalesce(p.price < p.compare_at_price, false)"
UNIT_IN_STOCK = "u.inventory > 0"
# What can be bought: each variant `u` of a product `p`, or the product itself where it has none.
UNITS = """
    SELECT v.sku, v.price, v.inventory, v.options, v.position, true AS is_variant
    FROM product_variants v WHERE v.product_id = p.id
    UNION ALL
    SELECT p.sku, p.price, p.inventory, '{}', 0, false
    WHERE NOT EXISTS (SELECT 1 FROM product_variants v WHERE v.product_id = p.id)
"""
# An option takes the place of the product's attribute of that name, in all of its variants.
UNIT_VALUE = """
    coalesce(u.options -> {0}, CASE WHEN NOT EXISTS (SELECT 1 FROM product_variants o WHERE o.product_id = p.id
                                                     AND jsonb_exists(o.options, {0})) THEN p.attributes -> {0} END)
"""
_OF_BRAND = """
    p.brand_id IN (SELECT b.id FROM brands b WHERE lower(b.name) IN (SELECT lower(sent) FROM unnest({0}) AS sent))
"""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")


class Bound:
    """Values on their way into a statement; a call with one gives the SQL that stands for it."""

    def __init__(self, prefix: str = "b") -> None:
        """`prefix` begins the names of the values, so that others of the statement can have other names."""
        self.values: dict[str, Any] = {}
        self._prefix = prefix

    def __call__(self, value: Any, kind: str) -> str:
        name = f"{self._prefix}{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {kind})"


@dataclass(frozen=True, slots=True)
class Forced:
    """Filters of a credential on all that its principal is shown, with the meaning that they have in a search.

    False when there are none.
    """

    #: A path or an id; all below it is shown too.
    category: str | None = None
    #: Alternatives.
    brands: tuple[str, ...] = ()
    #: Names and their values, which are alternatives.
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    in_stock: bool = False
    on_sale: bool = False

    def __bool__(self) -> bool:
        return self.category is not None or any((self.brands, self.attributes, self.in_stock, self.on_sale))


NOTHING_FORCED = Forced()


def condition(forced: Forced) -> Condition:
    """The condition that all these filters hold, "true" for none, with its values under names that begin `scope`."""
    bound = Bound("scope")
    return scope_condition(forced, bound), bound.values


def scope_condition(forced: Forced, bound: Bound) -> str:
    """The condition that all these filters hold, "true" for none."""
    conditions: list[str] = []
    if forced.category is not None:
        conditions.append(below(forced.category, bound))
    if forced.brands:
        conditions.append(of_brand(forced.brands, bound))
    if forced.on_sale:
        conditions.append(ON_SALE)
    # Any attribute may be an option of variants.
    units = [unit_has(name, texts, bound) for name, texts in forced.attributes]
    if forced.in_stock:
        units.append(UNIT_IN_STOCK)
    if units:
        conditions.append(any_unit(units))
    return all_of(conditions) or "true"


def below(category: str, bound: Bound) -> str:
    """The product is in the category or below it, by id or path."""
    try:
        return BELOW_ID.format(bound(UUID(category), "uuid"))
    except ValueError:
        return BELOW_ROOT.format(f"root.path = {bound(category_path(category), 'text')}")


def category_path(category: str) -> str:
    """'Audio > Head phones' or '/audio/head-phones/' -> 'audio/head-phones'.

    One level more than there can be is kept: it finds nothing, and a term of any length is refused by Elasticsearch.
    """
    slugs = filter(None, (slugify(part) for part in category.replace(">", "/").split("/")))
    return "/".join(islice(slugs, MAX_CATEGORY_DEPTH + 1))


def of_brand(brands: Iterable[str], bound: Bound) -> str:
    """The product is of one of these brands, in whatever case."""
    return _OF_BRAND.format(bound(list(brands), "text[]"))


def product_has(name: str, texts: Iterable[str], bound: Bound) -> str:
    """The product's own attribute has one of these values. An array has each of its own."""
    return f"(p.attributes -> {bound(name, 'text')}) @> ANY ({_json(texts, bound)})"


def unit_has(name: str, texts: Iterable[str], bound: Bound) -> str:
    """A unit `u` has one of these values, as an option or as the attribute of its product."""
    return f"{UNIT_VALUE.format(bound(name, 'text'))} @> ANY ({_json(texts, bound)})"


def any_unit(conditions: Iterable[str]) -> str:
    """One and the same unit of the product holds all these conditions on `u`."""
    return f"EXISTS (SELECT 1 FROM ({UNITS}) u WHERE {all_of(conditions)})"  # noqa: S608


def all_of(conditions: Iterable[str]) -> str:
    """All these conditions as one; "" for none."""
    return " AND ".join(f"({condition})" for condition in conditions)


def stored_as(text: str) -> list[str | bool | float]:
    """Every JSON value that is shown and filtered by as this text."""
    values: list[str | bool | float] = [text]
    if text in ("true", "false"):
        values.append(text == "true")
    elif _NUMBER.fullmatch(text):
        number = float(text) if set(text) & {".", "e"} else int(text)
        if math.isfinite(number) and option_text(number) == text:
            values.append(number)
    return values


def _json(texts: Iterable[str], bound: Bound) -> str:
    return bound([json.dumps(value) for text in texts for value in stored_as(text)], "jsonb[]")
