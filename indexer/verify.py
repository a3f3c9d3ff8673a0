"""What `catalog reconcile` says: whether every index is proven equal to Postgres, and what keeps it from being so.

What is pending is left out of every comparison, and so is what could not be compared at all. So equality needs more
than no differences: nothing may be left out, and readers must look at the index that was compared.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from elasticsearch import ApiError, Elasticsearch, TransportError
from psycopg import errors

from catalog.models.sync import PENDING, QUARANTINED
from catalog.settings import Settings
from indexer import ledger_gaps, maintenance
from indexer.alias import wrong_alias
from indexer.repair import Findings, Report, reconcile

LOOK_SECONDS = 0.2
# Between the last write and the comparison, the index is refreshed by the comparison itself.
NOW = "SELECT clock_timestamp()"
OUTSTANDING = f"""
SELECT (SELECT count(*) FROM product_sync WHERE {PENDING} AND changed_at <= %(since)s)
     + (SELECT count(*) FROM fanout WHERE created_at <= %(since)s)
"""  # noqa: S608 - a constant
IN_QUARANTINE = f"SELECT count(*) FROM product_sync WHERE {QUARANTINED}"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Proof:
    """`outstanding` are changes from before the comparison that were still not written, `unrecorded` products of which
    the ledger does not know whether they are there; `problems` are sentences."""

    indexes: tuple[Findings, ...]
    problems: tuple[str, ...]
    unrecorded: int
    outstanding: int
    quarantined: int
    repaired: int = 0

    @property
    def equal(self) -> bool:
        counts = self.unrecorded + self.outstanding + self.quarantined
        return bool(self.indexes) and not self.problems and not counts and all(item.equal for item in self.indexes)


def prove(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    *,
    repair: bool,
    quick: bool = False,
    wait: float = 30.0,
    report: Report = lambda index, buckets: None,
) -> Proof:
    """Compare everything; with `repair`, have what differs written again by the workers and compare once more.

    `connection` is in autocommit mode. Waits up to `wait` seconds, each time, for what was changed before.
    """

    def look(*, repairing: bool) -> Proof:
        return _look(connection, client, settings, repairing, quick, wait, report)

    found = look(repairing=repair)
    if not repair or not found.repaired:
        return found
    again = look(repairing=False)
    return Proof(
        again.indexes, again.problems, again.unrecorded, again.outstanding, again.quarantined, repaired=found.repaired
    )


def _look(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    repair: bool,
    quick: bool,
    wait: float,
    report: Report,
) -> Proof:
    repaired = 0
    if repair:
        _mend_alias(connection, client, settings)
        repaired = _close_gaps(connection)
    left = _wait(lambda since: _count(connection, OUTSTANDING, since), _now(connection), wait)
    indexes = tuple(reconcile(connection, client, repair=repair, quick=quick, report=report))
    unrecorded = len(ledger_gaps.gaps(connection))
    repaired += sum(item.repaired for item in indexes)
    try:
        problem = wrong_alias(connection, client, settings)
    except (ApiError, TransportError) as error:
        problem = f"Elasticsearch does not say what readers see: {error.message}"
    quarantined = _count(connection, IN_QUARANTINE, None)
    return Proof(indexes, (problem,) if problem else (), unrecorded, left, quarantined, repaired)


def _mend_alias(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> None:
    # What can't be mended is found by the comparison.
    with suppress(ApiError, TransportError):
        maintenance.agree(connection, client, settings)


def _close_gaps(connection: psycopg.Connection[Any]) -> int:
    closed = 0
    while found := ledger_gaps.gaps(connection):
        before = closed
        for start in range(0, len(found), ledger_gaps.CHUNK):
            with suppress(errors.LockNotAvailable), connection.transaction():
                closed += ledger_gaps.close_gaps(connection, found[start : start + ledger_gaps.CHUNK])
        if closed == before:  # writers hold what is left
            break
    return closed


def _wait(left: Callable[[datetime], int], since: datetime, seconds: float) -> int:
    deadline = time.monotonic() + seconds
    while (count := left(since)) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    return count


def _now(connection: psycopg.Connection[Any]) -> datetime:
    row = connection.execute(NOW).fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


def _count(connection: psycopg.Connection[Any], query: str, since: datetime | None) -> int:
    row = connection.execute(query.encode(), {"since": since}).fetchone()
    return int(row[0]) if row else 0
