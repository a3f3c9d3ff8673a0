"""What autocomplete answers: sections in order, as REST has them. Values are read off `search.result` by name."""

import strawberry

from api.graphql.scalars import Money


@strawberry.type
class QueryCompletion:
    text: str
    highlight: str = strawberry.field(description="Safe HTML, what is new in `<em>`.")
    count: int


@strawberry.type
class ProductCompletion:
    id: strawberry.ID
    sku: str
    text: str
    highlight: str | None
    brand: str | None
    price: Money
    currency: str
    image: str | None
    in_stock: bool


@strawberry.type
class CategoryCompletion:
    text: str
    highlight: str
    value: str
    label: str
    id: strawberry.ID
    count: int


@strawberry.type
class BrandCompletion:
    text: str
    highlight: str
    value: str
    count: int


@strawberry.type
class AutocompleteSections:
    queries: list[QueryCompletion]
    products: list[ProductCompletion]
    categories: list[CategoryCompletion]
    brands: list[BrandCompletion]


@strawberry.type
class Autocomplete:
    query: str
    sections: AutocompleteSections
    degraded: bool = strawberry.field(description="Answered without Elasticsearch, from Postgres.")
    took_ms: float
