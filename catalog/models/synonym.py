"""Words that mean the same to the shop, and when what processes keep of such tables has changed."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.base import Base, Timestamp, UuidKey


class Synonym(Base):
    """Of a two-way entry all `terms` are equal; of a one-way entry the first is also searched for as the others.

    `digest` is that of the kind and the terms without case, accents and (where it means nothing) order.
    """

    __tablename__ = "synonyms"

    id: Mapped[UuidKey]
    kind: Mapped[str] = mapped_column(String(10))
    terms: Mapped[list[str]] = mapped_column(ARRAY(Text))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[Timestamp]
    updated_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    updated_at: Mapped[Timestamp]

    __table_args__ = (
        CheckConstraint("kind IN ('two_way', 'one_way')", name="kind"),
        CheckConstraint("cardinality(terms) BETWEEN 2 AND 50", name="terms"),
    )


class Revision(Base):
    """A table that processes keep in memory has a new `value` here with every statement that changes it (by trigger).

    A random value and not a number: after a restore from a backup no number would be met a second time.
    """

    __tablename__ = "revisions"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
