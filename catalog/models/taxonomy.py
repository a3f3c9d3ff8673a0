"""Categories (a tree) and brands."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.base import Base, Timestamp, UuidKey


class Category(Base):
    """`path`, `names` and `ids` run from the root to this category; triggers derive them from `parent_id`."""

    __tablename__ = "categories"

    id: Mapped[UuidKey]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(255))
    path: Mapped[str] = mapped_column(Text, unique=True, server_default="")
    names: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default="{}")
    position: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[Timestamp]
    updated_at: Mapped[Timestamp]

    __table_args__ = (
        CheckConstraint("name <> ''", name="name_not_empty"),
        CheckConstraint("slug <> '' AND slug !~ '/'", name="slug"),
        CheckConstraint("cardinality(ids) <= 10", name="depth"),
        Index(None, "parent_id"),
    )


class Brand(Base):
    __tablename__ = "brands"

    id: Mapped[UuidKey]
    name: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[Timestamp]

    __table_args__ = (
        CheckConstraint("name <> ''", name="name_not_empty"),
        Index("uq_brands_lower_name", text("lower(name)"), unique=True),
    )
