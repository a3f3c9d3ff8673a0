"""A believable shop catalogue of any size, made up from a seed: for the demo, for tests and for measurements.

The same (count, seed) gives the same bytes on every machine, and a smaller count is a prefix of a larger one. The sku
and gtin of a product depend on its place and department only, so the catalogues of two seeds overlap in skus: import
one of them, not both.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from generator.engine import products

__all__ = ["generate", "generate_products"]


def generate_products(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield `count` products as dicts in the import format (prices as strings such as "199.90").

    Lists and dicts of a product may be shared with later ones: copy before changing. Memory is constant in `count`.
    Raises ValueError when `count` is negative.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, not {count}")
    return products(count, seed)


def generate(count: int, seed: int) -> Iterator[bytes]:
    """Yield `count` products as lines of JSON (UTF-8, each with its newline). Raises as `generate_products`."""
    return (orjson.dumps(product, option=orjson.OPT_APPEND_NEWLINE) for product in generate_products(count, seed))
