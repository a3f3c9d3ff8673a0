"""Builds a new index beside the live one and moves the read alias, while live sync writes to both.

A rebuild is a row in `jobs`. Any process may queue it, and any may carry it on: workers, a command, both at once. Each
of them calls `step` until nothing is left to do, so a rebuild survives every process that works on it. What a step does
is in `indexer.rebuild_steps`.
"""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.errors import Conflict
from catalog.models.job import REINDEX, JobState
from catalog.settings import Settings
from indexer import chunks, jobs, registry
from indexer.backoff import Backoff
from indexer.indexer import Indexer
from indexer.jobs import Job
from indexer.rebuild_steps import Rebuild, Step
from mappings.names import read_alias

# Between two steps, when other processes have claimed everything that is left to do.
POLL_INTERVAL_SECONDS = 0.2
# In a pause of an outage, between two calls of `on_step`: live sync is not away with the new index.
NAP_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is."""

    #: The name of the new index; empty until it is created.
    index: str
    #: What is going on: preparing, filling, comparing or live.
    phase: str
    #: Documents that are in the new index, of about so many.
    done: int
    total: int
    #: Products that the index before refused and the new one did not take either.
    left_out: int = 0


Report = Callable[[Progress], None]


def start(connection: psycopg.Connection[Any], shards: int | None = None) -> Job:
    """Queue a rebuild. Raises Conflict while another one has not ended."""
    return jobs.queue(connection, REINDEX, {"shards": shards} if shards else {})


def join_or_start(connection: psycopg.Connection[Any]) -> Job:
    """The rebuild under way, or a new one."""
    while (job := jobs.active(connection, REINDEX)) is None:
        with suppress(Conflict):  # another process has started one since
            return start(connection)
    return job


def step(indexer: Indexer, max_chunks: int = 1) -> Step:
    """Do the next step of the rebuild that is under way: up to `max_chunks` chunks, and the comparison at the end.

    A chunk is a second or so of work. Killed at any line, the chunk is done again by the process that comes next.
    """
    job = jobs.active(indexer.connection, REINDEX)
    if job is None:
        return Step.ENDED
    with structlog.contextvars.bound_contextvars(**job.trail):
        return Rebuild(indexer, job).step(max_chunks)


def run(
    indexer: Indexer,
    *,
    seconds: float = float("inf"),
    max_chunks: int = 1,
    on_step: Callable[[], object] = lambda: None,
) -> None:
    """Carry the rebuild on until it ends or the time is up; `on_step` is called after every step and in every pause.

    A pause of an outage grows with jitter and is never longer than the time that is left.
    """
    backoff = Backoff(1)
    deadline = time.monotonic() + seconds
    while (outcome := step(indexer, max_chunks)) is not Step.ENDED:
        on_step()
        if outcome is Step.UNAVAILABLE:
            pause = backoff.failed()
        else:
            backoff.succeeded()
            pause = POLL_INTERVAL_SECONDS if outcome is Step.WAITING else 0.0
        until = time.monotonic() + pause
        if until >= deadline:
            return
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(NAP_SECONDS, left))
            on_step()


def rebuild(settings: Settings, client: Elasticsearch, report: Report = lambda progress: None) -> str:
    """Start a rebuild, or join the one under way, and carry it to its end; the name of the new index.

    Raises Conflict when it fails or is cancelled: then the live index is as it was.
    """
    with closing(connect(settings, "catalog-rebuild", autocommit=True)) as connection:
        job = join_or_start(connection)
        run(Indexer(connection, client, settings), on_step=lambda: report(progress(connection, job)))
        return result(connection, job)


def result(connection: psycopg.Connection[Any], job: Job) -> str:
    """The index that a rebuild made. Raises Conflict when it failed or was cancelled."""
    ended = jobs.get(connection, job.id)
    if ended.state == JobState.CANCELLED:
        raise Conflict("The rebuild was cancelled. The live index is unchanged.")
    if ended.state != JobState.DONE:
        raise Conflict(ended.error or f"The rebuild is {ended.state}.")
    return str(ended.progress["index"])


def progress(connection: psycopg.Connection[Any], job: Job) -> Progress:
    """How far a rebuild is, from its rows."""
    noted = jobs.get(connection, job.id).progress
    written = chunks.count(connection, job.id).documents
    return Progress(
        index=noted.get("index", ""),
        phase=noted.get("phase", "preparing"),
        done=written,
        total=max(int(noted.get("total", 0)), written),
        left_out=int(noted.get("left_out", 0)),
    )


def ensure_index(settings: Settings, client: Elasticsearch) -> str | None:
    """Create an index when there is none that is registered and live; its name, or None."""
    with closing(connect(settings, "catalog-rebuild", autocommit=True)) as connection:
        live = [target.name for target in registry.targets(connection) if target.state == registry.LIVE]
    exists = live and client.indices.exists_alias(name=read_alias(settings.index_prefix), index=live[0])
    return None if exists else rebuild(settings, client)
