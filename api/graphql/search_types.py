"""What a search answers: hits, facets, what became of the words, and help where little is found.

The values of fields are read off the objects of `search.result` by the same names; a field with another name, or whose
value may be left out there, has a resolver.
"""

from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from api.graphql.context import Info
from api.graphql.enums import FacetType
from api.graphql.products import Category, Product, product_of
from api.graphql.scalars import Money


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
    missing: list[str] = strawberry.field(
        description="Words of the query that this product lacks.", resolver=lambda root: list(root.missing or ())
    )

    @strawberry.field(description="The product as the database has it now; null if it has gone since.")
    async def product(self, info: Info) -> Product | None:
        row = await info.context.products.load(UUID(self.id))
        return product_of(row) if row else None


@strawberry.type(description="`value` is what to filter by.")
class FacetValue:
    value: str
    label: str
    count: int
    selected: bool
    level: int = strawberry.field(description="In trees alone: 0 at the top.", resolver=lambda root: root.level or 0)


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
    text: str = strawberry.field(resolver=lambda root: root.query.text)
    total: SearchTotal
    hits: list[SearchHit]
    facets: list[Facet]
    page: int
    per_page: int
    next_cursor: str | None
    corrected_to: str | None = strawberry.field(resolver=lambda root: root.query.corrected_to)
    dropped_terms: list[str] = strawberry.field(resolver=lambda root: root.query.dropped_terms)
    interpreted: Interpreted = strawberry.field(resolver=lambda root: root.query.interpreted)
    applied_rules: list[str] = strawberry.field(resolver=lambda root: root.query.applied_rules)
    suggestions: Suggestions | None
    redirect: str | None
    banners: JSON
    degraded: bool = strawberry.field(description="Answered without Elasticsearch, from Postgres.")
    took_ms: float
    age_seconds: float | None = strawberry.field(description="Given where the answer was kept, and is so old.")
