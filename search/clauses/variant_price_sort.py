"""The order by price under filters that speak of variants: by the price of the variant that holds them. Pure.

A sort takes one field, and the price of a product without variants is another field than that of a variant. So the
price becomes the score, which a clause on the product and one on its variants can give alike.
"""

from collections.abc import Sequence
from typing import Literal

from mappings.json_types import Clause, Json
from search.clauses.filters import SIMPLE, VARIANTS

# A score is a float, whose digits end at 16,777,216. Positive floats sort as their bits do, so the cents are the bits:
# exact up to 2^30 cents, and from there to the highest price in steps of nine cents, so that it fits.
_CENTS_AS_SCORE = (
    "long cents = doc[params.field].value; long exact = 1L << 30;"
    " return Float.intBitsToFloat((int) (cents <= exact ? cents : exact + (cents - exact) / 9))"
)

Order = Literal["asc", "desc"]


def scored_by_price(query: Clause, variants: Sequence[Clause], order: Order) -> Clause:
    """The same products as `query`, scored by the lowest (or, falling, the highest) price that holds the clauses."""
    on_variants = {
        "path": VARIANTS,
        "score_mode": "min" if order == "asc" else "max",
        "query": _score(list(variants), "variants.price_cents"),
    }
    return {"bool": {"filter": [query], "should": [_score([SIMPLE], "price_cents"), {"nested": on_variants}]}}


def _score(filters: list[Clause], field: str) -> Clause:
    script: Json = {"source": _CENTS_AS_SCORE, "params": {"field": field}}
    return {"script_score": {"query": {"bool": {"filter": filters}}, "script": script}}
