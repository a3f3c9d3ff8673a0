"""What `catalog reconcile` says: whether every index is proven equal to Postgres, and what keeps it from being so.

What is pending is left out of every comparison, and so is what could not be compared at all. So equality needs more
than no differences: nothing may be left out, and readers must look at the index that was compared.
"""

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
from elasticsearch import ApiError, TransportError
from psycopg import errors

from catalog.models.sync import PENDING, QUARANTINED
from indexer import ledger_gaps, maintenance
from indexer.alias import alias_problem
from indexer.indexer import Indexer
from indexer.repair import Findings, Report, reconcile

POLL_INTERVAL_SECONDS = 0.2
# Between the last write and the comparison, the index is refreshed by the comparison itself.
NOW = "SELECT clock_timestamp()"
OUTSTANDING = f"""
SELECT (SELECT count(*) FROM product_sync WHERE {PENDING} AND changed_at <= %(since)s)
     + (SELECT count(*) FROM fanout WHERE created_at <= %(since)s)
"""  # noqa: S608 - a constant
IN_QUARANTINE = f"SELECT count(*) FROM product_sync WHERE {QUARANTINED}"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Verification:
    """What a comparison of everything came to."""

    indexes: tuple[Findings, ...]
    #: What is wrong with what readers see, in sentences.
    problems: tuple[str, ...]
    #: Products of which the ledger does not know whether they are there.
    unrecorded: int
    #: Changes from before the comparison that were still not written.
    outstanding: int
    quarantined: int
    #: Products that were given to live sync to be written again.
    repaired: int = 0

    @property
    def equal(self) -> bool:
        counts = self.unrecorded + self.outstanding + self.quarantined
        return bool(self.indexes) and not self.problems and not counts and all(item.equal for item in self.indexes)


def verify(
    indexer: Indexer,
    *,
    repair: bool,
    quick: bool = False,
    wait: float = 30.0,
    report: Report = lambda index, buckets: None,
) -> Verification:
    """Compare everything; with `repair`, have what differs written again by the workers and compare once more.

    Waits up to `wait` seconds, each time, for what was changed before. `quick` and `report` are those of `reconcile`.
    """
    verifier = _Verifier(indexer, quick, wait, report)
    first = verifier.compare(repair=repair)
    if not repair or not first.repaired:
        return first
    return replace(verifier.compare(repair=False), repaired=first.repaired)


@dataclass(frozen=True, slots=True)
class _Verifier:
    """The options of `verify`; its parameters say what they mean."""

    indexer: Indexer
    quick: bool
    wait_seconds: float
    report: Report

    def compare(self, *, repair: bool) -> Verification:
        indexer, connection = self.indexer, self.indexer.connection
        repaired = 0
        if repair:
            # What can't be repaired is reported by the comparison.
            with suppress(ApiError, TransportError):
                maintenance.align_alias(indexer)
            repaired = _close_gaps(connection)
        outstanding = self._await_outstanding(_now(connection))
        indexes = tuple(reconcile(indexer, repair=repair, quick=self.quick, report=self.report))
        unrecorded = len(ledger_gaps.ledger_gaps(connection))
        try:
            problem = alias_problem(indexer)
        except (ApiError, TransportError) as error:
            problem = f"Elasticsearch does not say what readers see: {error.message}"
        return Verification(
            indexes=indexes,
            problems=(problem,) if problem else (),
            unrecorded=unrecorded,
            outstanding=outstanding,
            quarantined=_count(connection, IN_QUARANTINE),
            repaired=repaired + sum(findings.repaired for findings in indexes),
        )

    def _await_outstanding(self, since: datetime) -> int:
        """How many changes from before `since` are still not written when the time to wait is up."""
        deadline = time.monotonic() + self.wait_seconds
        while (count := _count(self.indexer.connection, OUTSTANDING, since)) and time.monotonic() < deadline:
            time.sleep(POLL_INTERVAL_SECONDS)
        return count


def _close_gaps(connection: psycopg.Connection[Any]) -> int:
    closed = 0
    while gaps := ledger_gaps.ledger_gaps(connection):
        before = closed
        for start in range(0, len(gaps), ledger_gaps.CHUNK_SIZE):
            with suppress(errors.LockNotAvailable), connection.transaction():
                closed += ledger_gaps.close_gaps(connection, gaps[start : start + ledger_gaps.CHUNK_SIZE])
        if closed == before:  # writers have locked what is left
            break
    return closed


def _now(connection: psycopg.Connection[Any]) -> datetime:
    row = connection.execute(NOW).fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


def _count(connection: psycopg.Connection[Any], query: str, since: datetime | None = None) -> int:
    row = connection.execute(query.encode(), {"since": since}).fetchone()
    return int(row[0]) if row else 0
