"""What shoppers ask, made from a catalogue's own words: a mix of searches, and the keystrokes of one. The same seed
asks the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from random import Random
from typing import Any
from uuid import UUID

import psycopg

# Shares of a hundred searches. `head`: what a product is. `tail`: brand, product and a property. `name`: words in the
# middle of a name. `typo`: one of these with a typing mistake. `filters`: a head with one or two filters. `number`: a
# sku or GTIN. `browse`: a category page.
SHARES = {"head": 28, "tail": 20, "name": 14, "typo": 14, "filters": 16, "number": 4, "browse": 4}
SAMPLE_SIZE = 2000
MIN_TYPO_CHARACTERS = 5
# Shoppers who type at the same time.
CONCURRENT_SHOPPERS = 8
MAX_QUERY_CHARACTERS = 40
LETTERS = "abcdefghijklmnopqrstuvwxyz"

PICKED = """
SELECT p.sku, p.name, p.price, p.gtin, p.attributes, b.name, c.name, c.id::text
FROM unnest(%s::uuid[]) WITH ORDINALITY AS picked(id, place)
JOIN products p USING (id) JOIN brands b ON b.id = p.brand_id JOIN categories c ON c.id = p.category_id
ORDER BY place
"""

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A product as a shopper who looks for it knows it."""

    sku: str
    name: str
    price: Decimal
    gtin: str | None
    attributes: dict[str, Any]
    brand: str
    category: str
    category_id: str

    @property
    def noun(self) -> str:
        """The last two words of the name before any comma: 'Lumoria Onyx 60 W Bookshelf Speakers, Black'."""
        return " ".join(self.name.split(",")[0].split()[-2:]).lower()


@dataclass(frozen=True, slots=True)
class ShopperQuery:
    """One search."""

    #: A name of SHARES.
    kind: str
    #: But for the facets.
    parameters: Parameters


def look_around(connection: psycopg.Connection[Any], ids: Sequence[UUID], seed: int) -> list[Seen]:
    """Random products of the catalogue: the more of a kind there are, the more often it is asked for."""
    picked = Random(seed).sample(ids, min(SAMPLE_SIZE, len(ids)))  # noqa: S311 - no secret
    return [Seen(*row) for row in connection.execute(PICKED, (picked,))]


class Shopper:
    """Asks about products; every one of these calls goes on from where the one before ended."""

    def __init__(self, seen: Sequence[Seen], seed: int) -> None:
        self._seen = seen
        self._random = Random(seed)  # noqa: S311 - no secret

    def searches(self, count: int) -> list[ShopperQuery]:
        kinds = self._random.choices(list(SHARES), weights=list(SHARES.values()), k=count)
        return [ShopperQuery(kind, tuple(getattr(self, f"_{kind}")(self._random.choice(self._seen)))) for kind in kinds]

    def keystrokes(self, count: int) -> list[str]:
        """What stands in the search bar after each key, of shoppers who type at the same time, each with every key."""
        typed: list[str] = []
        while len(typed) < count:
            texts = [self._text() for _ in range(CONCURRENT_SHOPPERS)]
            prefixes = [[text[:end] for end in range(1, len(text) + 1)] for text in texts]
            # No shopper waits for a suggestion after a space that is not one for the word before it.
            typed += [one for each in zip_longest(*prefixes) for one in each if one and not one.endswith(" ")]
        return typed[:count]

    def _text(self) -> str:
        """A text that a shopper types into the search bar."""
        say = self._random.choices((_head, self._tail_text, self._name_text, self._typo_text), (40, 25, 15, 20))[0]
        return say(self._random.choice(self._seen))[:MAX_QUERY_CHARACTERS].strip()

    def _head(self, item: Seen) -> Iterator[tuple[str, str]]:
        yield "q", self._head_text(item)

    def _tail(self, item: Seen) -> Iterator[tuple[str, str]]:
        yield "q", self._tail_text(item)

    def _name(self, item: Seen) -> Iterator[tuple[str, str]]:
        yield "q", self._name_text(item)

    def _typo(self, item: Seen) -> Iterator[tuple[str, str]]:
        yield "q", self._typo_text(item)

    def _number(self, item: Seen) -> Iterator[tuple[str, str]]:
        yield "q", self._random.choice([item.sku, item.sku.lower().replace("-", ""), item.gtin or item.sku])

    def _browse(self, item: Seen) -> Iterator[tuple[str, str]]:
        yield "category", item.category_id

    def _filters(self, item: Seen) -> Iterator[tuple[str, str]]:
        yield "q", self._head_text(item)
        for add in self._random.sample(
            (_brand, _category, _price, self._attribute, _stock), self._random.choice((1, 2))
        ):
            yield from add(item)

    def _attribute(self, item: Seen) -> Iterator[tuple[str, str]]:
        """A value of one of its attributes, or a range around a number."""
        name = self._random.choice(sorted(item.attributes))
        value = item.attributes[name]
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield f"attr.{name}_min", str(value * 0.75)
            yield f"attr.{name}_max", str(value * 1.25)
        else:
            yield f"attr.{name}", str(value).lower() if isinstance(value, bool) else str(value)

    def _head_text(self, item: Seen) -> str:
        return self._random.choice((item.noun, item.noun, item.category.lower().replace(" & ", " ")))

    def _tail_text(self, item: Seen) -> str:
        values = [value for value in item.attributes.values() if isinstance(value, str)]
        return " ".join([item.brand, *([self._random.choice(values)] if values else []), item.noun]).lower()

    def _name_text(self, item: Seen) -> str:
        words = item.name.replace(",", "").split()
        first = self._random.randrange(max(1, len(words) - 2))
        return " ".join(words[first : first + 3])

    def _typo_text(self, item: Seen) -> str:
        text = self._random.choice((_head, self._tail_text, self._name_text))(item)
        words = text.split()
        long = [place for place, word in enumerate(words) if len(word) >= MIN_TYPO_CHARACTERS and word.isalpha()]
        if long:
            place = self._random.choice(long)
            words[place] = self._mistyped(words[place])
        return " ".join(words)

    def _mistyped(self, word: str) -> str:
        """The word with one edit behind its first letter."""
        at = self._random.randrange(1, len(word) - 1)
        edits: tuple[Callable[[], str], ...] = (
            lambda: word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            lambda: word[:at] + word[at + 1 :],
            lambda: word[:at] + word[at] + word[at:],
            lambda: word[:at] + self._random.choice(LETTERS) + word[at + 1 :],
        )
        return self._random.choice(edits)()


def _head(item: Seen) -> str:
    return item.noun


def _brand(item: Seen) -> Iterator[tuple[str, str]]:
    yield "brand", item.brand


def _category(item: Seen) -> Iterator[tuple[str, str]]:
    yield "category", item.category_id


def _price(item: Seen) -> Iterator[tuple[str, str]]:
    yield "price_min", f"{item.price * Decimal('0.5'):.2f}"
    yield "price_max", f"{item.price * Decimal('1.5'):.2f}"


def _stock(_: Seen) -> Iterator[tuple[str, str]]:
    yield "in_stock", "true"
