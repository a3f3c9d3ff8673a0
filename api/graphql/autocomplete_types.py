"""What autocomplete answers: sections in order, as REST has them."""

from typing import Any

import strawberry

from api.graphql.scalars import Money, money


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


def autocomplete_of(held: dict[str, Any]) -> Autocomplete:
    sections = held["sections"]
    return Autocomplete(
        query=held["query"],
        sections=AutocompleteSections(
            queries=[QueryCompletion(**_only(QueryCompletion, item)) for item in sections["queries"]],
            products=[_product(item) for item in sections["products"]],
            categories=[CategoryCompletion(**_only(CategoryCompletion, item)) for item in sections["categories"]],
            brands=[BrandCompletion(**_only(BrandCompletion, item)) for item in sections["brands"]],
        ),
        degraded=held.get("degraded", False),
        took_ms=held["took_ms"],
    )


def _product(held: dict[str, Any]) -> ProductCompletion:
    return ProductCompletion(**_only(ProductCompletion, held) | {"price": money(held["price"])})


def _only(kind: type[Any], held: dict[str, Any]) -> dict[str, Any]:
    return {name: held[name] for name in kind.__dataclass_fields__}
