"""Products with their pictures and variants, and the register that keeps skus unique across both."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    FetchedValue,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from catalog.models.base import Base, Timestamp, UuidKey

# Numeric holds 'NaN', and NaN counts as greater than every number, so ">= 0" alone would let it in.
_MONEY = "{0} >= 0 AND {0} <> 'NaN'"

# Postgres holds years that neither Python nor Elasticsearch can read, and 'infinity'.
_PLAUSIBLE = "{0} BETWEEN '1900-01-01Z' AND '2200-01-01Z'"

# Identifiers as they are looked up without Elasticsearch: case and punctuation never tell two of them apart.
SPELLED = r"lower(regexp_replace({0}, '\W|_', '', 'g'))"
MODEL = "coalesce(attributes ->> 'model', attributes ->> 'model_number', attributes ->> 'mpn')"
SPELLED_SKU = SPELLED.format("sku")
SPELLED_MODEL = SPELLED.format(f"left({MODEL}, 100)")


class Product(Base):
    __tablename__ = "products"

    id: Mapped[UuidKey]
    sku: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    compare_at_price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    cost: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    inventory: Mapped[int] = mapped_column(server_default=text("0"))
    gtin: Mapped[str | None] = mapped_column(String(14))
    status: Mapped[str] = mapped_column(String(10), server_default="active")
    publish_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    publish_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    popularity: Mapped[float] = mapped_column(server_default=text("0"))
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    brand_id: Mapped[UUID | None] = mapped_column(ForeignKey("brands.id", ondelete="SET NULL"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id", ondelete="CASCADE"))
    created_at: Mapped[Timestamp]
    updated_at: Mapped[Timestamp]
    # A trigger makes it of the product's texts.
    search_vector: Mapped[Any] = deferred(mapped_column(TSVECTOR, FetchedValue(), server_onupdate=FetchedValue()))

    __table_args__ = (
        CheckConstraint("name <> ''", name="name_not_empty"),
        CheckConstraint("sku <> ''", name="sku_not_empty"),
        CheckConstraint("char_length(description) <= 50000", name="description_length"),
        CheckConstraint(_MONEY.format("price"), name="price"),
        CheckConstraint(_MONEY.format("compare_at_price"), name="compare_at_price"),
        CheckConstraint(_MONEY.format("cost"), name="cost"),
        CheckConstraint("inventory >= 0", name="inventory"),
        CheckConstraint("gtin ~ '^[0-9]{8,14}$'", name="gtin"),
        CheckConstraint("status IN ('draft', 'active', 'archived')", name="status"),
        CheckConstraint("publish_from < publish_until", name="publish_window"),
        CheckConstraint(_PLAUSIBLE.format("publish_from"), name="publish_from"),
        CheckConstraint(_PLAUSIBLE.format("publish_until"), name="publish_until"),
        CheckConstraint("popularity >= 0 AND popularity < 'Infinity'", name="popularity"),
        CheckConstraint("jsonb_typeof(attributes) = 'object'", name="attributes"),
        Index(None, "category_id"),
        Index(None, "brand_id"),
        Index(None, "created_at", "id"),
        Index("ix_products_search_vector", "search_vector", postgresql_using="gin"),
        # Not there where the role may not create the extension pg_trgm.
        Index("ix_products_name_trgm", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
        Index(
            "ix_products_gtin",
            "gtin",
            postgresql_ops={"gtin": "text_pattern_ops"},
            postgresql_where=text("gtin IS NOT NULL"),
        ),
        Index(
            "ix_products_model",
            literal_column(SPELLED_MODEL).label("spelled"),
            postgresql_ops={"spelled": "text_pattern_ops"},
            postgresql_where=text(f"{MODEL} IS NOT NULL"),
        ),
    )


class ProductImage(Base):
    __tablename__ = "product_images"

    id: Mapped[UuidKey]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(String(2048))
    alt: Mapped[str | None] = mapped_column(String(500))
    position: Mapped[int]

    __table_args__ = (
        CheckConstraint("url <> ''", name="url_not_empty"),
        CheckConstraint("position >= 0", name="position"),
        Index(None, "product_id", "position"),
    )


class ProductVariant(Base):
    __tablename__ = "product_variants"

    id: Mapped[UuidKey]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    sku: Mapped[str] = mapped_column(String(100), unique=True)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    inventory: Mapped[int] = mapped_column(server_default=text("0"))
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    position: Mapped[int]

    __table_args__ = (
        CheckConstraint("sku <> ''", name="sku_not_empty"),
        CheckConstraint(_MONEY.format("price"), name="price"),
        CheckConstraint("inventory >= 0", name="inventory"),
        CheckConstraint("jsonb_typeof(options) = 'object'", name="options"),
        CheckConstraint("position >= 0", name="position"),
        Index(None, "product_id", "position"),
    )


class Sku(Base):
    """Every sku in use, whether of a product or of a variant; triggers keep it.

    Two unique columns in two tables can't exclude each other, and a check inside a trigger does not see what another
    transaction is about to commit: only a unique key does.
    """

    __tablename__ = "skus"

    sku: Mapped[str] = mapped_column(String(100), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    is_variant: Mapped[bool]

    __table_args__ = (
        Index(None, "product_id"),
        Index(
            "ix_skus_spelled",
            literal_column(SPELLED_SKU).label("spelled"),
            postgresql_ops={"spelled": "text_pattern_ops"},
        ),
    )
