"""The filters that a credential forces on all that its principal is shown, and their condition on products. Pure.

`search.clauses.filters` says the same to Elasticsearch; tests/integration/test_forced_filters.py holds both against
each other.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from catalog.schemas.fields import json_values, slugify

# SQL with names of bound values in it, and these values.
Condition = tuple[str, dict[str, Any]]

_BELOW_ID = "p.category_id IN (SELECT d.id FROM categories d WHERE :forced_category = ANY (d.ids))"
_BELOW_PATH = """
    p.category_id IN (SELECT d.id FROM categories d JOIN categories root ON root.id = ANY (d.ids)
                      WHERE root.path = :forced_category)
"""
_OF_BRAND = """
    p.brand_id IN (SELECT made.id FROM brands made
                   WHERE lower(made.name) IN (SELECT lower(sent) FROM unnest(CAST(:forced_brands AS text[])) AS sent))
"""
_ON_SALE = "coalesce(p.price < p.compare_at_price, false)"
# An array holds the value that is one of its own.
_OWN = "(p.attributes -> CAST(:forced_name{0} AS text)) @> ANY (CAST(:forced_json{0} AS jsonb[]))"
# An option takes the place of the product's attribute of that name, in all of its variants.
_OF_VARIANT = """
    (v.options ->> CAST(:forced_name{0} AS text) = ANY (CAST(:forced_text{0} AS text[]))
     OR (NOT EXISTS (SELECT 1 FROM product_variants other WHERE other.product_id = p.id
                     AND other.options -> CAST(:forced_name{0} AS text) IS NOT NULL) AND {own}))
"""
_HAS_VARIANTS = "EXISTS (SELECT 1 FROM product_variants v WHERE v.product_id = p.id{which})"


@dataclass(frozen=True, slots=True)
class Forced:
    """Filters with the meaning that they have in a search; false when there are none.

    `category` is a path or an id, and all below it. Values of one attribute, and brands, are alternatives.
    """

    category: str | None = None
    brands: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    in_stock: bool = False
    on_sale: bool = False

    def __bool__(self) -> bool:
        return self.category is not None or any((self.brands, self.attributes, self.in_stock, self.on_sale))


NOTHING_FORCED = Forced()


def condition(forced: Forced) -> Condition:
    """The condition on `products p` that all these filters hold, "true" for none."""
    found: list[str] = []
    values: dict[str, Any] = {}
    if forced.category is not None:
        sent = _category(forced.category)
        found.append(_BELOW_ID if isinstance(sent, UUID) else _BELOW_PATH)
        values["forced_category"] = sent
    if forced.brands:
        found.append(_OF_BRAND)
        values["forced_brands"] = list(forced.brands)
    if forced.on_sale:
        found.append(_ON_SALE)
    for number, (name, texts) in enumerate(forced.attributes):
        values[f"forced_name{number}"] = name
        values[f"forced_text{number}"] = list(texts)
        values[f"forced_json{number}"] = [json.dumps(value) for text in texts for value in json_values(text)]
    if forced.attributes or forced.in_stock:
        found.append(_by_variant(forced))
    return " AND ".join(f"({part})" for part in found) or "true", values


def _by_variant(forced: Forced) -> str:
    """What one and the same variant must hold, or a product that has none."""
    own = [_OWN.format(number) for number in range(len(forced.attributes))]
    one = [_OF_VARIANT.format(number, own=own[number]) for number in range(len(own))]
    if forced.in_stock:
        own.append("p.inventory > 0")
        one.append("v.inventory > 0")
    simple = " AND ".join(["NOT " + _HAS_VARIANTS.format(which=""), *own])
    return f"({simple}) OR {_HAS_VARIANTS.format(which=''.join(f' AND {part}' for part in one))}"


def _category(sent: str) -> UUID | str:
    """The id, or the path as it is stored."""
    try:
        return UUID(sent)
    except ValueError:
        return "/".join(filter(None, (slugify(part) for part in sent.replace(">", "/").split("/"))))
