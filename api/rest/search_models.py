"""What search and autocomplete take and answer, for the OpenAPI page. The hot path is not validated; a test is."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from mappings.json_types import Json
from search.request import MAX_CATEGORY, MAX_PER_PAGE, MAX_QUERY, MAX_SUGGESTIONS, MAX_VALUE_LENGTH, SORTS

Schema = Json


class Near(BaseModel):
    path: str
    share: float


class Interpreted(BaseModel):
    """`match`: products hold `all` words, most (`some`) because too few hold all, or `any`; null when browsing.

    `readings` are neighbours that are also read as one word; `synonyms` are what words (or runs of them) were also
    looked for as; `categories` are those of the best matches; `attributes` says of which attributes words are values.
    """

    words: list[str]
    match: Literal["all", "some", "any"] | None
    identifier: str | None
    readings: list[str]
    synonyms: dict[str, list[str]]
    categories: list[Near]
    attributes: dict[str, list[str]]


class QueryOut(BaseModel):
    text: str
    interpreted: Interpreted
    corrected_to: str | None
    dropped_terms: list[str]
    applied_rules: list[str]
    plan: Json | None = None


class Total(BaseModel):
    value: int
    exact: bool


class HitCategory(BaseModel):
    id: UUID
    name: str
    path: str


class HitVariant(BaseModel):
    sku: str
    price: float
    in_stock: bool
    options: dict[str, str]


class Explanation(BaseModel):
    """A score by factor: (sum of `words`) x (1 + sum of `gains`) + sum of `identifiers` = `computed`."""

    words: dict[str, float]
    gains: dict[str, float]
    identifiers: dict[str, float]
    computed: float


class Hit(BaseModel):
    """`variant` is the one that holds the filters; price and stock are then its own. `highlight` is safe HTML.

    `missing` are the words that the product lacks; it is there where `match` is neither `all` nor null.
    """

    position: int
    id: UUID
    sku: str
    name: str
    brand: str | None
    category: HitCategory | None
    price: float
    currency: str
    in_stock: bool
    image: str | None
    highlight: dict[str, str]
    variant: HitVariant | None
    pinned: bool
    score: float | None
    missing: list[str] | None = None
    explanation: Explanation | None = None


class FacetValue(BaseModel):
    """`level` is given in trees alone, 0 at the top."""

    value: str = Field(description="to send back as the parameter named as the facet")
    label: str
    count: int
    selected: bool
    level: int = 0


class FacetBucket(BaseModel):
    """A step, both ends included: to be sent back as `NAME_min` and `NAME_max`; null is an open end."""

    low: float | None = Field(alias="from")
    high: float | None = Field(alias="to")
    label: str
    count: int


class Facet(BaseModel):
    name: str
    label: str
    type: Literal["values", "range", "tree"]
    values: list[FacetValue]
    total_values: int
    min: float | None
    max: float | None
    unit: str | None = Field(description="of min, max and buckets; the currency of prices")
    buckets: list[FacetBucket]


class NearbyQuery(BaseModel):
    text: str


class NearbyCategory(BaseModel):
    """`label` has the names of all levels."""

    value: str
    id: UUID
    text: str
    label: str


class Suggestions(BaseModel):
    """Where no product holds all the words as typed, or the filters leave none.

    `queries` were read off products: each finds some. `popular` and `without_filters`, how many products there are
    without the filters, are given where nothing is found.
    """

    without_filters: int | None
    queries: list[NearbyQuery]
    categories: list[NearbyCategory]
    popular: list[Hit]


class SearchOut(BaseModel):
    query_id: str
    query: QueryOut
    total: Total
    hits: list[Hit]
    facets: list[Facet]
    page: int
    per_page: int
    next_cursor: str | None
    redirect: str | None
    banners: list[Json]
    suggestions: Suggestions | None = None
    degraded: bool = Field(description="true: from the spare engine while Elasticsearch is away; simpler than usual")
    took_ms: float
    age_seconds: float | None = Field(default=None, description="given where the answer was kept, and is so old")


class SearchesIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    searches: list[Json] = Field(min_length=1, max_length=20)


class SearchesOut(BaseModel):
    results: list[SearchOut]


class QuerySuggestion(BaseModel):
    """`count` is the number of products that hold all its words. `highlight` is safe HTML, what is new in <em>."""

    text: str
    highlight: str
    count: int


class ProductSuggestion(BaseModel):
    id: UUID
    sku: str
    text: str
    highlight: str | None
    brand: str | None
    price: float
    currency: str
    image: str | None
    in_stock: bool


class CategorySuggestion(BaseModel):
    """`label` has the names of all levels."""

    text: str
    highlight: str
    value: str
    label: str
    id: UUID
    count: int


class BrandSuggestion(BaseModel):
    text: str
    highlight: str
    value: str
    count: int


class Sections(BaseModel):
    queries: list[QuerySuggestion]
    products: list[ProductSuggestion]
    categories: list[CategorySuggestion]
    brands: list[BrandSuggestion]


class AutocompleteOut(BaseModel):
    query: str
    sections: Sections
    degraded: bool = Field(default=False, description="as in a search; only given where it is true")
    took_ms: float


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_FLAG: Schema = {"type": "boolean", "default": False}
_VALUE: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_VALUE_LENGTH}
_PRICE: Schema = {"type": "number", "minimum": 0}
_CATEGORY: Schema = {"type": "string", "maxLength": MAX_CATEGORY}
_QUERY: Schema = {"type": "string", "maxLength": MAX_QUERY}


def _many(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _whole(low: int, default: int, high: int | None = None) -> Schema:
    limits = {"minimum": low} if high is None else {"minimum": low, "maximum": high}
    return {"type": "integer", "default": default, **limits}


_SEARCH: dict[str, tuple[Schema, str]] = {
    "q": (_QUERY, "what is searched for; empty browses the catalogue"),
    "category": (_CATEGORY, "path (`electronics/audio`) or id; includes everything below it"),
    "brand": (_many(_VALUE), "any of them, whatever the case"),
    "attr.NAME": (_many(_VALUE), "value of an attribute: any of them"),
    "attr.NAME_min": (_NUMBER, "lowest value of a numeric attribute"),
    "attr.NAME_max": (_NUMBER, "highest value of a numeric attribute"),
    "price_min": (_PRICE, "lowest price"),
    "price_max": (_PRICE, "highest price"),
    "in_stock": (_FLAG, "true: only what can be bought now"),
    "on_sale": (_FLAG, "true: only what is reduced"),
    "sort": ({**_TEXT, "enum": list(SORTS), "default": "relevance"}, "ties are always broken by id"),
    "page": (_whole(1, 1), "page × per_page is at most 10,000"),
    "cursor": (
        _TEXT,
        "`*` begins a walk through all results at one point in time; then each `next_cursor`. Instead of `page`",
    ),
    "exact": (_FLAG, "true: the words as they are typed, none corrected and none left out"),
    "explain": (_FLAG, "the plan, and the score of each hit by factor; needs the role merchandiser or admin"),
    "per_page": (_whole(1, 20, MAX_PER_PAGE), "hits on a page"),
    "facets": (_many(_TEXT), "`auto` (the default), `none`, or names, also separated by commas"),
}
_AUTOCOMPLETE: dict[str, tuple[Schema, str]] = {
    "q": (_QUERY, "what has been typed so far"),
    "limit": (_whole(1, 8, MAX_SUGGESTIONS), "suggestions in each section"),
    "category": (_CATEGORY, "only below this category: path or id"),
}


def _parameters(described: dict[str, tuple[Schema, str]]) -> list[Schema]:
    return [
        {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
        for name, (schema, description) in described.items()
    ]


def _body_property(schema: Schema, description: str) -> Schema:
    """In JSON one value needs no list."""
    if schema["type"] == "array":
        return {"anyOf": [schema["items"], schema], "description": description}
    return {**schema, "description": description}


SEARCH_PARAMETERS = _parameters(_SEARCH)
AUTOCOMPLETE_PARAMETERS = _parameters(_AUTOCOMPLETE)
_PREFIX = {"prefix": (_QUERY, "how a word of the values begins; empty for the commonest values")}
VALUES_PARAMETERS = _parameters(_PREFIX | _SEARCH)

_SCALARS: list[Schema] = [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]
SEARCH_BODY: Schema = {
    "title": "SearchIn",
    "type": "object",
    "properties": {name: _body_property(*of) for name, of in _SEARCH.items() if not name.startswith("attr.")},
    "additionalProperties": {
        "description": "`attr.NAME`: a value or a list of values; `attr.NAME_min`, `attr.NAME_max`: a number",
        "anyOf": [*_SCALARS, {"type": "array", "items": {"anyOf": _SCALARS}}],
    },
    "example": {
        "q": "wireless headphones",
        "brand": ["Norvane"],
        "price_max": 99.99,
        "attr.color": ["black", "white"],
    },
}
