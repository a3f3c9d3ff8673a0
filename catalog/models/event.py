"""Domain events as they are written, how far they were published, and how far subscribers have read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.base import Base, Timestamp


class DomainEvent(Base):
    """What happened to one product or order. Append-only: triggers refuse every change but the relay's `position`.

    `sequence` orders the events of one aggregate, because it is drawn while the aggregate's row is locked. Across
    aggregates a transaction that commits late has small numbers: readers resume by `position`, which the relay gives to
    committed events only, together with their `id`.
    """

    __tablename__ = "domain_events"

    id: Mapped[UUID | None]
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    position: Mapped[int | None] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(String(40))
    aggregate_id: Mapped[UUID]
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    schema_version: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))

    __table_args__ = (
        CheckConstraint("position > 0", name="position"),
        CheckConstraint("position IS NULL OR id IS NOT NULL", name="published"),
        CheckConstraint("jsonb_typeof(data) = 'object'", name="data"),
        Index("uq_domain_events_position", "position", unique=True, postgresql_where=text("position IS NOT NULL")),
        Index("ix_domain_events_waiting", "sequence", postgresql_where=text("position IS NULL")),
        {
            # Each row is written twice: when it happens, and when the relay gives it its position.
            "postgresql_with": {
                "autovacuum_vacuum_scale_factor": "0.05",
                "autovacuum_vacuum_threshold": "5000",
            }
        },
    )


class EventRelay(Base):
    """One row: the last position that was given, and the last that the broker has acknowledged.

    A row and not a sequence, so that a relay that is killed leaves no gap in the positions.
    """

    __tablename__ = "event_relay"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, server_default=text("1"))
    position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    published: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("published BETWEEN 0 AND position", name="published"),
    )


class EventConsumer(Base):
    """A group of subscribers has done with every event up to `position`: it goes on from here if the broker forgets."""

    __tablename__ = "event_consumers"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class EventDeadLetter(Base):
    """An event that a group of subscribers could not handle; `replay`: it is to be tried again."""

    __tablename__ = "event_dead_letters"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    consumer: Mapped[str] = mapped_column(String(60))
    event_id: Mapped[UUID]
    envelope: Mapped[dict[str, Any]] = mapped_column(JSONB)
    error: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    replay: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Timestamp]

    __table_args__ = (UniqueConstraint("consumer", "event_id"),)
