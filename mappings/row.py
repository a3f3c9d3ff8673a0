"""A product row as the indexer reads it: everything that a document is made of, in one snapshot."""

from typing import Any, TypedDict


class VariantRow(TypedDict):
    """A variant as the indexer reads it."""

    sku: str
    price_cents: int
    inventory: int
    options: dict[str, str]


class ProductRow(TypedDict):
    """A product as the indexer reads it; prices are whole cents, times are ISO 8601."""

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
    #: The slugs from the root to the product's own category; names and ids in the same order.
    category_path: str | None
    category_names: list[str] | None
    category_ids: list[str] | None
    #: The address of the first one.
    image: str | None
    variants: list[VariantRow]
    created_at: str
    updated_at: str
