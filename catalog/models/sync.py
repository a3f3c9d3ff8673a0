"""The sync ledger, the fan-out queue and the register of indexes."""

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, SmallInteger, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.base import Base, Timestamp

# A quarantined row stays as it is for days: the pump, which looks for work many times a second, should not meet it.
PENDING = "version > synced_version AND next_attempt_at IS DISTINCT FROM 'infinity'"
QUARANTINED = "version > synced_version AND next_attempt_at = 'infinity'"


class SyncPriority(IntEnum):
    """The order in which pending products are written: the lowest first, then the oldest change."""

    #: A single change, as in the column's default.
    CHANGE = 0
    #: An import, or products that leave quarantine: single changes overtake them.
    BULK = 5
    #: What the reconciler has written again.
    REPAIR = 7
    #: The products of a category or a brand that was changed.
    FANOUT = 10


def requeue_sql(condition: str, limit: str, assignments: str = "") -> str:
    """SQL that makes up to `limit` quarantined products pending again, in the order of their ids, and returns those.

    `condition` and `limit` are SQL, with the placeholders of the caller's driver; `assignments` are further ones. Each
    product counts as changed now: an old change would come before all others and sound the alarm for lag. A row that a
    writer has locked is skipped: that writer releases it with a newer version.
    """
    further = f", {assignments}" if assignments else ""
    return f"""
        WITH locked AS (SELECT product_id FROM product_sync WHERE {condition} AND {QUARANTINED}
                        ORDER BY product_id LIMIT {limit} FOR UPDATE SKIP LOCKED)
        UPDATE product_sync AS ledger SET
            attempts = 0, error = NULL, next_attempt_at = NULL, claimed_until = NULL,
            changed_at = clock_timestamp(), priority = {int(SyncPriority.BULK)}{further}
        FROM locked WHERE ledger.product_id = locked.product_id
        RETURNING ledger.product_id
    """  # noqa: S608 - put together from constants of the callers


class ProductSync(Base):
    """One permanent row per product that ever lived: outbox, version, tombstone record and quarantine in one.

    No foreign key: the row survives its product, so that the same id inserted again goes on from its last version.
    """

    __tablename__ = "product_sync"

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    synced_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    deleted: Mapped[bool] = mapped_column(server_default=text("false"))
    priority: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    synced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    claimed_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    error: Mapped[str | None] = mapped_column(Text)
    # Start of the transaction that bumped the row last: with xmin it tells the trigger that this same transaction has
    # bumped the row already. Once is enough, because no other transaction can see the versions in between.
    bumped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # An administrator took the product out of the index at this version; the next version puts it back.
    dropped_version: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("synced_version >= 0", name="synced_version"),
        Index("ix_product_sync_pending", "priority", "changed_at", postgresql_where=text(PENDING)),
        Index("ix_product_sync_quarantined", "changed_at", postgresql_where=text(QUARANTINED)),
        {
            # Every change rewrites its row here: leave room on the page and vacuum early.
            "postgresql_with": {
                "fillfactor": "70",
                "autovacuum_vacuum_scale_factor": "0.02",
                "autovacuum_vacuum_threshold": "1000",
            }
        },
    )


class Fanout(Base):
    """A change of a category or a brand whose products are still to be bumped, those behind `cursor`.

    Of the kind "product" it is one product that a writer had locked when its category or brand came by.
    """

    __tablename__ = "fanout"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    entity_id: Mapped[UUID]
    cursor: Mapped[UUID | None]
    created_at: Mapped[Timestamp]
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("kind IN ('category', 'brand', 'product')", name="kind"),)


class SearchIndex(Base):
    """An index that live sync writes to, or once wrote to. Writers read this table in the snapshot of the rows."""

    __tablename__ = "search_indexes"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    schema_version: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    error: Mapped[str | None] = mapped_column(Text)
    # Of an index that is not live: it has missed writes again and again since, the last time at, and from then on it is
    # written to no more. (docs/decisions/0009-an-index-that-takes-no-writes.md)
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    given_up_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[Timestamp]
    live_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("state IN ('building', 'live', 'standby', 'retired')", name="state"),
        Index("uq_search_indexes_live", "state", unique=True, postgresql_where=text("state = 'live'")),
        Index("uq_search_indexes_building", "state", unique=True, postgresql_where=text("state = 'building'")),
    )
