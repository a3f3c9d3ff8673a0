"""What is answered, whichever back-end answers: both build these objects, and every interface renders them.

A field without a default is always in the JSON; one with a default is left out where it has that default. Fields are
written in the order in which they stand here. A new field of a hit is one line here, one in each back-end that knows
it, and one in each public schema (`api/rest/search_models.py`, `api/graphql/search_types.py`, `proto/`), whose values
are copied by name. They are structs because these are built and written about ten times as fast as dataclasses: see
docs/decisions/0025-typed-results.md.
"""

from typing import Literal

import msgspec

from search.planning.plan import MatchingStrategy, SearchPlan
from search.text.attribute_values import attributes_of

# `query_id` and `took_ms` of a back-end's result: `FailoverSearch`, which knows when the search began, sets both.
UNNAMED, UNTIMED = "", 0.0


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """The base of all parts of a result: immutable, with the fields that the class names and no others."""


class CategoryShare(Result, frozen=True):
    """A category of the best matches."""

    #: The slugs from the root: `audio/headphones`.
    path: str
    #: The share of the best matches that are in it, 0 to 1.
    share: float


class Interpretation(Result, frozen=True):
    """How the text was understood."""

    #: The words that are looked for, as they were corrected.
    words: tuple[str, ...]
    #: How many of the words a product must hold; None when browsing.
    match: MatchingStrategy | None
    #: The whole text spelled as an identifier; None for no text.
    identifier: str | None
    #: Neighbours that are also read as one word.
    readings: tuple[str, ...]
    #: What words, or runs of them, are also looked for as.
    synonyms: dict[str, tuple[str, ...]]
    #: The categories that the words mean, the likeliest first.
    categories: tuple[CategoryShare, ...]
    #: Words that are values of attributes, with the names of these attributes.
    attributes: dict[str, list[str]]


class PlanExplanation(Result, frozen=True):
    """The plan of a search as it can be printed."""

    #: The words that are looked for.
    words: tuple[str, ...]
    #: Each way to read the words, with neighbours as one.
    readings: tuple[tuple[str, ...], ...]
    #: How many of the words a product must hold; None when browsing.
    strictness: MatchingStrategy | None
    #: The same as Elasticsearch's `minimum_should_match`; None when browsing.
    needed: str | None
    #: The whole text spelled as an identifier; "" for no text.
    identifier: str
    #: Single words that look like identifiers.
    identifier_parts: tuple[str, ...]
    #: Words as they were typed, and what they were taken for.
    corrections: dict[str, str]
    #: Words that were left out.
    dropped: tuple[str, ...]
    #: The categories that the words mean, with their shares of the best matches.
    categories: dict[str, float]
    #: Words that are values of attributes, with the names of these attributes.
    attributes: dict[str, list[str]]
    #: Attributes that were chosen as facets.
    facets: tuple[str, ...]
    #: The weights of the ranking.
    dials: dict[str, float]


class Query(Result, frozen=True):
    """What became of the text."""

    #: The text as it was cleaned; "" when browsing.
    text: str
    interpreted: Interpretation
    #: The whole text with typing errors corrected; None where nothing was.
    corrected_to: str | None
    #: Words that even the best match does not hold.
    dropped_terms: tuple[str, ...]
    #: The merchandiser's rules that were applied, by name.
    applied_rules: tuple[str, ...]
    #: With `explain`.
    plan: PlanExplanation | None = None


class Total(Result, frozen=True):
    """How many products hold the words and filters."""

    value: int
    #: False where there are more than `value`.
    exact: bool


class HitCategory(Result, frozen=True):
    """The category that a product is in."""

    id: str
    name: str
    #: The slugs from the root.
    path: str


class Variant(Result, frozen=True):
    """The variant of a hit that holds the filters."""

    sku: str
    #: In the currency of the hit.
    price: float
    in_stock: bool
    #: What it is among the variants: `{"size": "M"}`.
    options: dict[str, str]


class Explanation(Result, frozen=True):
    """A score by factor: (sum of `words`) x (1 + sum of `gains`) + sum of `identifiers` = `computed`."""

    #: The scores of the words in the best reading.
    words: dict[str, float]
    #: Shares of the words' score that are added to it.
    gains: dict[str, float]
    #: Scores of identifiers and of the exact name.
    identifiers: dict[str, float]
    #: The factors put together again; equal to the score but for rounding.
    computed: float


class Hit(Result, frozen=True):
    """A product of a page."""

    #: From 1 through all pages.
    position: int
    id: str
    sku: str
    name: str
    brand: str | None
    category: HitCategory | None
    #: The price of `variant` where there is one, else the lowest of the product.
    price: float
    currency: str
    #: Whether `variant`, or else the product, can be had.
    in_stock: bool
    #: The address of the first picture.
    image: str | None
    #: Safe HTML by field, what matched in `<em>`.
    highlight: dict[str, str]
    #: The variant that holds the filters, where a filter speaks of variants.
    variant: Variant | None
    #: Whether a rule has put it where it is.
    pinned: bool
    #: How well it matches; None where the order is by prices of variants.
    score: float | None
    #: Words that it lacks; left out where every hit holds all of them.
    missing: tuple[str, ...] | None = None
    #: With `explain`.
    explanation: Explanation | None = None


class FacetValue(Result, frozen=True, kw_only=True):
    """One value of a facet."""

    #: To send back as the parameter named as the facet.
    value: str
    #: What it is called on a page.
    label: str
    #: Products that have it, under every filter but the facet's own.
    count: int
    #: In trees alone: 0 at the top.
    level: int | None = None
    #: Whether it is filtered by.
    selected: bool


