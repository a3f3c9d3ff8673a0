"""What live sync has not written yet."""

import time
from typing import Any

import psycopg

from bench.errors import BenchError
from bench.progress import Progress

# Without any product settled for so long, no worker runs.
STUCK_SECONDS = 60.0
POLL_INTERVAL_SECONDS = 0.05

PENDING = """
SELECT (SELECT count(*) FROM product_sync
        WHERE version > synced_version AND next_attempt_at IS DISTINCT FROM 'infinity'), (SELECT count(*) FROM fanout)
"""
WAITING = """
SELECT EXISTS (SELECT FROM product_sync
               WHERE version > synced_version AND next_attempt_at IS DISTINCT FROM 'infinity')
"""


def pending(connection: psycopg.Connection[Any]) -> int:
    """Products and fan-outs that are waiting."""
    row = connection.execute(PENDING).fetchone()
    return row[0] + row[1] if row else 0


def waiting(connection: psycopg.Connection[Any]) -> bool:
    """Whether any product is pending: cheap enough to be asked often while workers are measured."""
    row = connection.execute(WAITING).fetchone()
    return row is not None and bool(row[0])


def wait_synced(connection: psycopg.Connection[Any], progress: Progress, step: str = "waiting for live sync") -> None:
    """Until nothing is pending. Raises BenchError when the number has not become smaller for a minute."""
    total = least = pending(connection)
    progress.begin(step, total)
    moved = time.monotonic()
    while left := pending(connection):
        if left < least:
            least, moved = left, time.monotonic()
        elif time.monotonic() > moved + STUCK_SECONDS:
            raise BenchError(f"Live sync does not get on: {left:,} products are pending. See `catalog sync`.")
        progress.at(max(0, total - left))
        time.sleep(POLL_INTERVAL_SECONDS)
