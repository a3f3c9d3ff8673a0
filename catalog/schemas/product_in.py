"""A product as a client sends it: whole (create, put, an import line) or in part (patch)."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from catalog.schemas.fields import (
    MAX_INT,
    AltText,
    Attributes,
    CategoryPath,
    Description,
    Gtin,
    ImageUrl,
    Inventory,
    Moment,
    Money,
    Name,
    Options,
    Popularity,
    SkuText,
)

MAX_IMAGES = 50
MAX_VARIANTS = 500
# A document repeats the attributes in every variant; more than this is too large for one request to the index.
MAX_REPEATED_BYTES = 4 * 1024 * 1024
REPEATED = f"the attributes, repeated in each variant, may have at most {MAX_REPEATED_BYTES:,} bytes"
NEVER_NULL = ("sku", "name", "price")


def repeats_too_much(attributes: Mapping[str, Any], variants: int) -> bool:
    """Whether the attributes are too long to be held by so many variants."""
    size = len(json.dumps(attributes, ensure_ascii=False).encode()) if variants else 0
    return variants * size > MAX_REPEATED_BYTES


class Strict(BaseModel):
    """Unknown fields are refused: a misspelled name must not be lost in silence."""

    model_config = ConfigDict(extra="forbid")


class ImageIn(Strict):
    url: ImageUrl
    alt: AltText | None = None


class VariantIn(Strict):
    sku: SkuText
    price: Money
    inventory: Inventory = 0
    options: Options = Field(default_factory=dict)


class ProductPatch(Strict):
    """Any part of a product: a field left out keeps what is stored, null clears it."""

    sku: SkuText | None = None
    name: Name | None = None
    description: Description | None = None
    price: Money | None = None
    compare_at_price: Money | None = None
    cost: Money | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$", description="the catalogue's own, if sent")
    inventory: Inventory | None = None
    gtin: Gtin | None = None
    brand: Name | None = Field(default=None, description="created if it does not exist")
    category: CategoryPath | None = Field(
        default=None, description="names from the root, 'Audio > Headphones'; created if missing"
    )
    category_id: UUID | None = None
    status: Literal["draft", "active", "archived"] | None = None
    publish_from: Moment | None = None
    publish_until: Moment | None = None
    popularity: Popularity | None = None
    images: list[ImageIn] | None = Field(default=None, max_length=MAX_IMAGES)
    attributes: Attributes | None = None
    variants: list[VariantIn] | None = Field(default=None, max_length=MAX_VARIANTS)

    @field_validator("images", mode="before")
    @classmethod
    def _image_urls(cls, value: Any) -> Any:
        """An image may be given as its address alone."""
        if isinstance(value, list):
            return [{"url": item} if isinstance(item, str) else item for item in value]
        return value

    @field_validator("variants")
    @classmethod
    def _distinct_variants(cls, variants: list[VariantIn] | None) -> list[VariantIn] | None:
        seen: set[str] = set()
        for variant in variants or ():
            if variant.sku in seen:
                raise ValueError(f"the sku {variant.sku!r} appears twice")
            seen.add(variant.sku)
        if sum(variant.inventory for variant in variants or ()) > MAX_INT:
            raise ValueError(f"the inventory of all variants together must be at most {MAX_INT}")
        return variants

    @field_validator(*NEVER_NULL)
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("must not be null")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.publish_from and self.publish_until and self.publish_from >= self.publish_until:
            raise ValueError("publish_until: must be later than publish_from")
        if self.category is not None and self.category_id is not None:
            raise ValueError("category: send category or category_id, not both")
        if self.variants and self.sku in {variant.sku for variant in self.variants}:
            raise ValueError("variants: a variant can not have the sku of its product")
        if repeats_too_much(self.attributes or {}, len(self.variants or ())):
            raise ValueError(f"variants: {REPEATED}")
        return self

    @property
    def given(self) -> set[str]:
        """Names of the fields that the client sent."""
        return self.model_fields_set

    def rolled_up(self) -> tuple[Decimal, int] | None:
        """(lowest price, summed inventory) of the variants; None without variants."""
        if not self.variants:
            return None
        return min(variant.price for variant in self.variants), sum(variant.inventory for variant in self.variants)


class ProductIn(ProductPatch):
    """A whole product: sku, name and price are required."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "sku": "NV-AERO-300",
                    "name": "Norvane Aero 300 Wireless In-ear Headphones",
                    "description": "Light in-ear headphones with 30 hours of playing time.",
                    "price": 29.99,
                    "brand": "Norvane",
                    "category": "Electronics > Audio > Headphones > In-ear",
                    "inventory": 12,
                    "attributes": {"color": "black", "weight_g": 12, "wireless": True},
                }
            ]
        },
    )

    sku: SkuText
    name: Name
    price: Money
