"""Subscribers of domain events: consumer groups that forget nothing and take each event once more rather than never.

    async def send_confirmation(event: Event) -> None: ...

    await consume(settings, "order-emails", send_confirmation, types={"OrderCreated"}, stop=stop)

`stop` is an asyncio.Event; `consume` returns when it is set, after the handlers at work. What a handler must know:

- It gets `catalog.services.events.Event`. It returns when it is done; any error that it raises means "not done".
- At least once: an event that was handled already may come again (the process was killed before it could say so, or
  the broker lost its memory). Be idempotent by `event.id` - a deterministic Message-ID, or a unique key.
- Events of one aggregate (product, order) come in order, one at a time; those of different aggregates side by side.
- After an exception the same event comes again with growing pauses (`event_retry_seconds`, doubled each time, with
  jitter), `event_max_attempts` times; the aggregate's later events wait for it. Then it goes to the dead letters
  with its error, and the next one comes: `catalog events dead list`, `catalog events dead replay`. `raise Reject(why)`
  sends it there at once, for an event that no repetition can mend. `raise Later(why)` is for a server that is away:
  the same event comes again with growing pauses for ever, and nothing is counted.
- Other aggregates go on meanwhile, until about 1,000 wanted events are not done or 10,000 have come since the first
  that is not (MAX_IN_FLIGHT and MAX_LEAD of workers/in_flight.py); then no more are read.
- How far the group has come is a row in Postgres (`event_consumers`): the last position before the first event that is
  not done. After a restart everything behind it comes again, also what was done: about 10,000 events at most. A broker
  that has lost everything is filled again by the relay, and the group goes on from that row. A new group begins with
  the oldest event that is kept.

Run it by naming it in SUBSCRIBERS of workers/subscribers.py: `catalog subscribers` runs all of them in one process.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

import orjson
import psycopg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from catalog.errors import Unavailable
from catalog.services.events import Event
from catalog.settings import Settings
from workers.in_flight import InFlight, Queue

Handler = Callable[[Event], Awaitable[None]]

BATCH_SIZE = 100
# Of one subscriber's handlers; an event that pauses is not among them.
HANDLER_CONCURRENCY = 8
MAX_PAUSE_SECONDS = 60.0
# How long one read of the stream waits for the next event, and how long without one until Postgres is asked.
READ_TIMEOUT_SECONDS = 1.0
# "evtc" as a number; the group's name makes the other half of the key.
LOCK = 0x65767463

_LOCK = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
_ENSURE = "INSERT INTO event_consumers (name) VALUES (%s) ON CONFLICT DO NOTHING"
_POSITION = "SELECT position FROM event_consumers WHERE name = %s"
_DONE = "UPDATE event_consumers SET position = %s, updated_at = clock_timestamp() WHERE name = %s AND position < %s"
_AFTER = """
    SELECT id, position, type, aggregate_id, occurred_at, data, schema_version FROM domain_events
    WHERE position > %s ORDER BY position LIMIT %s
"""
_DEAD = """
    INSERT INTO event_dead_letters (consumer, event_id, envelope, error, attempts) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (consumer, event_id) DO UPDATE SET error = excluded.error, attempts = excluded.attempts, replay = false
"""
_REPLAY = """
    SELECT id, envelope FROM event_dead_letters WHERE consumer = %s AND replay AND id <> ALL (%s::bigint[])
    ORDER BY id LIMIT %s
