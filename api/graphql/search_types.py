"""What a search answers: hits, facets, what became of the words, and help where little is found."""

from typing import Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from api.graphql.context import Info
from api.graphql.enums import FacetType
from api.graphql.products import Category, Product, product_of
from api.graphql.scalars import Money, money


@strawberry.type
class SearchTotal:
    value: int
    exact: bool


@strawberry.type(description="The variant that holds the filters.")
class SearchVariant:
    sku: str
    price: Money
    in_stock: bool
    options: JSON


@strawberry.type(description="Price and stock are those of `variant`, where there is one.")
class SearchHit:
    position: int
    id: strawberry.ID
    sku: str
    name: str
    brand: str | None
    category: Category | None
    price: Money
    currency: str
    in_stock: bool
    image: str | None
    highlight: JSON = strawberry.field(description="Safe HTML by field, what matched in `<em>`.")
    variant: SearchVariant | None
    pinned: bool
    score: float | None
    missing: list[str] = strawberry.field(description="Words of the query that this product lacks.")

    @strawberry.field(description="The product as the database has it now; null if it has gone since.")
    async def product(self, info: Info) -> Product | None:
        held = await info.context.products.load(UUID(self.id))
        return product_of(held) if held else None


@strawberry.type(description="`value` is what to filter by.")
class FacetValue:
    value: str
    label: str
    count: int
    selected: bool
    level: int = strawberry.field(description="In trees alone: 0 at the top.")


@strawberry.type(description="A step, both ends included; null is an open end.")
class FacetBucket:
    low: float | None = strawberry.field(name="from")
    high: float | None = strawberry.field(name="to")
    label: str
    count: int


@strawberry.type(description="Counts ignore the facet's own selection and honour all others.")
class Facet:
    name: str
    label: str
    type: FacetType
    values: list[FacetValue]
    total_values: int
    min: float | None
    max: float | None
    unit: str | None
    buckets: list[FacetBucket]


@strawberry.type
class NearCategory:
    path: str
    share: float


@strawberry.type(description="How the text was understood.")
class Interpreted:
    words: list[str]
    match: str | None = strawberry.field(description="Products hold `all` words, `some` or `any`; null when browsing.")
    identifier: str | None
    readings: list[str]
    synonyms: JSON
    categories: list[NearCategory]
    attributes: JSON = strawberry.field(description="Of which attributes words are values.")


@strawberry.type
class SuggestedQuery:
    text: str


@strawberry.type
class SuggestedCategory:
    value: str
    id: strawberry.ID
    text: str
    label: str


@strawberry.type(description="Given where hardly anything is found.")
class Suggestions:
    without_filters: int | None
    queries: list[SuggestedQuery]
    categories: list[SuggestedCategory]
    popular: list[SearchHit]


@strawberry.type
class SearchResult:
    query_id: str
    text: str
    total: SearchTotal
    hits: list[SearchHit]
    facets: list[Facet]
    page: int
    per_page: int
    next_cursor: str | None
    corrected_to: str | None
    dropped_terms: list[str]
    interpreted: Interpreted
    applied_rules: list[str]
    suggestions: Suggestions | None
    redirect: str | None
    banners: JSON
    degraded: bool = strawberry.field(description="Answered without Elasticsearch, from Postgres.")
    took_ms: float
    age_seconds: float | None = strawberry.field(description="Given where the answer was kept, and is so old.")


def result_of(held: dict[str, Any]) -> SearchResult:
    query, suggested = held["query"], held.get("suggestions")
    return SearchResult(
        query_id=held["query_id"],
        text=query["text"],
        total=SearchTotal(**held["total"]),
        hits=[_hit(hit) for hit in held["hits"]],
        facets=[_facet(facet) for facet in held["facets"]],
        page=held["page"],
        per_page=held["per_page"],
        next_cursor=held["next_cursor"],
        corrected_to=query["corrected_to"],
        dropped_terms=query["dropped_terms"],
        interpreted=_interpreted(query["interpreted"]),
        applied_rules=query["applied_rules"],
        suggestions=_suggestions(suggested) if suggested else None,
        redirect=held["redirect"],
        banners=JSON(held["banners"]),
        degraded=held["degraded"],
        took_ms=held["took_ms"],
        age_seconds=held.get("age_seconds"),
    )


def _hit(held: dict[str, Any]) -> SearchHit:
    category, variant = held["category"], held["variant"]
    return SearchHit(
        position=held["position"],
        id=strawberry.ID(held["id"]),
        sku=held["sku"],
        name=held["name"],
        brand=held["brand"],
        category=category and Category(id=strawberry.ID(category["id"]), name=category["name"], path=category["path"]),
        price=money(held["price"]),
        currency=held["currency"],
        in_stock=held["in_stock"],
        image=held["image"],
        highlight=JSON(held["highlight"]),
        variant=variant
        and SearchVariant(
            sku=variant["sku"],
            price=money(variant["price"]),
            in_stock=variant["in_stock"],
            options=JSON(variant["options"]),
        ),
        pinned=held["pinned"],
        score=held["score"],
        missing=held.get("missing") or [],
    )


def _facet(held: dict[str, Any]) -> Facet:
    return Facet(
        name=held["name"],
        label=held["label"],
        type=FacetType(held["type"]),
        values=[FacetValue(**({"level": 0} | value)) for value in held["values"]],
        total_values=held["total_values"],
        min=held["min"],
        max=held["max"],
        unit=held["unit"],
        buckets=[
            FacetBucket(low=step["from"], high=step["to"], label=step["label"], count=step["count"])
            for step in held["buckets"]
        ],
    )


def _interpreted(held: dict[str, Any]) -> Interpreted:
    return Interpreted(
        words=held["words"],
        match=held["match"],
        identifier=held["identifier"],
        readings=held["readings"],
        synonyms=JSON(held["synonyms"]),
        categories=[NearCategory(**near) for near in held["categories"]],
        attributes=JSON(held["attributes"]),
    )


def _suggestions(held: dict[str, Any]) -> Suggestions:
    return Suggestions(
        without_filters=held.get("without_filters"),
        queries=[SuggestedQuery(text=item["text"]) for item in held.get("queries", ())],
        categories=[
            SuggestedCategory(value=item["value"], id=strawberry.ID(item["id"]), text=item["text"], label=item["label"])
            for item in held.get("categories", ())
        ],
        popular=[_hit(hit) for hit in held.get("popular", ())],
    )
