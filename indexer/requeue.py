"""Gives quarantined products another try when an index becomes live: it may take what the one before refused."""

from typing import Any
from uuid import UUID

import psycopg
import structlog

from catalog.models.sync import requeue_sql

log = structlog.get_logger()

CHUNK_SIZE = 5000
FIRST_ID = UUID(int=0)
REQUEUE = requeue_sql("product_id > %(after)s", limit="%(limit)s")


def requeue_quarantined(connection: psycopg.Connection[Any]) -> int:
    """How many have left quarantine; what is refused again comes back to it. Each chunk commits by itself."""
    after, count = FIRST_ID, 0
    while rows := connection.execute(REQUEUE, {"after": after, "limit": CHUNK_SIZE}).fetchall():
        after = max(row[0] for row in rows)
        count += len(rows)
    if count:
        log.info("quarantine.released", count=count)
    return count
