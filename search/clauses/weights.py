"""Every factor of the ranking, in one place: named, bounded, with its reason (docs/decisions/0013-ranking.md).

A product's score is `words x (1 + gains)`. `words` is BM25F: the words of the query matched across all text fields as
if they were one, and in the name once more by itself. The gains are bounded, so that what a product says always counts
more than how it sells.
"""

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any


def _dial(default: float, low: float, high: float) -> Any:
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True)
class Dials:
    """Weights of fields (how often a word there counts as said), and gains (shares of the text's score)."""

    name: float = _dial(8, 1, 10)
    brand: float = _dial(4, 1, 10)
    category: float = _dial(4, 1, 10)
    attributes: float = _dial(2, 1, 10)
    description: float = _dial(2, 1, 10)
    # A word of the name by the name alone, besides: there no long description takes anything from it.
    name_alone: float = _dial(0.3, 0, 2)
    # Every word of the query is there, where products that lack some are shown too.
    all_words: float = _dial(1.0, 0, 3)
    # The words stand in the name side by side, in their order.
    phrase: float = _dial(0.3, 0, 2)
    # The product is the thing searched for, and not a thing for it: "laptop" is not a laptop bag.
    head: float = _dial(0.5, 0, 2)
    # A word of the query is the product's brand.
    brand_named: float = _dial(0.1, 0, 2)
    # A word of the query is what an attribute of the product says: its colour perhaps. For several, each its share.
    attribute_named: float = _dial(0.05, 0, 2)
    # The product is where most of the best matches are.
    category_consistent: float = _dial(0.3, 0, 2)
    popularity: float = _dial(0.2, 0, 1)
    newness: float = _dial(0.05, 0, 1)
    in_stock: float = _dial(0.1, 0, 1)

    def __post_init__(self) -> None:
        for item in fields(self):
            value, low, high = getattr(self, item.name), item.metadata["low"], item.metadata["high"]
            if not low <= value <= high:
                raise ValueError(f"{item.name} must be from {low} to {high}, not {value}")

    @cached_property
    def text_fields(self) -> list[str]:
        """The fields whose words are matched as one, with their weights."""
        weights = {
            "name": self.name,
            "brand.text": self.brand,
            "category_text": self.category,
            "attributes_text": self.attributes,
            "description": self.description,
        }
        return [f"{name}^{weight:g}" for name, weight in weights.items()]


DIALS = Dials()
# Where nothing is scored: without what counts and decides nothing.
FILTERING = replace(DIALS, name_alone=0.0)
