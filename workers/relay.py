"""The relay: gives committed events their positions and publishes them in this order, each at least once.

A transaction that commits late is never skipped, because nothing here remembers how far it has looked: every event
without a position is taken, whenever it became visible. (docs/decisions/0017-domain-events.md)
"""

import asyncio
import contextlib
import time
from typing import Any

import psycopg
import structlog

from catalog.failpoints import failpoint
from catalog.services.events import Event
from catalog.settings import Settings
from workers.publisher import AWAY, Lost, make_publisher

# "evts" as a number.
LOCK = 0x65767473
BATCH_SIZE = 500
MAX_WAIT_SECONDS = 5.0
OUTAGES: tuple[type[Exception], ...] = (psycopg.Error, Lost, *AWAY)
# Between two checks that the stream still has what was published.
COMPARE_SECONDS = 1.0

_LOCK = "SELECT pg_try_advisory_lock(%s)"
_ENSURE = """
    INSERT INTO event_relay (position, published)
    SELECT coalesce(max(position), 0), coalesce(max(position), 0) FROM domain_events WHERE position IS NOT NULL
    ON CONFLICT DO NOTHING
"""
# The row stays locked until positions and counter are committed together. The events are looked for by the next
# statement, whose snapshot is taken when the lock is held.
_LOCK_POSITION = "SELECT position FROM event_relay FOR UPDATE"
_ASSIGN = """
    WITH waiting AS (
        SELECT sequence FROM domain_events WHERE position IS NULL ORDER BY sequence LIMIT %(limit)s
    ), numbered AS (
        SELECT sequence, %(last)s + row_number() OVER (ORDER BY sequence) AS position FROM waiting
    )
    UPDATE domain_events AS event SET position = numbered.position, id = coalesce(event.id, gen_random_uuid())
    FROM numbered WHERE event.sequence = numbered.sequence
"""
_COUNT = "UPDATE event_relay SET position = position + %s"
_STATE = "SELECT position, published FROM event_relay"
_UNPUBLISHED = """
    SELECT id, position, type, aggregate_id, occurred_at, data, schema_version FROM domain_events
    WHERE position > (SELECT published FROM event_relay) ORDER BY position LIMIT %s
"""
_PUBLISHED = "UPDATE event_relay SET published = %s, published_at = clock_timestamp() WHERE published < %s"
_PUBLISH_AGAIN = """
    UPDATE event_relay SET published = least(published, greatest(
        %(from)s, (SELECT coalesce(min(position), 1) - 1 FROM domain_events WHERE position IS NOT NULL)))
    RETURNING published
"""
_AHEAD = "UPDATE event_relay SET position = %(top)s, published = %(top)s"

_log = structlog.get_logger()


class Relay:
    """One loop. A second relay waits for the first one's lock; `stop` may be set from a signal handler."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stop = asyncio.Event()
        self._publisher = make_publisher(settings)
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._compared = float("-inf")
        self._create = False

    async def run(self) -> None:
        """Until `stop` is set. A server that is away is waited for, with growing pauses."""
        failures = 0
        while not self.stop.is_set():
            try:
                busy = await self.tick()
                wait = 0.0 if busy else self.settings.event_relay_seconds
                failures = 0
            except OUTAGES as error:
                failures += 1
                wait = min(MAX_WAIT_SECONDS, 0.1 * 2 ** min(failures, 10))
                self._compared = float("-inf")
                _log.warning("events.relay_waiting", error=f"{type(error).__name__}: {error}", seconds=wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), wait)
        await self.close()

    async def close(self) -> None:
        await self._publisher.close()
        if self._connection is not None:
            await self._connection.close()

    async def tick(self) -> bool:
        """One round; whether there may be more to do at once. Raises what a server that is away does, and Lost."""
        connection = await self._locked()
        if connection is None:
            return False
        # Positions do not wait for the broker: who reads from Postgres goes on while it is away.
        assigned = await self._assign(connection)
        if time.monotonic() >= self._compared + COMPARE_SECONDS:
            await self._compare(connection)
        published = await self._publish(connection)
        return max(assigned, published) >= BATCH_SIZE

    async def _locked(self) -> psycopg.AsyncConnection[Any] | None:
        """The connection that holds the lock, None while another relay does. The lock ends with the connection."""
        if self._connection is not None and not self._connection.closed:
            return self._connection
        connection = await psycopg.AsyncConnection.connect(
            self.settings.database_url, autocommit=True, connect_timeout=5, application_name="catalog-relay"
        )
        row = await (await connection.execute(_LOCK, (LOCK,))).fetchone()
        if row is None or not row[0]:
            await connection.close()
            return None
        await connection.execute(_ENSURE)
        self._connection = connection
        self._compared = float("-inf")
        return connection

    async def _assign(self, connection: psycopg.AsyncConnection[Any]) -> int:
        waiting = await connection.execute("SELECT FROM domain_events WHERE position IS NULL LIMIT 1")
        if not waiting.rowcount:
            return 0
        async with connection.transaction():
            row = await (await connection.execute(_LOCK_POSITION)).fetchone()
            if row is None:  # the table was emptied by hand
                await connection.execute(_ENSURE)
                return BATCH_SIZE
            assigned = (await connection.execute(_ASSIGN, {"last": row[0], "limit": BATCH_SIZE})).rowcount
            await connection.execute(_COUNT, (assigned,))
        failpoint(self.settings, "events.assigned")
        return assigned

    async def _compare(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Publish again what the broker has forgotten: as many events as the stream is to hold."""
        top = await self._publisher.top()
        row = await (await connection.execute(_STATE)).fetchone()
        if row is not None and top is not None:
            position, published = row
            self._create = top == 0
            if top < published:
                start = top or published - self.settings.events_stream_length
                moved = await (await connection.execute(_PUBLISH_AGAIN, {"from": start})).fetchone()
                _log.warning("events.publishing_again", published=published, top=top, after=moved and moved[0])
            elif top > position:
                # Postgres was restored from an older backup: these positions have been read as other events.
                _log.error("events.stream_ahead", position=position, top=top, remedy="see docs/events.md, Restore")
                await connection.execute(_AHEAD, {"top": top})
            elif top > published:  # killed between publishing and noting it
                await connection.execute(_PUBLISHED, (top, top))
        self._compared = time.monotonic()

    async def _publish(self, connection: psycopg.AsyncConnection[Any]) -> int:
        rows = await (await connection.execute(_UNPUBLISHED, (BATCH_SIZE,))).fetchall()
        if not rows:
            return 0
        events = [Event(*row) for row in rows]
        await self._publisher.publish(events, create=self._create)
        self._create = False
        failpoint(self.settings, "events.published")
        last = events[-1].position
        await connection.execute(_PUBLISHED, (last, last))
        return len(events)
