"""The reconciler: run after run, it proves that every index equals Postgres and repairs what does not.

A run is a row in `jobs`. Tasks carry it on for some seconds each, one at a time; how far it is stands in the row, in
the transaction of each repair, so a killed one is gone on with. First the versions of every index are compared, which
is cheap and shows what is missing, too much or old. Then whole documents are audited at a bounded rate. A run that
lasts longer than the interval ends, and the next one goes on with the audit where it stopped.
"""

import time
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from elasticsearch import ApiError, TransportError
from psycopg import errors

from catalog.models.job import RECONCILE
from catalog.settings import Settings
from indexer import jobs
from indexer.indexer import Indexer
from indexer.jobs import Job
from indexer.reconciliation import COUNTED, Reconciliation, audit_position
from indexer.repair import comparable
from indexer.switch import locked

log = structlog.get_logger()

# One task carries the run on at a time: "reco" as a number.
LOCK = 0x7265636F

DUE = """
SELECT NOT EXISTS (SELECT FROM jobs WHERE kind = %s AND created_at > clock_timestamp() - make_interval(secs => %s))
"""
LAST = "SELECT progress FROM jobs WHERE kind = %s AND state = 'done' ORDER BY created_at DESC LIMIT 1"


def run(indexer: Indexer, *, seconds: float = float("inf"), on_step: Callable[[], object] = lambda: None) -> None:
    """Begin a run if it is time for one, and carry it on until it ends or the time is up.

    `on_step` is called after every step and in every pause.
    """
    deadline = time.monotonic() + seconds
    with locked(indexer.connection, key=LOCK) as mine:
        job = _active_or_due(indexer.connection, indexer.settings) if mine else None
        while job is not None:
            try:
                ended = Reconciliation(indexer, job, on_step).step()
            except (ApiError, TransportError) as error:
                log.warning("reconcile.unavailable", error=f"{type(error).__name__}: {error.message}")
                return
            except errors.LockNotAvailable as error:
                log.info("reconcile.locked", error=str(error))
                return
            on_step()
            if ended or time.monotonic() > deadline:
                return
            job = jobs.get(indexer.connection, job.id)


def _active_or_due(connection: psycopg.Connection[Any], settings: Settings) -> Job | None:
    """The run under way, or a new one when it is time."""
    job = jobs.active(connection, RECONCILE)
    if job is not None or settings.reconcile_interval_seconds == 0:
        return job
    if connection.execute(DUE, (RECONCILE, settings.reconcile_interval_seconds)).fetchone() != (True,):
        return None
    return begin(connection)


def begin(connection: psycopg.Connection[Any]) -> Job:
    """A new run, for the next call of `run`. Raises Conflict while another one has not ended."""
    last = connection.execute(LAST, (RECONCILE,)).fetchone()
    audit = last[0].get("audit") if last else None
    with connection.transaction():
        job = jobs.queue(connection, RECONCILE, {})
        jobs.note(connection, job.id, **dict.fromkeys(COUNTED, 0) | {"ahead": {}, "compared": []})
        jobs.note(connection, job.id, audit=audit if audit_position(comparable(connection), audit) else None)
        jobs.run(connection, job.id)
        return jobs.get(connection, job.id)
