"""Compares the ledger with the products themselves: everything else is proven against the ledger alone.

Where triggers did not fire (`pg_restore --disable-triggers`, a logical replica), a product has no row in the ledger, or
one that says that it is deleted, or the row of a product that is gone says that it lives.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import structlog

from indexer import counters
from indexer.ledger import LOCK_MILLISECONDS, lock_free

log = structlog.get_logger()

# Gaps that are looked for at once, and those that are closed in one transaction.
PAGE = 10_000
CHUNK = 1000
PRIORITY = 7
NAMED = 20

# One statement, one snapshot: a product and its row in the ledger are written by the same transaction.
GAPS = """
(SELECT products.id, true FROM products LEFT JOIN product_sync ON product_id = products.id
 WHERE product_id IS NULL OR deleted LIMIT %(limit)s)
UNION ALL
(SELECT product_id, false FROM product_sync
 WHERE NOT deleted AND NOT EXISTS (SELECT FROM products WHERE products.id = product_id) LIMIT %(limit)s)
"""
# Whoever wants to delete one of them waits for us, and his deletion comes after.
THERE = "SELECT id FROM products WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE SKIP LOCKED"
GONE = "SELECT unnest(%s::uuid[]) EXCEPT SELECT id FROM products WHERE id = ANY (%s)"
BUMP = "SELECT ledger_bump(%s, %s)"


class Gap(NamedTuple):
    """A product of which the ledger says the opposite; `there`: it exists."""

    product_id: UUID
    there: bool


def gaps(connection: psycopg.Connection[Any], limit: int = PAGE) -> list[Gap]:
    """Up to `limit` of each kind."""
    return sorted(Gap(*row) for row in connection.execute(GAPS, {"limit": limit}))


def close_gaps(connection: psycopg.Connection[Any], found: Sequence[Gap]) -> int:
    """Write the ledger rows that the triggers did not, and count them; how many. Call it inside a transaction.

    Raises psycopg.errors.LockNotAvailable when a writer holds one of them.
    """
    connection.execute("SELECT set_config('lock_timeout', %s, true)", (str(LOCK_MILLISECONDS),))
    connection.execute("SELECT set_config('catalog.sync_priority', %s, true)", (str(PRIORITY),))
    there = [row[0] for row in connection.execute(THERE, ([gap.product_id for gap in found if gap.there],))]
    held = lock_free(connection, [gap.product_id for gap in found if not gap.there])
    gone = sorted(row[0] for row in connection.execute(GONE, (held, held)))
    for ids, deleted in ((there, False), (gone, True)):
        if ids:
            connection.execute(BUMP, (ids, deleted))
    closed = [*there, *gone]
    if closed:
        counters.add(connection, counters.REPAIRS, len(closed))
        named = [str(product_id) for product_id in closed[:NAMED]]
        log.error("reconcile.unrecorded", there=len(there), gone=len(gone), ids=named)
    return len(closed)
