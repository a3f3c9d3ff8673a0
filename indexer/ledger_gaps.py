"""Compares the ledger with the products themselves: everything else is proven against the ledger alone.

Where triggers did not fire (`pg_restore --disable-triggers`, a logical replica), a product has no row in the ledger, or
one that says that it is deleted, or the row of a product that is gone says that it lives.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import structlog

from catalog.models.sync import SyncPriority
from indexer import counters
from indexer.ledger import LOCK_TIMEOUT_MILLISECONDS, lock_free

log = structlog.get_logger()

# Gaps that are read at once, and those that are closed in one transaction.
PAGE_SIZE = 10_000
CHUNK_SIZE = 1000
# How many ids are in a line of the log.
MAX_LOGGED_IDS = 20

# One statement, one snapshot: a product and its row in the ledger are written by the same transaction.
GAPS = """
(SELECT products.id, true FROM products LEFT JOIN product_sync ON product_id = products.id
 WHERE product_id IS NULL OR deleted LIMIT %(limit)s)
UNION ALL
(SELECT product_id, false FROM product_sync
 WHERE NOT deleted AND NOT EXISTS (SELECT FROM products WHERE products.id = product_id) LIMIT %(limit)s)
"""
# A writer that wants to delete one of them waits for us, and the deletion comes after.
LOCK_EXISTING = "SELECT id FROM products WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE SKIP LOCKED"
DELETED = "SELECT unnest(%s::uuid[]) EXCEPT SELECT id FROM products WHERE id = ANY (%s)"
BUMP = "SELECT ledger_bump(%s, %s)"


class Gap(NamedTuple):
    """A product of which the ledger says the opposite."""

    product_id: UUID
    #: Whether the product exists.
    exists: bool


def ledger_gaps(connection: psycopg.Connection[Any], limit: int = PAGE_SIZE) -> list[Gap]:
    """Up to `limit` of each kind, in the order of their ids."""
    return sorted(Gap(*row) for row in connection.execute(GAPS, {"limit": limit}))


def close_gaps(connection: psycopg.Connection[Any], gaps: Sequence[Gap]) -> int:
    """Write the ledger rows that the triggers did not, and count them; how many. Call it inside a transaction.

    Raises psycopg.errors.LockNotAvailable when a writer holds one of them.
    """
    connection.execute("SELECT set_config('lock_timeout', %s, true)", (str(LOCK_TIMEOUT_MILLISECONDS),))
    connection.execute("SELECT set_config('catalog.sync_priority', %s, true)", (str(int(SyncPriority.REPAIR)),))
    existing = [row[0] for row in connection.execute(LOCK_EXISTING, ([gap.product_id for gap in gaps if gap.exists],))]
    free = lock_free(connection, [gap.product_id for gap in gaps if not gap.exists])
    gone = sorted(row[0] for row in connection.execute(DELETED, (free, free)))
    for ids, deleted in ((existing, False), (gone, True)):
        if ids:
            connection.execute(BUMP, (ids, deleted))
    closed = [*existing, *gone]
    if closed:
        counters.add(connection, counters.REPAIRS, len(closed))
        ids = [str(product_id) for product_id in closed[:MAX_LOGGED_IDS]]
        log.error("reconcile.unrecorded", there=len(existing), gone=len(gone), ids=ids)
    return len(closed)
