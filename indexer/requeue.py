"""Gives quarantined products another try when an index becomes live: it may take what the one before refused."""

from typing import Any
from uuid import UUID

import psycopg
import structlog

log = structlog.get_logger()

CHUNK = 5000
FIRST = UUID(int=0)
# As if they had been changed now, behind single changes. A row that a writer has locked is released by that writer.
RELEASE = """
UPDATE product_sync AS ledger SET
    attempts = 0, error = NULL, next_attempt_at = NULL, claimed_until = NULL,
    changed_at = clock_timestamp(), priority = 5
FROM (SELECT product_id FROM product_sync
      WHERE product_id > %s AND version > synced_version AND next_attempt_at = 'infinity'
      ORDER BY product_id LIMIT %s FOR UPDATE SKIP LOCKED) AS held
WHERE ledger.product_id = held.product_id
RETURNING ledger.product_id
"""


def release_quarantined(connection: psycopg.Connection[Any]) -> int:
    """How many have left quarantine; what is refused again comes back to it. Each chunk commits by itself."""
    after, count = FIRST, 0
    while rows := connection.execute(RELEASE, (after, CHUNK)).fetchall():
        after = max(row[0] for row in rows)
        count += len(rows)
    if count:
        log.info("quarantine.released", count=count)
    return count
