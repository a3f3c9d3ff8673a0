"""The sync ledger as the indexer uses it: claim, settle, count an attempt, release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

# A row is free when no lease is running and it is not waiting for its next attempt ('infinity' is quarantine).
CLAIMABLE = """
    version > synced_version
    AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
    AND (next_attempt_at IS NULL OR next_attempt_at <= clock_timestamp())
"""

# The statement's time, not the clock's: the lease of one claim must be one and the same in all its rows.
CLAIM = f"""
UPDATE product_sync SET claimed_until = statement_timestamp() + make_interval(secs => %(lease)s)
WHERE product_id IN (
    SELECT product_id FROM product_sync WHERE {CLAIMABLE}
    ORDER BY priority, changed_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
RETURNING product_id, claimed_until
"""  # noqa: S608 - CLAIMABLE is the constant above

# A row that a writer has locked is skipped: that writer is bumping it, so it comes back by itself. Our lease is ended
# only where it is still ours, and a newer version's attempts are not touched.
SETTLE = """
WITH sent AS (SELECT * FROM unnest(%(ids)s::uuid[], %(versions)s::bigint[]) AS sent (product_id, version)),
     held AS (SELECT product_id FROM product_sync WHERE product_id = ANY (%(ids)s)
              ORDER BY product_id FOR UPDATE SKIP LOCKED)
UPDATE product_sync AS ledger SET
    synced_version = greatest(ledger.synced_version, sent.version),
    synced_at = clock_timestamp(),
    claimed_until = CASE WHEN ledger.claimed_until = %(lease)s THEN NULL ELSE ledger.claimed_until END,
    attempts = CASE WHEN ledger.version = sent.version THEN 0 ELSE ledger.attempts END,
    next_attempt_at = CASE WHEN ledger.version = sent.version THEN NULL ELSE ledger.next_attempt_at END,
    error = NULL
FROM sent JOIN held USING (product_id)
WHERE ledger.product_id = sent.product_id
"""

# Only the version that was refused counts: a newer one deserves attempts of its own. A row that a writer has locked is
# about to get one.
COUNT_ATTEMPT = """
UPDATE product_sync SET
    attempts = attempts + 1,
    error = %(error)s,
    claimed_until = NULL,
    next_attempt_at = CASE WHEN attempts + 1 >= %(max_attempts)s THEN 'infinity'
                           ELSE clock_timestamp() + make_interval(secs => power(2, attempts)) END
WHERE product_id IN (SELECT product_id FROM product_sync
                     WHERE product_id = %(product_id)s AND version = %(version)s FOR UPDATE SKIP LOCKED)
RETURNING attempts
"""

POSTPONE = """
UPDATE product_sync SET error = %(error)s, claimed_until = NULL,
    next_attempt_at = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE product_id IN (SELECT product_id FROM product_sync
                     WHERE product_id = %(product_id)s AND version = %(version)s FOR UPDATE SKIP LOCKED)
"""

RELEASE = """
UPDATE product_sync SET claimed_until = NULL,
    next_attempt_at = CASE WHEN %(seconds)s > 0 THEN clock_timestamp() + make_interval(secs => %(seconds)s)
                           ELSE next_attempt_at END
WHERE product_id IN (SELECT product_id FROM product_sync WHERE product_id = ANY (%(ids)s) AND claimed_until = %(lease)s
                     ORDER BY product_id FOR UPDATE SKIP LOCKED)
"""

# One round trip for the pump, which asks many times a second.
WAITING = f"""
SELECT (SELECT count(*) FROM (SELECT FROM product_sync WHERE {CLAIMABLE} LIMIT %s) AS ready),
       EXISTS (SELECT FROM fanout),
       EXISTS (SELECT FROM jobs WHERE kind = 'reindex' AND state IN ('queued', 'running'))
"""  # noqa: S608 - CLAIMABLE is the constant above


# To be written again is not the change that puts a dropped product back.
KEEP_DROPPED = """
UPDATE product_sync SET dropped_version = version WHERE product_id = ANY (%s) AND dropped_version = version - 1
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """Products that this worker alone works on until `lease` runs out."""

    ids: list[UUID]
    lease: datetime


def claim(connection: psycopg.Connection[Any], limit: int, lease_seconds: float) -> Claim | None:
    """Up to `limit` pending products, most urgent first; None when nothing is to be done. Commits by itself."""
    with connection.transaction():
        rows = connection.execute(CLAIM, {"lease": lease_seconds, "limit": limit}).fetchall()
    return Claim([row[0] for row in rows], rows[0][1]) if rows else None


def settle(connection: psycopg.Connection[Any], held: Claim, sent: Mapping[UUID, int]) -> None:
    """Record the versions that every target acknowledged."""
    if sent:
        parameters = {"ids": list(sent), "versions": list(sent.values()), "lease": held.lease}
        connection.execute(SETTLE, parameters)


def count_attempt(
    connection: psycopg.Connection[Any], product_id: UUID, version: int, error: str, max_attempts: int
) -> bool:
    """Record that the document itself was refused; True when that was one time too many and it is quarantined."""
    parameters = {"product_id": product_id, "version": version, "error": error, "max_attempts": max_attempts}
    row = connection.execute(COUNT_ATTEMPT, parameters).fetchone()
    return row is not None and row[0] >= max_attempts


def postpone(connection: psycopg.Connection[Any], product_id: UUID, version: int, error: str, seconds: float) -> None:
    """Try again later without counting an attempt."""
    parameters = {"product_id": product_id, "version": version, "error": error, "seconds": seconds}
    connection.execute(POSTPONE, parameters)


def release(connection: psycopg.Connection[Any], held: Claim, ids: Sequence[UUID], seconds: float = 0) -> None:
    """Give claimed rows back, to be claimed again at once or in so many seconds."""
    if ids:
        connection.execute(RELEASE, {"ids": list(ids), "lease": held.lease, "seconds": float(seconds)})


def bump(connection: psycopg.Connection[Any], ids: Sequence[UUID], priority: int) -> None:
    """Give products a new version, for live sync to write at this priority. Call it inside a transaction."""
    connection.execute("SELECT set_config('catalog.sync_priority', %s, true)", (str(priority),))
    connection.execute("SELECT ledger_bump(%s)", (list(ids),))


def renew(connection: psycopg.Connection[Any], ids: Sequence[UUID], priority: int) -> None:
    """Have products written again that have not changed. Call it inside a transaction."""
    bump(connection, ids, priority)
    connection.execute(KEEP_DROPPED, (list(ids),))


def waiting(connection: psycopg.Connection[Any], at_most: int) -> tuple[int, bool, bool]:
    """How many rows could be claimed now, counted up to `at_most`; whether a fan-out waits; whether a rebuild does."""
    row = connection.execute(WAITING, (at_most,)).fetchone()
    return row or (0, False, False)


def versions(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> dict[UUID, int]:
    """The ledger's versions now."""
    rows = connection.execute("SELECT product_id, version FROM product_sync WHERE product_id = ANY (%s)", (list(ids),))
    return {row[0]: row[1] for row in rows}
