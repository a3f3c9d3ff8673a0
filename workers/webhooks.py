"""Delivers events to webhooks: claims deliveries, posts them signed, and notes what came of each.

A delivery waits for the earlier ones of the same product to the same webhook, so that they come in order; one that is
dead lets the next pass. A webhook that fails is tried with its oldest delivery alone, with growing pauses: it can't
keep the others waiting. (docs/events.md)
"""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import psycopg
import structlog
from psycopg.rows import class_row

from catalog.database import Database
from catalog.failpoints import failpoint
from catalog.services import webhooks
from catalog.services.events import Event
from catalog.settings import Settings
from workers.addresses import PrivateAddress, connector

MAX_CONCURRENT_DELIVERIES = 16
POLL_INTERVAL_SECONDS = 0.1
MAX_PAUSE_SECONDS = 3600.0
MAX_WAIT_SECONDS = 5.0
# Of an answer's body, for the list of deliveries; the rest is not read.
MAX_ANSWER_BYTES = 500
# After an answer's headers, in bytes and as text.
_MAX_HEADER_BYTES = 8190

_CLAIM = """
    WITH due AS (
        SELECT delivery.id FROM webhook_deliveries AS delivery JOIN webhooks ON webhooks.id = delivery.webhook_id
        WHERE delivery.state = 'pending' AND delivery.next_attempt_at <= clock_timestamp() AND webhooks.active
          AND NOT EXISTS (
              SELECT FROM webhook_deliveries AS earlier
              WHERE earlier.state = 'pending' AND earlier.webhook_id = delivery.webhook_id
                AND earlier.aggregate_id = delivery.aggregate_id AND earlier.id < delivery.id)
          AND (webhooks.failing_since IS NULL OR delivery.type = 'Ping' OR NOT EXISTS (
              SELECT FROM webhook_deliveries AS earlier
              WHERE earlier.state = 'pending' AND earlier.webhook_id = delivery.webhook_id
                AND earlier.id < delivery.id))
        ORDER BY delivery.next_attempt_at LIMIT %(limit)s FOR UPDATE OF delivery SKIP LOCKED
    )
    UPDATE webhook_deliveries AS delivery
    SET attempts = delivery.attempts + 1,
        next_attempt_at = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM due, webhooks WHERE delivery.id = due.id AND webhooks.id = delivery.webhook_id
    RETURNING delivery.id, delivery.webhook_id, delivery.event_id, delivery.type, delivery.body, delivery.attempts,
              webhooks.url, webhooks.salt,
              CASE WHEN webhooks.old_until > now() THEN webhooks.old_salt END AS old_salt
"""
_DELIVERED = """
    WITH done AS (
        UPDATE webhook_deliveries
        SET state = 'delivered', status = %(status)s, error = NULL, finished_at = clock_timestamp()
        WHERE id = %(id)s
    )
    UPDATE webhooks SET failing_since = NULL WHERE id = %(webhook_id)s AND failing_since IS NOT NULL
"""
_FAILED = """
    WITH done AS (
        UPDATE webhook_deliveries
        SET status = %(status)s, error = %(error)s,
            state = CASE WHEN %(dead)s THEN 'dead' ELSE 'pending' END,
            finished_at = CASE WHEN %(dead)s THEN clock_timestamp() END,
            next_attempt_at = clock_timestamp() + make_interval(secs => %(pause)s)
        WHERE id = %(id)s
    ), counted AS (
        INSERT INTO counters AS counter (name, value) VALUES ('webhooks.failures', 1)
        ON CONFLICT (name) DO UPDATE SET value = counter.value + 1
    )
    UPDATE webhooks SET failing_since = coalesce(failing_since, clock_timestamp()) WHERE id = %(webhook_id)s
    RETURNING active AND failing_since < clock_timestamp() - make_interval(secs => %(too_long)s)
"""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this process alone tries now, with its webhook's address and keys."""

    id: int
    webhook_id: UUID
    event_id: UUID
    type: str
    #: The event's envelope, as JSON.
    body: str
    #: This one included.
    attempts: int
    url: str
    #: Of the key that signs, and of the one before while both are valid.
    salt: bytes
    old_salt: bytes | None


