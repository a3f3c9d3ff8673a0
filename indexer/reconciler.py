"""The reconciler: round after round, it proves that every index equals Postgres and repairs what does not.

A round is a row in `jobs`. Tasks carry it on for some seconds each, one at a time; how far it is stands in the row, in
the transaction of each repair, so a killed one is gone on with. First the versions of every index are compared, which
is cheap and finds what is missing, too much or old. Then whole documents are audited at a bounded rate. A round that
lasts longer than the interval ends, and the next one goes on with the audit where it stopped.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import structlog
from elasticsearch import ApiError, Elasticsearch, TransportError
from psycopg import errors

from catalog.failpoints import failpoint
from catalog.settings import Settings
from indexer import counters, jobs, maintenance
from indexer.audit import FIRST, audit_page
from indexer.compare import compare_sums, lasting_differences
from indexer.jobs import RECONCILE, Job
from indexer.ledger_gaps import CHUNK, PAGE, close_gaps, gaps
from indexer.registry import LIVE, Target
from indexer.repair import comparable, mend, pieces, split, tell
from indexer.switch import locked
from mappings.checksum import bucket as bucket_of

log = structlog.get_logger()

# One task carries the round on at a time: "reco" as a number.
LOCK = 0x7265636F
# Buckets whose ids are read in one step.
GROUP = 16
# Repairs of one step, of up to 1,000 products each: it has to end long before its task's time limit.
PIECES = 10
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
            except errors.LockNotAvailable as error:
                log.info("reconcile.locked", error=str(error))
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
    return begin(connection)


def begin(connection: psycopg.Connection[Any]) -> Job:
    """A new round, for whoever calls `work` next. Raises Conflict while another one has not ended."""
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
    if not now.progress.get("recorded"):
        maintenance.agree(connection, client, settings)
        if _record(connection, settings, now, between):
            return False
    skipped = now.progress.get("skipped", {})
    indexes = [target for target in comparable(connection) if target.name not in skipped]
    for target in indexes:
        if target.name not in now.progress["compared"]:
            with _skipping(connection, now, target):
                _compare(connection, client, settings, now, target, between)
            return False
    audit = now.progress["audit"]
    # The live index comes first: behind one that is left out there is none.
    place = None if audit and audit["index"] in skipped else _place(indexes, audit)
    if place is not None:
        with _skipping(connection, now, place[0]):
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


@contextmanager
def _skipping(connection: psycopg.Connection[Any], job: Job, target: Target) -> Iterator[None]:
    """An index that can't be compared is left out of this round, unless it is the live one, which is waited for."""
    try:
        yield
    except (ApiError, TransportError) as error:
        if target.state == LIVE:
            raise
        said = f"{type(error).__name__}: {error.message}"
        _skip(connection, job, target, said)


def _skip(connection: psycopg.Connection[Any], job: Job, target: Target, error: str) -> None:
    log.error("reconcile.skipped", index=target.name, error=error)
    skipped = jobs.get(connection, job.id).progress.get("skipped", {})
    jobs.note(connection, job.id, skipped=skipped | {target.name: error}, differing=None)


def _record(connection: psycopg.Connection[Any], settings: Settings, job: Job, between: Between) -> bool:
    """The ledger against the products themselves; whether there was anything to repair."""
    found = gaps(connection)
    for start in range(0, len(found), CHUNK):
        with connection.transaction():
            _count(connection, job, repaired=close_gaps(connection, found[start : start + CHUNK]))
        _rest(CHUNK / settings.reconcile_products_per_second, between)
    jobs.note(connection, job.id, recorded=len(found) < PAGE)
    return bool(found)


def _count(connection: psycopg.Connection[Any], job: Job, **counts: int) -> None:
    """Add to the numbers of the round, in the transaction of what is counted."""
    now = jobs.get(connection, job.id).progress
    jobs.note(connection, job.id, **{name: now[name] + count for name, count in counts.items()})


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
    repaired = 0
    todo = list(pieces(versions, []))
    for number, piece in enumerate(todo[:PIECES]):
        if number:
            _rest(len(piece[0]) / settings.reconcile_products_per_second, between)
        with connection.transaction():
            mended = mend(connection, *piece)
            _count(connection, job, versions=len(piece[0]), repaired=mended)
        repaired += mended
    if len(todo) > PIECES:
        # The same buckets come again: what has been repaired is pending by then, or equal.
        rest = [*group, *rest]
        ahead = []
    jobs.note(
        connection,
        job.id,
        phase="versions",
        index=target.name,
        bucket=group[-1] if group else None,
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
    if target.unknown_shape:
        _skip(connection, job, target, target.unknown_shape)
        return
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
    names = [target.name for target in indexes]
    if audit["index"] not in names:
        return (indexes[0], FIRST) if indexes else None
    place = names.index(audit["index"])
    if audit["start"]:
        return indexes[place], UUID(audit["start"])
    return (indexes[place + 1], FIRST) if place + 1 < len(indexes) else None
