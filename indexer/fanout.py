"""Spreads the change of a category or a brand over its products, in chunks and behind single changes.

A writer may keep a product locked for as long as it likes, and no process waits for it: the product becomes a fan-out
of its own that is tried again every second, and the others of the category go on. It can't be left to that writer's own
bump, because a transaction that is rolled back bumps nothing.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors

from catalog.models.sync import SyncPriority
from indexer.ledger import bump, lock_free

# Products that are bumped in one transaction.
CHUNK_SIZE = 1000
FIRST_ID = UUID(int=0)
# Until a product that was locked is tried again.
RETRY_SECONDS = 1.0
# One process spreads at a time, so that with two of them one is always free for live changes: "fano" as a number.
LOCK = 0x66616E6F

LOCK_SPREAD = "SELECT pg_try_advisory_xact_lock(%s)"
DUE = "(next_attempt_at IS NULL OR next_attempt_at <= clock_timestamp())"
NEXT = f"""
SELECT id, kind, entity_id, "cursor" FROM fanout WHERE kind <> 'product' AND {DUE} ORDER BY id LIMIT 1
FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - DUE is the constant above
AFFECTED = {
    "category": "SELECT id FROM products WHERE category_id = %s AND id > %s ORDER BY id LIMIT %s",
    "brand": "SELECT id FROM products WHERE brand_id = %s AND id > %s ORDER BY id LIMIT %s",
}

PUT_OFF_DUE = f"""
SELECT id, entity_id FROM fanout WHERE kind = 'product' AND {DUE} ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""  # noqa: S608
PUT_OFF = """
INSERT INTO fanout (kind, entity_id, next_attempt_at)
SELECT 'product', unnest(%s::uuid[]), clock_timestamp() + make_interval(secs => %s)
"""


def spread_chunk(connection: psycopg.Connection[Any]) -> bool:
    """Bump the next chunk of products in a transaction of its own; False when there is nothing to do now.

    No writer is waited for, but for a moment: what is locked then is put off.
    """
    try:
        with connection.transaction():
            return _spread(connection, patient=True)
    except errors.LockNotAvailable:
        pass
    try:
        with connection.transaction():
            return _spread(connection, patient=False)
    except errors.LockNotAvailable:
        # A writer is inserting the very product: there is no row to be skipped yet.
        return False


def _spread(connection: psycopg.Connection[Any], *, patient: bool) -> bool:
    if connection.execute(LOCK_SPREAD, (LOCK,)).fetchone() != (True,):
        return False
    row = connection.execute(NEXT).fetchone()
    if row is None:
        return _spread_put_off(connection)
    fanout_id, kind, entity_id, cursor = row
    rows = connection.execute(AFFECTED[kind], (entity_id, cursor or FIRST_ID, CHUNK_SIZE)).fetchall()
    ids = [product_id for (product_id,) in rows]
    if ids:
        _bump(connection, ids, patient=patient)
    if len(ids) < CHUNK_SIZE:
        connection.execute("DELETE FROM fanout WHERE id = %s", (fanout_id,))
    else:
        connection.execute('UPDATE fanout SET "cursor" = %s WHERE id = %s', (ids[-1], fanout_id))
    return True


def _bump(connection: psycopg.Connection[Any], ids: Sequence[UUID], *, patient: bool) -> None:
    if patient:
        bump(connection, ids, SyncPriority.FANOUT)
        return
    free = lock_free(connection, ids)
    bump(connection, free, SyncPriority.FANOUT)
    if locked := sorted(set(ids) - set(free)):
        connection.execute(PUT_OFF, (locked, RETRY_SECONDS))


def _spread_put_off(connection: psycopg.Connection[Any]) -> bool:
    """Products that were locked: those that still are wait another while. False when none was due."""
    rows = connection.execute(PUT_OFF_DUE, (CHUNK_SIZE,)).fetchall()
    if not rows:
        return False
    free = lock_free(connection, [product_id for _, product_id in rows])
    bump(connection, free, SyncPriority.FANOUT)
    done = [fanout_id for fanout_id, product_id in rows if product_id in set(free)]
    connection.execute("DELETE FROM fanout WHERE id = ANY (%s)", (done,))
    connection.execute(
        "UPDATE fanout SET next_attempt_at = clock_timestamp() + make_interval(secs => %s) WHERE id = ANY (%s)",
        (RETRY_SECONDS, [fanout_id for fanout_id, _ in rows]),
    )
    return True
