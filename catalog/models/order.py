"""Orders: what was bought, by whom, at the prices of that moment, and the keys under which requests were answered."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.base import Base, Timestamp, UuidKey


class Order(Base):
    """`placed_by` is the id of a principal. `confirmed_at` is when the mail server took the confirmation."""

    __tablename__ = "orders"

    id: Mapped[UuidKey]
    placed_by: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str | None] = mapped_column(String(255))
    address_lines: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    client_reference: Mapped[str | None] = mapped_column(String(100))
    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    created_at: Mapped[Timestamp]
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("total >= 0 AND total <> 'NaN'", name="total"),
        Index(None, "created_at", "id"),
        Index(None, "placed_by", "created_at", "id"),
    )


class OrderLine(Base):
    """What a line says is copied, and the product's id has no foreign key: a line outlives its product unchanged."""

    __tablename__ = "order_lines"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_id: Mapped[UUID]
    sku: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(255))
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    quantity: Mapped[int]

    __table_args__ = (
        CheckConstraint("price >= 0 AND price <> 'NaN'", name="price"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("position >= 0", name="position"),
        CheckConstraint("jsonb_typeof(options) = 'object'", name="options"),
    )


class IdempotencyKey(Base):
    """A request for an order that was answered: the same request under the same key gets the same answer.

    `digest` is that of the request. Order and answer are null only inside the transaction that makes the order.
    """

    __tablename__ = "idempotency_keys"

    principal: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    answer: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Timestamp]

    __table_args__ = (Index(None, "order_id"), Index(None, "created_at"))
