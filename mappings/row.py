"""A product row as the indexer reads it: everything that a document is made of, in one snapshot."""

from typing import Any, TypedDict


class VariantRow(TypedDict):
    sku: str
    price_cents: int
    inventory: int
    options: dict[str, str]


class ProductRow(TypedDict):
    """Prices are whole cents; times are ISO 8601; `category_*` run from the root to the product's own category."""

    id: str
    sku: str
    name: str
    description: str | None
    price_cents: int
    compare_at_cents: int | None
    inventory: int
    gtin: str | None
    status: str
    publish_from: str | None
    publish_until: str | None
    popularity: float
    attributes: dict[str, Any]
    brand: str | None
    category_path: str | None
    category_names: list[str] | None
    category_ids: list[str] | None
    image: str | None
    variants: list[VariantRow]
    created_at: str
    updated_at: str
