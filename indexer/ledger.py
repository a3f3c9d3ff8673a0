"""The sync ledger as the indexer uses it: claim, settle, count an attempt, release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

# A row is free when no lease is running and it is not waiting for its next attempt ('infinity' is quarantine, which the
# index of pending rows leaves out: it is named here, so that the planner knows).
CLAIMABLE = """
    version > synced_version AND next_attempt_at IS DISTINCT FROM 'infinity'
    AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
    AND (next_attempt_at IS NULL OR next_attempt_at <= clock_timestamp())
"""

# The statement's time, not the clock's: the lease of one claim must be one and the same in all its rows.
# Rows are found by their place (ctid). Joined by key, the planner read the whole ledger for each batch: at 40,000 rows
# thrice the work. One that has moved between being found and being locked is left for the next claim.
CLAIM = f"""
UPDATE product_sync SET claimed_until = statement_timestamp() + make_interval(secs => %(lease)s)
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM product_sync WHERE {CLAIMABLE}
    ORDER BY priority, changed_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING product_id, claimed_until
"""  # noqa: S608 - CLAIMABLE is the constant above

# A row that a writer has locked, or has moved, is skipped: that writer has bumped it, so it comes back by itself.
# A newer version keeps its attempts, and a lease that is not ours. With the version that was sent nothing is left to
# do: a worker that holds a lease on that, as ours had run out, may be skipped here in turn, and a change would wait.
SETTLE = """
WITH locked AS (SELECT product_id, ctid FROM product_sync WHERE product_id = ANY (%(ids)b)
                ORDER BY product_id FOR UPDATE SKIP LOCKED)
UPDATE product_sync AS ledger SET
    synced_version = greatest(ledger.synced_version, written.version),
    synced_at = clock_timestamp(),
    claimed_until = CASE WHEN ledger.claimed_until = %(lease)s OR ledger.version = written.version THEN NULL
                         ELSE ledger.claimed_until END,
    attempts = CASE WHEN ledger.version = written.version THEN 0 ELSE ledger.attempts END,
    next_attempt_at = CASE WHEN ledger.version = written.version THEN NULL ELSE ledger.next_attempt_at END,
    error = NULL
FROM unnest(%(ids)b::uuid[], %(versions)b::bigint[]) AS written (product_id, version) JOIN locked USING (product_id)
WHERE ledger.ctid = locked.ctid
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
       EXISTS (SELECT FROM fanout WHERE next_attempt_at IS NULL OR next_attempt_at <= clock_timestamp()),
       EXISTS (SELECT FROM jobs WHERE kind = 'reindex' AND state IN ('queued', 'running'))
"""  # noqa: S608 - CLAIMABLE is the constant above

LOCK_FREE = "SELECT product_id FROM product_sync WHERE product_id = ANY (%s) ORDER BY product_id FOR UPDATE SKIP LOCKED"

# To be written again is not the change that puts a dropped product back.
KEEP_DROPPED = """
UPDATE product_sync SET dropped_version = version WHERE product_id = ANY (%s) AND dropped_version = version - 1
"""

# Of background work that bumps products, for a row that a writer has locked.
LOCK_TIMEOUT_MILLISECONDS = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """Products that this worker alone works on."""

    ids: list[UUID]
    #: When the lease runs out: from then on any other worker may claim them. It tells one claim from another.
    lease: datetime


def claim(connection: psycopg.Connection[Any], limit: int, lease_seconds: float) -> Claim | None:
    """Up to `limit` pending products, most urgent first; None when nothing is to be done. Commits by itself."""
    rows = connection.execute(CLAIM, {"lease": lease_seconds, "limit": limit}, binary=True).fetchall()
    return Claim([row[0] for row in rows], rows[0][1]) if rows else None


def settle(connection: psycopg.Connection[Any], claim: Claim, versions: Mapping[UUID, int]) -> None:
    """Record the versions that every target acknowledged."""
    if versions:
        parameters = {"ids": list(versions), "versions": list(versions.values()), "lease": claim.lease}
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


def release(connection: psycopg.Connection[Any], claim: Claim, ids: Sequence[UUID], seconds: float = 0) -> None:
    """Give claimed rows back, to be claimed again at once or in so many seconds."""
    if ids:
        connection.execute(RELEASE, {"ids": list(ids), "lease": claim.lease, "seconds": float(seconds)})


def bump(connection: psycopg.Connection[Any], ids: Sequence[UUID], priority: int) -> None:
    """Give products a new version, for live sync to write at this priority. Call it inside a transaction.

    Raises psycopg.errors.LockNotAvailable when a writer holds one of them for longer than background work may wait: a
    process that waits for it writes no other product meanwhile, and keeps the rows before it from their writers.
    """
    connection.execute("SELECT set_config('lock_timeout', %s, true)", (str(LOCK_TIMEOUT_MILLISECONDS),))
    connection.execute("SELECT set_config('catalog.sync_priority', %s, true)", (str(int(priority)),))
    connection.execute("SELECT ledger_bump(%s)", (list(ids),))


def lock_free(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> list[UUID]:
    """Lock the ledger rows that no other transaction holds, until the transaction ends; their products, in order."""
    return [row[0] for row in connection.execute(LOCK_FREE, (list(ids),))]


def renew(connection: psycopg.Connection[Any], ids: Sequence[UUID], priority: int) -> list[UUID]:
    """Have products written again that have not changed; those it was done to. Call it inside a transaction.

    One that a writer has locked is left out: the writer bumps it or, when it is rolled back, the next comparison finds
    it again.
    """
    free = lock_free(connection, ids)
    bump(connection, free, priority)
    connection.execute(KEEP_DROPPED, (free,))
    return free


def waiting(connection: psycopg.Connection[Any], at_most: int) -> tuple[int, bool, bool]:
    """How many rows could be claimed now, counted up to `at_most`; whether a fan-out waits; whether a rebuild does."""
    row = connection.execute(WAITING, (at_most,)).fetchone()
    return row or (0, False, False)


def versions(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> dict[UUID, int]:
    """The ledger's versions now."""
    rows = connection.execute("SELECT product_id, version FROM product_sync WHERE product_id = ANY (%s)", (list(ids),))
    return {row[0]: row[1] for row in rows}
