"""The reconciler: round after round, it proves that every index equals Postgres and repairs what does not.

A round is a row in `jobs`. Tasks carry it on for some seconds each, one at a time; how far it is stands in the row, in
the transaction of each repair, so a killed one is gone on with. First the versions of every index are compared, which
is cheap and finds what is missing, too much or old. Then whole documents are audited at a bounded rate. A round that
lasts longer than the interval ends, and the next one goes on with the audit where it stopped.
"""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import structlog
from elasticsearch import ApiError, Elasticsearch, TransportError

from catalog.failpoints import failpoint
from catalog.settings import Settings
from indexer import counters, jobs
from indexer.audit import FIRST, audit_page
from indexer.compare import compare_sums, lasting_differences
from indexer.jobs import RECONCILE, Job
from indexer.reconcile import comparable, mend, split, tell
from indexer.registry import Target
from indexer.switch import locked
from mappings.checksum import bucket as bucket_of

log = structlog.get_logger()

# One task carries the round on at a time: "reco" as a number.
LOCK = 0x7265636F
# Buckets whose ids are read in one step.
GROUP = 16
# Finished rounds that are kept to be looked at.
KEPT = 100
NAP_SECONDS = 0.1
COUNTED = ("products", "versions", "contents", "repaired", "ahead")

DUE = """
SELECT NOT EXISTS (SELECT FROM jobs WHERE kind = %s AND created_at > clock_timestamp() - make_interval(secs => %s))
"""
LAST = "SELECT progress FROM jobs WHERE kind = %s AND state = 'done' ORDER BY created_at DESC LIMIT 1"
LASTED = "SELECT clock_timestamp() > started_at + make_interval(secs => %s) FROM jobs WHERE id = %s"
FORGET = """
DELETE FROM jobs WHERE kind = %(kind)s AND finished_at IS NOT NULL AND id NOT IN (
    SELECT id FROM jobs WHERE kind = %(kind)s AND finished_at IS NOT NULL ORDER BY created_at DESC LIMIT %(kept)s
)
"""

Between = Callable[[], object]
Progress = dict[str, Any]


def work(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    *,
    seconds: float = float("inf"),
    between: Between = lambda: None,
) -> None:
    """Begin a round if it is time for one, and carry it on until it ends or the time is up.

    `connection` is in autocommit mode. `between` is called between any two steps and in every pause.
    """
    deadline = time.monotonic() + seconds
    with locked(connection, key=LOCK) as mine:
        job = _round(connection, settings) if mine else None
        while job is not None:
            try:
                ended = _step(connection, client, settings, job, between)
            except (ApiError, TransportError) as error:
                log.warning("reconcile.unavailable", error=f"{type(error).__name__}: {error.message}")
                return
            between()
            if ended or time.monotonic() > deadline:
                return


def _round(connection: psycopg.Connection[Any], settings: Settings) -> Job | None:
    """The round under way, or a new one when it is time."""
    job = jobs.active(connection, RECONCILE)
    if job is not None or settings.reconcile_interval_seconds == 0:
        return job
    if connection.execute(DUE, (RECONCILE, settings.reconcile_interval_seconds)).fetchone() != (True,):
        return None
    last = connection.execute(LAST, (RECONCILE,)).fetchone()
    audit = last[0].get("audit") if last else None
    with connection.transaction():
        job = jobs.queue(connection, RECONCILE, {})
        jobs.note(connection, job.id, **dict.fromkeys(COUNTED, 0) | {"ahead": {}, "compared": []})
        jobs.note(connection, job.id, audit=audit if _place(comparable(connection), audit) else None)
        jobs.run(connection, job.id)
    return job


def _step(
    connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings, job: Job, between: Between
) -> bool:
    """True when the round has ended with it."""
    now = jobs.get(connection, job.id)
    if now.cancel_requested:
        jobs.end(connection, job.id, jobs.CANCELLED)
        return True
    indexes = comparable(connection)
    for target in indexes:
        if target.name not in now.progress["compared"]:
            _compare(connection, client, settings, now, target, between)
            return False
    place = _place(indexes, now.progress["audit"])
    if place is not None:
        _audit(connection, client, settings, now, *place, between)
        if not _too_long(connection, settings, job):
            return False
    with connection.transaction():
        jobs.end(connection, job.id, jobs.DONE)
        counters.add(connection, counters.ROUNDS, 1)
        connection.execute(FORGET, {"kind": RECONCILE, "kept": KEPT})
    done = jobs.get(connection, job.id).progress
    log.info("reconcile.round", **{name: done[name] for name in COUNTED})
    return True


def _compare(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    job: Job,
    target: Target,
    between: Between,
) -> None:
    """The versions of one index: all of them by their sums, and one group of the buckets that differ by their ids."""
    progress = job.progress
    left = progress.get("differing")
    found_ahead = 0 if left is None else progress["ahead"].get(target.name, 0)
    if left is None:
        left = compare_sums(connection, client, target.name).differing
    group, rest = left[:GROUP], list(left[GROUP:])
    versions, ahead = split(
        connection,
        lasting_differences(
            connection, client, target.name, buckets=group, wait=lambda seconds: _rest(seconds, between)
        ),
    )
    with connection.transaction():
        repaired = mend(connection, versions, [])
        jobs.note(
            connection,
            job.id,
            phase="versions",
            index=target.name,
            bucket=group[-1] if group else None,
            versions=progress["versions"] + len(versions),
            repaired=progress["repaired"] + repaired,
            ahead=progress["ahead"] | {target.name: found_ahead + len(ahead)},
            differing=rest or None,
            compared=progress["compared"] + ([] if rest else [target.name]),
        )
    tell(target.name, versions, [], ahead, repaired)
    failpoint(settings, "reconcile.after_step")


def _audit(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    job: Job,
    target: Target,
    start: UUID,
    between: Between,
) -> None:
    """The contents of one page of products, in no less time than the rate allows."""
    began = time.monotonic()
    page = audit_page(connection, client, target, start, wait=lambda seconds: _rest(seconds, between))
    progress = job.progress
    with connection.transaction():
        repaired = mend(connection, [], page.differing)
        jobs.note(
            connection,
            job.id,
            phase="contents",
            index=target.name,
            bucket=bucket_of(str(page.last)) if page.last else None,
            products=progress["products"] + page.compared,
            contents=progress["contents"] + len(page.differing),
            repaired=progress["repaired"] + repaired,
            # Without a next page, the place is behind every product of this index.
            audit={"index": target.name, "start": str(page.start) if page.start else None},
        )
    tell(target.name, [], page.differing, [], repaired)
    failpoint(settings, "reconcile.after_step")
    _rest(page.compared / settings.reconcile_products_per_second - (time.monotonic() - began), between)


def _rest(seconds: float, between: Between) -> None:
    """Wait for so long, with live changes first."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        between()
        time.sleep(max(0.0, min(NAP_SECONDS, left)))


def _too_long(connection: psycopg.Connection[Any], settings: Settings, job: Job) -> bool:
    interval = settings.reconcile_interval_seconds
    return interval > 0 and connection.execute(LASTED, (interval, job.id)).fetchone() == (True,)


def _place(indexes: list[Target], audit: Progress | None) -> tuple[Target, UUID] | None:
    """Index and first product of the next page; None behind the last one."""
    if audit is None:
        return (indexes[0], FIRST) if indexes else None
    for target in indexes:
        if target.name == audit["index"] and audit["start"]:
            return target, UUID(audit["start"])
        if target.name > audit["index"]:
            return target, FIRST
    return None
