"""The steps of one run of the reconciler: the ledger itself, the versions of each index, then the contents."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from elasticsearch import ApiError, TransportError

from catalog.failpoints import failpoint
from catalog.models.job import RECONCILE, JobState
from indexer import counters, jobs, maintenance
from indexer.audit import FIRST_ID, audit_page
from indexer.compare import compare_sums, lasting_differences
from indexer.indexer import Indexer
from indexer.jobs import Job
from indexer.ledger_gaps import CHUNK_SIZE, PAGE_SIZE, close_gaps, ledger_gaps
from indexer.registry import LIVE, Target
from indexer.repair import comparable, log_drift, repair_chunks, repair_products, split_ahead
from mappings.checksum import bucket as bucket_of

log = structlog.get_logger()

# Buckets whose ids are read in one step.
MAX_BUCKETS = 16
# Repairs of one step, of up to 1,000 products each: it has to end long before its task's time limit.
MAX_REPAIR_CHUNKS = 10
# Runs that have ended and stay in the table, to be looked at.
MAX_ENDED_RUNS = 100
NAP_SECONDS = 0.1
# What a run counts, by the names in its row.
COUNTED = ("products", "versions", "contents", "repaired", "ahead")

LASTED = "SELECT clock_timestamp() > started_at + make_interval(secs => %s) FROM jobs WHERE id = %s"
FORGET = """
DELETE FROM jobs WHERE kind = %(kind)s AND finished_at IS NOT NULL AND id NOT IN (
    SELECT id FROM jobs WHERE kind = %(kind)s AND finished_at IS NOT NULL ORDER BY created_at DESC LIMIT %(limit)s
)
"""

Progress = dict[str, Any]


def audit_position(indexes: list[Target], audit: Progress | None) -> tuple[Target, UUID] | None:
    """Index and first product of the next page to audit; None behind the last one.

    `indexes` are those that are compared, the live one first; `audit` is what a run has noted as its place.
    """
    names = [target.name for target in indexes]
    if audit is None or audit["index"] not in names:
        return (indexes[0], FIRST_ID) if indexes else None
    position = names.index(audit["index"])
    if audit["start"]:
        return indexes[position], UUID(audit["start"])
    return (indexes[position + 1], FIRST_ID) if position + 1 < len(indexes) else None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A run as one task carries it on, from the row of its job."""

    indexer: Indexer
    #: As it was when the step began.
    job: Job
    #: Called in every pause: live changes come first.
    on_step: Callable[[], object]

    def step(self) -> bool:
        """Do the next one; True when the run has ended with it."""
        connection, progress = self.indexer.connection, self.job.progress
        if self.job.cancel_requested:
            jobs.end(connection, self.job.id, JobState.CANCELLED)
            return True
        if not progress.get("recorded"):
            maintenance.align_alias(self.indexer)
            if self._close_gaps():
                return False
        skipped = progress.get("skipped", {})
        indexes = [target for target in comparable(connection) if target.name not in skipped]
        for target in indexes:
            if target.name not in progress["compared"]:
                with self._skipping(target):
                    self._compare(target)
                return False
        audit = progress["audit"]
        # The live index comes first: behind one that is left out there is none.
        position = None if audit and audit["index"] in skipped else audit_position(indexes, audit)
        if position is not None:
            with self._skipping(position[0]):
                self._audit(*position)
            if not self._is_overdue():
                return False
        self._end()
        return True

    def _end(self) -> None:
        connection = self.indexer.connection
        with connection.transaction():
            jobs.end(connection, self.job.id, JobState.DONE)
            counters.add(connection, counters.ROUNDS, 1)
            connection.execute(FORGET, {"kind": RECONCILE, "limit": MAX_ENDED_RUNS})
        progress = jobs.get(connection, self.job.id).progress
        log.info("reconcile.round", **{name: progress[name] for name in COUNTED})

    def _note(self, **progress: Any) -> None:
        jobs.note(self.indexer.connection, self.job.id, **progress)

    @contextmanager
    def _skipping(self, target: Target) -> Iterator[None]:
        """An index that can't be compared is left out of this run, unless it is the live one, which is waited for."""
        try:
            yield
        except (ApiError, TransportError) as error:
            if target.state == LIVE:
                raise
            self._skip(target, f"{type(error).__name__}: {error.message}")

    def _skip(self, target: Target, error: str) -> None:
        log.error("reconcile.skipped", index=target.name, error=error)
        skipped = jobs.get(self.indexer.connection, self.job.id).progress.get("skipped", {})
        self._note(skipped=skipped | {target.name: error}, differing=None)

    def _close_gaps(self) -> bool:
        """The ledger against the products themselves; whether there was anything to repair."""
        connection = self.indexer.connection
        gaps = ledger_gaps(connection)
        for start in range(0, len(gaps), CHUNK_SIZE):
            with connection.transaction():
                self._count(repaired=close_gaps(connection, gaps[start : start + CHUNK_SIZE]))
            self._pause(CHUNK_SIZE / self.indexer.settings.reconcile_products_per_second)
        self._note(recorded=len(gaps) < PAGE_SIZE)
        return bool(gaps)

    def _count(self, **counts: int) -> None:
        """Add to the numbers of the run, in the transaction of what is counted."""
        progress = jobs.get(self.indexer.connection, self.job.id).progress
        self._note(**{name: progress[name] + count for name, count in counts.items()})

    def _compare(self, target: Target) -> None:
        """The versions of one index: all of them by their sums, and some of the buckets that differ by their ids."""
        connection, progress = self.indexer.connection, self.job.progress
        left = progress.get("differing")
        ahead_before = 0 if left is None else progress["ahead"].get(target.name, 0)
        if left is None:
            left = compare_sums(self.indexer, target.name).differing
        buckets, following = left[:MAX_BUCKETS], list(left[MAX_BUCKETS:])
        differences = lasting_differences(self.indexer, target.name, buckets=buckets, wait=self._pause)
        versions, ahead = split_ahead(connection, differences)
        repaired = 0
        chunks = list(repair_chunks(versions, []))
        for number, chunk in enumerate(chunks[:MAX_REPAIR_CHUNKS]):
            if number:
                self._pause(len(chunk[0]) / self.indexer.settings.reconcile_products_per_second)
            with connection.transaction():
                count = repair_products(connection, *chunk)
                self._count(versions=len(chunk[0]), repaired=count)
            repaired += count
        if len(chunks) > MAX_REPAIR_CHUNKS:
            # The same buckets come again: what has been repaired is pending by then, or equal.
            following = [*buckets, *following]
            ahead = []
        self._note(
            phase="versions",
            index=target.name,
            bucket=buckets[-1] if buckets else None,
            ahead=progress["ahead"] | {target.name: ahead_before + len(ahead)},
            differing=following or None,
            compared=progress["compared"] + ([] if following else [target.name]),
        )
        log_drift(target.name, versions, [], ahead, repaired)
        failpoint(self.indexer.settings, "reconcile.after_step")

    def _audit(self, target: Target, start: UUID) -> None:
        """The contents of one page of products, in no less time than the rate allows."""
        connection, progress, settings = self.indexer.connection, self.job.progress, self.indexer.settings
        began = time.monotonic()
        if target.unsupported_schema:
            self._skip(target, target.unsupported_schema)
            return
        page = audit_page(self.indexer, target, start, wait=self._pause)
        with connection.transaction():
            repaired = repair_products(connection, [], page.differing)
            self._note(
                phase="contents",
                index=target.name,
                bucket=bucket_of(str(page.last)) if page.last else None,
                products=progress["products"] + page.compared,
                contents=progress["contents"] + len(page.differing),
                repaired=progress["repaired"] + repaired,
                # Without a next page, the place is behind every product of this index.
                audit={"index": target.name, "start": str(page.start) if page.start else None},
            )
        log_drift(target.name, [], page.differing, [], repaired)
        failpoint(settings, "reconcile.after_step")
        self._pause(page.compared / settings.reconcile_products_per_second - (time.monotonic() - began))

    def _pause(self, seconds: float) -> None:
        """Wait for so long, with live changes first."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.on_step()
            time.sleep(max(0.0, min(NAP_SECONDS, left)))

    def _is_overdue(self) -> bool:
        """Whether the run has lasted for longer than the interval between two of them."""
        interval, connection = self.indexer.settings.reconcile_interval_seconds, self.indexer.connection
        return interval > 0 and connection.execute(LASTED, (interval, self.job.id)).fetchone() == (True,)
