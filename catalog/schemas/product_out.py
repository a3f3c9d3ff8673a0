"""A product as the API answers it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, PlainSerializer, WithJsonSchema

MoneyOut = Annotated[
    Decimal,
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "examples": [29.99]}, mode="serialization"),
]

# Times leave in UTC, also from a connection to Postgres with another zone.
TimeOut = Annotated[datetime, AfterValidator(lambda value: value.astimezone(UTC))]


class CategoryRef(BaseModel):
    id: UUID
    name: str
    path: str


class ImageOut(BaseModel):
    id: UUID
    url: str
    alt: str | None
    position: int


class VariantOut(BaseModel):
    id: UUID
    sku: str
    price: MoneyOut
    inventory: int
    options: dict[str, str]
    position: int


class ProductOut(BaseModel):
    """`version` is the ledger's: it grows with every committed change of anything shown here."""

    id: UUID
    sku: str
    name: str
    description: str | None
    price: MoneyOut
    compare_at_price: MoneyOut | None
    currency: str
    on_sale: bool
    inventory: int
    gtin: str | None
    brand: str | None
    category: CategoryRef | None
    images: list[ImageOut]
    attributes: dict[str, Any]
    variants: list[VariantOut]
    status: Literal["draft", "active", "archived"]
    publish_from: datetime | None
    publish_until: datetime | None
    popularity: float
    created_at: datetime
    updated_at: datetime
    version: int


class ProductPage(BaseModel):
    items: list[ProductOut]
    total: int
    page: int
    per_page: int


class SyncOut(BaseModel):
    """`lag_seconds` is the age of the oldest change that is not yet in the index; 0 when there is none.

    `next_attempt_at` is when a document that was refused, or an index that is ahead, is tried again; null when there is
    nothing to wait for, and in quarantine, where nobody tries again. `dropped`: taken out of the index by an
    administrator until the next change of the product.
    """

    product_id: UUID
    database_version: int
    indexed_version: int
    in_sync: bool
    deleted: bool
    dropped: bool
    lag_seconds: float
    synced_at: TimeOut | None
    attempts: int
    next_attempt_at: TimeOut | None
    quarantined: bool
    error: str | None
