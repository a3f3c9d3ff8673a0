"""The categories and brands of the catalogue, by the words of their names. Pure.

They are few beside the products, and most searches name one of them, so each process keeps them while it answers from
Postgres: the full-text index of products has neither.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from mappings.heads import heads_of_category
from search.text.fuzzy import Fit, distance, edits_allowed, fit, singular, words_of

_NONE: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class CategoryName:
    """`names` and `ids` run from the root to this category."""

    id: UUID
    path: str
    names: tuple[str, ...]
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """`held` and `made` are categories and brands by each word of their names, `heads` categories by what they hold.

    A category is also held by the words of those above it. `trigrams`: typing errors in product names can be found.
    """

    categories: Mapping[UUID, CategoryName] = field(default_factory=dict)
    brands: Mapping[UUID, str] = field(default_factory=dict)
    held: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    heads: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    made: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    trigrams: bool = False

    def categories_of(self, text: str) -> frozenset[UUID]:
        """The categories whose names hold every word of the text."""
        return _all_of(self.held, text)

    def heads_of(self, text: str) -> frozenset[UUID]:
        """The categories of such things: 'laptop' is what 'Laptops' holds, and not what 'Laptop bags' does."""
        return _all_of(self.heads, text)

    def brands_of(self, text: str) -> frozenset[UUID]:
        """The brands whose names hold every word of the text."""
        return _all_of(self.made, text)

    def words(self) -> set[str]:
        """Every word of a category's or brand's name."""
        return {
            word for text in (*self.brands.values(), *_own_names(self.categories.values())) for word in words_of(text)
        }


def read_names(categories: Iterable[CategoryName], brands: Iterable[tuple[UUID, str]], *, trigrams: bool) -> Names:
    """The names of all categories and brands."""
    by_id = {category.id: category for category in categories}
    named = dict(brands)
    return Names(
        by_id,
        named,
        _by_word((category.id, name) for category in by_id.values() for name in category.names),
        _by_word((category.id, head) for category in by_id.values() for head in heads_of_category(category.names[-1])),
        _by_word(named.items()),
        trigrams,
    )


def begun(part: str, texts: Iterable[str]) -> str | None:
    """The commonest word of these texts whose beginning is nearly what is typed."""
    counts = Counter(other for text in texts for other in words_of(text) if fit(part, other) is Fit.TYPO)
    return min(counts, key=lambda other: (-counts[other], other), default=None)


def nearest(word: str, texts: Iterable[str]) -> str | None:
    """The word of these texts that a mistyped word was meant for: the nearest, of equally near ones the commonest.

    The first letter is taken as it is typed, as everywhere.
    """
    edits = edits_allowed(word)
    counts = Counter(
        other
        for text in texts
        for other in words_of(text)
        if other[:1] == word[:1] and abs(len(other) - len(word)) <= edits
    )
    near = [(distance(word, other), -count, other) for other, count in counts.items()]
    best = min((item for item in near if 0 < item[0] <= edits), default=None)
    return best[2] if best else None


def _own_names(categories: Iterable[CategoryName]) -> Iterable[str]:
    return (category.names[-1] for category in categories)


def _by_word(items: Iterable[tuple[UUID, str]]) -> dict[str, frozenset[UUID]]:
    keys_by_word: dict[str, set[UUID]] = {}
    for key, name in items:
        for word in words_of(name):
            keys_by_word.setdefault(singular(word), set()).add(key)
    return {word: frozenset(keys) for word, keys in keys_by_word.items()}


def _all_of(index: Mapping[str, frozenset[UUID]], text: str) -> frozenset[UUID]:
    words = words_of(text)
    if not words:
        return _NONE
    first, *rest = (index.get(singular(word), _NONE) for word in words)
    return first.intersection(*rest)