"""
_FORGET = "DELETE FROM event_dead_letters WHERE id = %s"

_log = structlog.get_logger()


class Reject(Exception):
    """No repetition makes this event succeed: it goes to the dead letters at once."""


class Later(Exception):
    """Not now, a server that the handler needs is away: try this event again, however long it takes."""


async def consume(
    settings: Settings,
    group: str,
    handler: Handler,
    *,
    stop: asyncio.Event,
    types: Collection[str] | None = None,
) -> None:
    """Hand the group's events to `handler` until `stop` is set; see the top of this file.

    Of several processes with the same group one is at work, the others wait to take its place.
    """
    subscriber = Subscriber(settings, group, handler, stop=stop, types=types)
    try:
        while not stop.is_set():
            try:
                wait = 0.0 if await subscriber.tick() else settings.event_relay_seconds
            except psycopg.Error as error:
                subscriber.failures += 1
                wait = min(MAX_PAUSE_SECONDS, 0.1 * 2 ** min(subscriber.failures, 10))
                reason = f"{type(error).__name__}: {error}"
                _log.warning("events.consumer_waiting", group=group, error=reason, seconds=wait)
                await subscriber.release()
            await _pause(stop, wait)
    finally:
        await subscriber.close()


class Subscriber:
    """One group in one process."""

    def __init__(
        self,
        settings: Settings,
        group: str,
        handler: Handler,
        *,
        stop: asyncio.Event,
        types: Collection[str] | None = None,
    ) -> None:
        self._settings = settings
        self._group = group
        self._handler = handler
        self._stop = stop
        self._types = types
        #: How often Postgres has refused something since it took a position last.
        self.failures = 0
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._in_flight = InFlight(0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing = asyncio.Lock()
        self._limit = asyncio.Semaphore(HANDLER_CONCURRENCY)
        url = settings.events_url or settings.redis_url
        self._redis: Any = (
            None
            if url.startswith("kafka://")
            else Redis.from_url(url, socket_timeout=READ_TIMEOUT_SECONDS + 5, socket_connect_timeout=2)
        )

    async def close(self) -> None:
        await self.release()
        if self._redis is not None:
            await self._redis.aclose()

    async def release(self) -> None:
        """Begin nothing more, wait for the handlers at work, and leave the lock; the next tick starts afresh.

        They are not cancelled: a handler in a thread would go on all the same, beside the next one of its event.
        """
        self._in_flight.ended.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def tick(self) -> int:
        """Read what there is, at most a batch, and begin with it; how many events were read or are in flight.

        Raises psycopg.Error, also one of the events in flight: then `release` before the next tick.
        """
        connection = await self._locked()
        if connection is None:
            await _pause(self._stop, READ_TIMEOUT_SECONDS)
            return 0
        in_flight = self._in_flight
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.remove(task)
            task.result()
        await self._replay(connection, in_flight)
        if in_flight.full:
            await _pause(self._stop, self._settings.event_relay_seconds)
            return len(in_flight)
        events = await self._next(connection, in_flight.read)
        for event in events:
            in_flight.read = event.position
            if self._types is None or event.type in self._types:
                self._begin(connection, in_flight, event)
        await self._note(connection, in_flight)
        if not in_flight:
            self.failures = 0
        return len(events) + len(in_flight)

    async def _locked(self) -> psycopg.AsyncConnection[Any] | None:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        await self.release()
        connection = await psycopg.AsyncConnection.connect(
            self._settings.database_url,
            autocommit=True,
            connect_timeout=5,
            application_name=f"catalog-{self._group}"[:63],
        )
        row = await (await connection.execute(_LOCK, (LOCK, self._group))).fetchone()
        if row is None or not row[0]:
            await connection.close()
            return None
        self._connection = connection
        await connection.execute(_ENSURE, (self._group,))
        position = await (await connection.execute(_POSITION, (self._group,))).fetchone()
        self._in_flight = InFlight(position[0] if position else 0)
        return connection

    async def _next(self, connection: psycopg.AsyncConnection[Any], position: int) -> Sequence[Event]:
        """What comes after `position`: from the stream, and from Postgres what the stream does not have.

        Positions have no gap, so that an event which the stream has lost or dropped already can't go unnoticed.
        """
        streamed = await self._streamed(position)
        if streamed and streamed[0].position == position + 1:
            return streamed
        rows = await (await connection.execute(_AFTER, (position, BATCH_SIZE))).fetchall()
        return [Event(*row) for row in rows]

    async def _streamed(self, position: int) -> Sequence[Event]:
        """From the broker; nothing when it is away or is none that a position can be asked for."""
        if self._redis is None:
            await _pause(self._stop, self._settings.event_relay_seconds)
            return ()
        stream, block = self._settings.events_stream, int(READ_TIMEOUT_SECONDS * 1000)
        try:
            answer = await self._redis.xread({stream: f"{position}-0"}, count=BATCH_SIZE, block=block)
            entries = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1] if answer else []
            while entries and isinstance(entries[0], list):  # a newer protocol wraps them once more
                entries = entries[0]
            return [Event.read(orjson.loads(fields[b"__data__"])) for _, fields in entries]
        except (RedisError, OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("events.stream_unreadable", group=self._group, error=f"{type(error).__name__}: {error}")
            await _pause(self._stop, READ_TIMEOUT_SECONDS)
            return ()

    def _begin(
        self,
        connection: psycopg.AsyncConnection[Any],
        in_flight: InFlight,
        event: Event,
        dead_letter_id: int | None = None,
    ) -> None:
        queue = in_flight.add(event, dead_letter_id)
        if queue is not None:
            self._tasks.add(asyncio.create_task(self._work(connection, in_flight, queue)))

    async def _work(self, connection: psycopg.AsyncConnection[Any], in_flight: InFlight, queue: Queue) -> None:
        """The events of one aggregate, one after the other, until none is left or all is over."""
        while queue:
            event, dead_letter_id = queue[0]
            if dead_letter_id is None:
                finished = await self._handle(connection, in_flight, event)
            else:
                finished = await self._handle_again(connection, in_flight, event, dead_letter_id)
            if not finished:
                return
            in_flight.done(queue)
            await self._note(connection, in_flight)

    async def _note(self, connection: psycopg.AsyncConnection[Any], in_flight: InFlight) -> None:
        """Remember the last position before the first that is not done."""
        async with self._writing:
            position = in_flight.position
            if position > in_flight.noted:
                await connection.execute(_DONE, (position, self._group, position))
                in_flight.noted = position
                self.failures = 0

    async def _call(self, connection: psycopg.AsyncConnection[Any], in_flight: InFlight, event: Event) -> bool:
        """Whether it was handled; not when all is over, which the lost connection with its lock is as well."""
        async with self._limit:
            if self._stop.is_set() or in_flight.ended.is_set() or connection.closed:
                return False
            await self._handler(event)
            return True

    async def _handle(self, connection: psycopg.AsyncConnection[Any], in_flight: InFlight, event: Event) -> bool:
        """Until it is done or dead; False when all is over first."""
        failures = waits = 0
        while True:
            try:
                return await self._call(connection, in_flight, event)
            except (Later, Unavailable) as error:
                waits += 1
                reason, attempt = str(error), waits
            except Reject as error:
                await self._dead_letter(connection, event, f"{error}", failures + 1)
                return True
            except Exception as error:  # any error of a handler means "not done"
                failures += 1
                reason, attempt = f"{type(error).__name__}: {error}", failures
                if failures >= self._settings.event_max_attempts:
                    await self._dead_letter(connection, event, reason, failures)
                    return True
            seconds = min(MAX_PAUSE_SECONDS, self._settings.event_retry_seconds * 2 ** min(attempt - 1, 20))
            seconds *= random.uniform(0.5, 1.5)  # noqa: S311 - jitter, no secret
            _log.warning(
                "events.handler_failed",
                group=self._group,
                event_id=str(event.id),
                type=event.type,
                attempt=attempt,
                error=reason[:500],
                seconds=round(seconds, 2),
            )
            await _pause(in_flight.ended, seconds)

    async def _handle_again(
        self, connection: psycopg.AsyncConnection[Any], in_flight: InFlight, event: Event, dead_letter_id: int
    ) -> bool:
        """Once, a dead letter; False when all is over first."""
        try:
            if not await self._call(connection, in_flight, event):
                return False
        except Exception as error:  # any error of a handler means "not done"
            await self._dead_letter(connection, event, f"{type(error).__name__}: {error}", 1)
        else:
            await connection.execute(_FORGET, (dead_letter_id,))
        return True

    async def _dead_letter(
        self, connection: psycopg.AsyncConnection[Any], event: Event, reason: str, attempts: int
    ) -> None:
        envelope = orjson.dumps(event.envelope()).decode()
        async with self._writing:
            values = (self._group, event.id, envelope, reason.replace("\0", "")[:2000], attempts)
            await connection.execute(_DEAD, values)
        _log.error("events.dead_letter", group=self._group, event_id=str(event.id), type=event.type, error=reason[:500])

    async def _replay(self, connection: psycopg.AsyncConnection[Any], in_flight: InFlight) -> None:
        """Dead letters that are to be tried again: out of their old order, as `catalog events dead` says."""
        values = (self._group, list(in_flight.dead_letter_ids), BATCH_SIZE - len(in_flight.dead_letter_ids))
        for dead_letter_id, envelope in await (await connection.execute(_REPLAY, values)).fetchall():
            self._begin(connection, in_flight, Event.read(envelope), dead_letter_id)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), max(seconds, 0.001))
