"""Forgets what was delivered: published events and finished deliveries that are old enough."""

import time
from typing import Any

import psycopg

from catalog.settings import Settings

BATCH_SIZE = 2000

# Nothing that a subscriber of ours has not read yet. The trigger lets pass what says that it is the retention job.
_EVENTS = """
    WITH old AS (
        SELECT sequence FROM domain_events
        WHERE position <= least((SELECT published FROM event_relay), (SELECT min(position) FROM event_consumers))
          AND occurred_at < clock_timestamp() - make_interval(secs => %(seconds)s)
        ORDER BY position LIMIT %(limit)s
    )
    DELETE FROM domain_events USING old WHERE domain_events.sequence = old.sequence
"""
_DELIVERIES = """
    WITH old AS (
        SELECT id FROM webhook_deliveries
        WHERE state <> 'pending' AND finished_at < clock_timestamp() - make_interval(secs => %(seconds)s)
        LIMIT %(limit)s
    )
    DELETE FROM webhook_deliveries USING old WHERE webhook_deliveries.id = old.id
"""


def forget(connection: psycopg.Connection[Any], settings: Settings, seconds: float) -> int:
    """In small transactions, for at most so many seconds; how many rows went."""
    deadline = time.monotonic() + seconds
    values = {"seconds": settings.event_retention_days * 86_400, "limit": BATCH_SIZE}
    gone = 0
    for statement in (_EVENTS, _DELIVERIES):
        while time.monotonic() < deadline:
            with connection.transaction():
                connection.execute("SET LOCAL catalog.event_retention = 'on'")
                deleted = connection.execute(statement.encode(), values).rowcount
            gone += deleted
            if deleted < BATCH_SIZE:
                break
    return gone
