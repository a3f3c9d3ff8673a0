"""Domain events: append one, read them in the order in which they are published."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

_COLUMNS = "id, position, type, aggregate_id, occurred_at, data, schema_version"
_APPEND = text("""
    INSERT INTO domain_events (type, aggregate_id, data, schema_version)
    VALUES (:type, :aggregate_id, :data, :schema_version)
""").bindparams(bindparam("data", type_=JSONB))
_AFTER = text(f"""
    SELECT {_COLUMNS} FROM domain_events WHERE position > :position ORDER BY position LIMIT :limit
""")  # noqa: S608 - a constant
_AFTER_OF = text(f"""
    SELECT {_COLUMNS} FROM domain_events WHERE position > :position AND aggregate_id = ANY (:ids)
    ORDER BY position LIMIT :limit
""").bindparams(bindparam("ids", type_=ARRAY(Uuid())))  # noqa: S608 - a constant
_LAST = text("SELECT position FROM event_relay")
_FIRST = text("SELECT min(position) FROM domain_events WHERE position IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it is published."""

    #: Tells a repeated one.
    id: UUID
    #: 1, 2, 3 … without a gap.
    position: int
    #: A name of catalog.schemas.event.TYPES.
    type: str
    #: The product or the order that it is about.
    aggregate_id: UUID
    occurred_at: datetime
    #: What is particular to the type.
    data: dict[str, Any]
    #: Of `data`.
    schema_version: int

    def envelope(self) -> dict[str, Any]:
        """What is sent: the fields as JSON has them."""
        return {
            "id": str(self.id),
            "type": self.type,
            "aggregate_id": str(self.aggregate_id),
            "position": self.position,
            "occurred_at": self.occurred_at.isoformat(),
            "data": self.data,
            "schema_version": self.schema_version,
        }

    @classmethod
    def read(cls, envelope: Mapping[str, Any]) -> "Event":
        """The event of an envelope. Raises KeyError, TypeError or ValueError when it is none."""
        return cls(
            id=UUID(envelope["id"]),
            position=int(envelope["position"]),
            type=str(envelope["type"]),
            aggregate_id=UUID(envelope["aggregate_id"]),
            occurred_at=datetime.fromisoformat(envelope["occurred_at"]),
            data=dict(envelope["data"]),
            schema_version=int(envelope["schema_version"]),
        )


async def append(
    session: AsyncSession, type_: str, aggregate_id: UUID, data: Mapping[str, Any], schema_version: int = 1
) -> None:
    """Write an event in the transaction of what happened; the relay publishes it after the commit.

    Call it while the aggregate's row is locked by this transaction (just inserted, or FOR UPDATE), so that the events
    of one aggregate keep their order. `data` is JSON: amounts as decimal strings, ids and times as strings.
    """
    values = {"type": type_, "aggregate_id": aggregate_id, "data": dict(data), "schema_version": schema_version}
    await session.execute(_APPEND, values)


async def after(
    session: AsyncSession, position: int, limit: int, product_ids: Collection[UUID] | None = None
) -> list[Event]:
    """Up to `limit` events with a greater position, in order; of these products only, when given.

    Nothing is ever inserted before a position that could be read: a consumer that has seen N misses nothing by asking
    for what comes after N. With `product_ids`, remember `last_position` read before this call when less than `limit`
    came.
    """
    values: dict[str, Any] = {"position": position, "limit": limit}
    if product_ids is None:
        rows = await session.execute(_AFTER, values)
    else:
        rows = await session.execute(_AFTER_OF, values | {"ids": list(product_ids)})
    return [Event(*row) for row in rows]


async def last_position(session: AsyncSession) -> int:
    """The position given last; 0 before the first."""
    return int(await session.scalar(_LAST) or 0)


async def first_position(session: AsyncSession) -> int | None:
    """The oldest position that is still there; None when there is no event.

    A consumer that resumes before it minus one has missed some.
    """
    position = await session.scalar(_FIRST)
    return None if position is None else int(position)


_STATE = text("""
    SELECT relay.position, relay.published,
           (SELECT count(*) FROM domain_events WHERE domain_events.position IS NULL)
               + relay.position - relay.published AS unpublished,
           coalesce(extract(epoch FROM clock_timestamp() - (
               SELECT min(occurred_at) FROM domain_events
               WHERE domain_events.position IS NULL OR domain_events.position > relay.published)), 0)::float
               AS oldest_seconds,
           (SELECT count(*) FROM event_dead_letters) AS dead_letters,
           (SELECT count(*) FROM webhook_deliveries WHERE state = 'pending') AS deliveries_pending,
           coalesce((SELECT sum(value) FROM counters WHERE name = 'webhooks.failures'), 0)::bigint AS webhook_failures
    FROM (SELECT coalesce(max(position), 0) AS position, coalesce(max(published), 0) AS published FROM event_relay)
        AS relay
""")


@dataclass(frozen=True, slots=True)
class EventState:
    """How far publishing is behind, and what went wrong on the way to subscribers."""

    #: The last position given, and the last one published.
    position: int
    published: int
    #: Events that are not published yet, and the age of the oldest.
    unpublished: int
    oldest_seconds: float
    #: Events that a consumer group has given up on.
    dead_letters: int
    #: Deliveries to webhooks that are still to be tried, and tries that have failed in all.
    deliveries_pending: int
    webhook_failures: int


async def state(session: AsyncSession) -> EventState:
    return EventState(*(await session.execute(_STATE)).one())