class Fanout:
    """The subscriber: an event becomes a delivery for each webhook that wants it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, event: Event) -> None:
        await self._database.run(webhooks.add_deliveries, event)


class Sender:
    """One loop; several in several processes share the work. `stop` may be set from a signal handler."""

    def __init__(self, settings: Settings, database: Database, stop: asyncio.Event) -> None:
        self.settings = settings
        self.stop = stop
        self._database = database
        self._session: aiohttp.ClientSession | None = None
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Until `stop` is set; what is on its way then is finished first. Postgres is waited for."""
        failures = 0
        while not self.stop.is_set():
            try:
                wait = 0.0 if await self.tick() else POLL_INTERVAL_SECONDS
                failures = 0
            except psycopg.Error as error:
                failures += 1
                wait = min(MAX_WAIT_SECONDS, 0.1 * 2 ** min(failures, 10))
                _log.warning("webhooks.waiting", error=f"{type(error).__name__}: {error}", seconds=wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), max(wait, 0.001))
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._connection is not None:
            await self._connection.close()

    async def tick(self) -> int:
        """Send what is due, at most MAX_CONCURRENT_DELIVERIES; how many were tried. Raises psycopg.Error."""
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self.settings.database_url, autocommit=True, connect_timeout=5, application_name="catalog-webhooks"
            )
        values = {"limit": MAX_CONCURRENT_DELIVERIES, "lease": self.settings.webhook_timeout_seconds * 2 + 30}
        async with self._connection.cursor(row_factory=class_row(ClaimedDelivery)) as cursor:
            claimed = await (await cursor.execute(_CLAIM, values)).fetchall()
        await asyncio.gather(*[self._deliver(self._connection, each) for each in claimed])
        return len(claimed)

    async def _deliver(self, connection: psycopg.AsyncConnection[Any], claimed: ClaimedDelivery) -> None:
        status, error = await self._post(claimed)
        failpoint(self.settings, "webhooks.sent")
        values: dict[str, Any] = {"id": claimed.id, "webhook_id": claimed.webhook_id, "status": status}
        if error is None:
            async with self._writing:
                await connection.execute(_DELIVERED, values)
            return
        pause = min(MAX_PAUSE_SECONDS, self.settings.webhook_retry_seconds * 2 ** min(claimed.attempts - 1, 20))
        values |= {
            "error": error.replace("\0", "")[:MAX_ANSWER_BYTES],
            "dead": claimed.attempts >= self.settings.webhook_max_attempts,
            "pause": pause * random.uniform(0.75, 1.25),  # noqa: S311 - jitter, no secret
            "too_long": self.settings.webhook_disable_hours * 3600,
        }
        async with self._writing:
            row = await (await connection.execute(_FAILED, values)).fetchone()
        _log.warning(
            "webhooks.failed",
            webhook_id=str(claimed.webhook_id),
            event_id=str(claimed.event_id),
            attempt=claimed.attempts,
            status=status,
            dead=values["dead"],
            error=values["error"],
        )
        if row is not None and row[0]:
            await self._database.run(webhooks.turn_off, claimed.webhook_id)
            _log.error("webhooks.disabled", webhook_id=str(claimed.webhook_id))

    async def _post(self, claimed: ClaimedDelivery) -> tuple[int | None, str | None]:
        """The answer's status, and what went wrong: None for a 2xx."""
        try:
            if urlsplit(claimed.url).scheme != "https" and not self.settings.webhook_allow_http:
                return None, "the address does not begin with https://"
            body = claimed.body.encode()
            async with self._client().post(
                claimed.url, data=body, headers=self._headers(claimed, body), allow_redirects=False
            ) as answer:
                if 200 <= answer.status < 300:
                    return answer.status, None
                body = await answer.content.read(MAX_ANSWER_BYTES)
                return answer.status, f"HTTP {answer.status}: {body.decode(errors='replace')}".strip()
        except PrivateAddress as error:
            return None, str(error)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return None, f"{type(error).__name__}: {error}"

    def _headers(self, claimed: ClaimedDelivery, body: bytes) -> dict[str, str]:
        salts = [claimed.salt] + ([claimed.old_salt] if claimed.old_salt else [])
        secrets = [webhooks.secret(self.settings, claimed.webhook_id, salt) for salt in salts]
        return {
            "Content-Type": "application/json",
            "User-Agent": "catalog-webhooks/1",
            "Catalog-Event-Id": str(claimed.event_id),
            "Catalog-Event-Type": claimed.type,
            "Catalog-Attempt": str(claimed.attempts),
            "Catalog-Signature": webhooks.signature(secrets, int(time.time()), body),
        }

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=connector(MAX_CONCURRENT_DELIVERIES, private=self.settings.webhook_allow_private),
                timeout=aiohttp.ClientTimeout(total=self.settings.webhook_timeout_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                # A small answer may stand for a large one.
                auto_decompress=False,
                trust_env=False,
                max_field_size=_MAX_HEADER_BYTES,
            )
        return self._session
