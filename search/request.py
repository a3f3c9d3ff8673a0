"""What a search or a completion asks for: typed, frozen and within its limits.

What clients send becomes a request in `search.input`, which checks it; code that knows what it wants builds one here.
"""

from dataclasses import dataclass

from catalog.filter_conditions import NOTHING_FORCED, Forced

MAX_QUERY = 200
MAX_PER_PAGE = 100
MAX_WINDOW = 10_000
MAX_CATEGORY = 2600
MAX_FILTERS = 20
MAX_FILTER_VALUES = 200
MAX_VALUE_LENGTH = 1000
MAX_FACETS = 30
# A point in time names every shard of an index.
MAX_CURSOR = 16_000
MAX_SUGGESTIONS = 20
DEFAULT_PER_PAGE = 20
DEFAULT_SUGGESTIONS = 8
SORTS = ("relevance", "price_asc", "price_desc", "newest", "popularity", "name")
ATTRIBUTE = "attr."
FIXED_FACETS = ("category", "brand", "price", "in_stock", "on_sale")
# The names under which every interface knows the parts of a search.
PARAMETERS = (
    "q", "category", "brand", "attr.NAME", "attr.NAME_min", "attr.NAME_max", "price_min", "price_max",
    "in_stock", "on_sale", "sort", "page", "per_page", "cursor", "facets", "explain", "exact",
)  # fmt: skip
# What a credential can force on its principal.
FORCED = ("category", "brand", "attr.NAME", "in_stock", "on_sale")


@dataclass(frozen=True, slots=True)
class Range:
    """Closed interval; None is open. Cents for the price, the attribute's own unit otherwise."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Either:
    """A choice between filters that need not be of one facet. Of each request only the filters count: one of `held`
    holds for the product, or one of `without` does not."""

    held: tuple["SearchRequest", ...] = ()
    without: tuple["SearchRequest", ...] = ()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search. Equal searches are equal objects: what has no order of its own is sorted.

    q: the words, in NFC and with single spaces; "" browses.
    category: path or id; everything below it is included.
    brands: alternatives, whatever their case.
    attributes: values by the name of the attribute, sorted by name; values of one attribute are alternatives.
    ranges: closed intervals of numeric attributes, sorted by name.
    price: in cents.
    in_stock: only what can be bought now.
    on_sale: only what is reduced.
    sort: one of SORTS.
    page: from 1; together with `per_page` within MAX_WINDOW hits.
    per_page: hits on a page.
    facets: names of the facets to count, None for those that the products suggest.
    cursor: where the page before this one ended, or "*" for the first page of a walk; instead of `page`.
    explain: whether the answer says how it came about.
    exact: the words as they are typed, none corrected and none left out.
    narrow: whether a facet's own selection holds for its counts, too. An attribute may then be there several times, and
        each of its choices must hold.
    either: each of these must hold besides.
    language: in which the words are read.
    forced: filters of the principal. They hold for all that it is shown and, unlike the shopper's own, decide how the
        words are matched.
    """

    q: str = ""
    category: str | None = None
    brands: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ranges: tuple[tuple[str, Range], ...] = ()
    price: Range | None = None
    in_stock: bool = False
    on_sale: bool = False
    sort: str = "relevance"
    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    facets: tuple[str, ...] | None = None
    cursor: str | None = None
    explain: bool = False
    exact: bool = False
    narrow: bool = False
    either: tuple[Either, ...] = ()
    language: str = "en"
    forced: Forced = NOTHING_FORCED

    @property
    def auto_facets(self) -> bool:
        return self.facets is None

    @property
    def counts_facets(self) -> bool:
        return self.facets != ()


@dataclass(frozen=True, slots=True)
class AutocompleteRequest:
    """What is being typed.

    q: the text so far, in NFC and with single spaces.
    limit: suggestions in each section.
    category: path or id; suggestions are then of products below it.
    language: in which the words are read.
    forced: filters of the principal: they hold for every product that is suggested or counted.
    """

    q: str = ""
    limit: int = DEFAULT_SUGGESTIONS
    category: str | None = None
    language: str = "en"
    forced: Forced = NOTHING_FORCED