class Bucket(Result, frozen=True):
    """A step of a range, both ends included: to be sent back as `NAME_min` and `NAME_max`."""

    #: None is an open end.
    low: float | None = msgspec.field(name="from")
    high: float | None = msgspec.field(name="to")
    label: str
    #: Products in it.
    count: int


class Facet(Result, frozen=True):
    """One filter with its choices."""

    #: The parameter that filters by it.
    name: str
    #: What it is called on a page.
    label: str
    type: Literal["values", "range", "tree"]
    #: The commonest values and the selected ones; in a tree in its order.
    values: tuple[FacetValue, ...]
    #: How many values there are, shown or not; of a range its buckets.
    total_values: int
    #: The lowest number of a range.
    min: float | None
    #: The highest number of a range.
    max: float | None
    #: Of min, max and buckets: the currency of prices, or what the attribute's name says.
    unit: str | None
    #: The steps of a range.
    buckets: tuple[Bucket, ...]


class FacetMatch(Result, frozen=True):
    """A value that was searched for within its facet: a FacetValue whose JSON has `level` last."""

    value: str
    label: str
    count: int
    selected: bool
    level: int | None = None


class FacetValuesResult(Result, frozen=True):
    """A facet with those of its values that were searched for; it is written as a Facet is."""

    name: str
    label: str
    type: Literal["values", "tree"]
    #: The commonest of them.
    values: tuple[FacetMatch, ...]
    #: How many there are, shown or not.
    total_values: int
    #: None and empty, as in any facet that is no range: within a range there are no values to search in.
    min: None
    max: None
    unit: None
    buckets: tuple[()]


class NearbyQuery(Result, frozen=True):
    """A query near to the one that found nothing."""

    text: str


class NearbyCategory(Result, frozen=True):
    """A category near to the query that found nothing."""

    #: Its path, to filter by.
    value: str
    id: str
    text: str
    #: The names of all levels.
    label: str


class Suggestions(Result, frozen=True):
    """Help where no product holds all the words as typed, or the filters leave none."""

    #: How many products the words find without the filters; None where something is found.
    without_filters: int | None
    #: Queries read off products: each finds some.
    queries: tuple[NearbyQuery, ...]
    categories: tuple[NearbyCategory, ...]
    #: What others like; only where nothing is found.
    popular: tuple[Hit, ...]


class SearchResult(Result, frozen=True, kw_only=True):
    """The answer to one search."""

    #: Tells this answer from every other one.
    query_id: str
    query: Query
    total: Total
    hits: tuple[Hit, ...]
    facets: tuple[Facet, ...]
    page: int
    per_page: int
    #: Where to go on behind the last hit; None on the last page, and without a secret to sign it.
    next_cursor: str | None
    #: An address to show in place of the hits.
    redirect: str | None
    #: Notices of the merchandiser's rules: there are none yet.
    banners: tuple[dict[str, str], ...]
    #: From Postgres, while Elasticsearch is away: simpler than usual.
    degraded: bool
    suggestions: Suggestions | None = None
    #: Milliseconds from the request to this result.
    took_ms: float
    #: Given where the answer was kept, and is so old.
    age_seconds: float | None = None


class QuerySuggestion(Result, frozen=True):
    """A query that completes what is typed."""

    text: str
    #: Safe HTML, what is new in `<em>`.
    highlight: str
    #: Products that hold all its words.
    count: int


class ProductSuggestion(Result, frozen=True):
    """A product of the best query."""

    id: str
    sku: str
    #: Its name.
    text: str
    #: Safe HTML, what matched in `<em>`.
    highlight: str
    brand: str | None
    price: float
    currency: str
    #: The address of the first picture.
    image: str | None
    in_stock: bool


class CategorySuggestion(Result, frozen=True):
    """A category whose name completes what is typed."""

    #: Its own name.
    text: str
    #: Safe HTML, what is new in `<em>`.
    highlight: str
    #: Its path, to filter by.
    value: str
    id: str
    #: The names of all levels.
    label: str
    #: Products in it and below.
    count: int


class BrandSuggestion(Result, frozen=True):
    """A brand whose name completes what is typed."""

    text: str
    #: Safe HTML, what is new in `<em>`.
    highlight: str
    #: To filter by.
    value: str
    #: Its products.
    count: int


class Sections(Result, frozen=True):
    """Suggestions of each kind, the best first."""

    queries: tuple[QuerySuggestion, ...]
    products: tuple[ProductSuggestion, ...]
    categories: tuple[CategorySuggestion, ...]
    brands: tuple[BrandSuggestion, ...]


class AutocompleteResult(Result, frozen=True):
    """Completions of what has been typed so far."""

    #: What was typed, cleaned.
    query: str
    sections: Sections
    #: Milliseconds from the request to this result.
    took_ms: float
    #: From Postgres, while Elasticsearch is away.
    degraded: bool = False


def interpretation(plan: SearchPlan) -> Interpretation:
    """How the plan reads the text."""
    return Interpretation(
        words=tuple(word.text for word in plan.query.words.wanted),
        match=plan.query.matching,
        identifier=plan.query.identifier or None,
        readings=tuple(span.text for span in plan.query.words.spans if not span.same),
        synonyms={text: tuple(same) for text, same in plan.query.words.synonyms.items()},
        categories=tuple(CategoryShare(path, round(share, 2)) for path, share in plan.query.category_shares),
        attributes=attributes_of(plan.query.attribute_values),
    )


# One encoder for all: a new one for each answer would cost more than a small answer does.
_encode = msgspec.json.Encoder().encode


def to_json(content: object) -> bytes:
    """The JSON of a result, or of lists and dictionaries that hold results."""
    return _encode(content)
