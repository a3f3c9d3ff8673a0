"""Builds a new index beside the live one and moves the read alias, while live sync writes to both.

A rebuild is a row in `jobs`. Anybody may queue it, and anybody may carry it on: workers, a command, both at once. Each
of them calls `advance` until nothing is left to do, so a rebuild survives every process that works on it.

Order matters: the index is registered before the backfill reads a row, so a change is either seen by the backfill or
written by live sync, which reads the register in the snapshot of its rows. Versions make the overlap harmless.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import psycopg
import structlog
from elasticsearch import ApiError, Elasticsearch, TransportError

from catalog.connections import connect
from catalog.errors import Conflict
from catalog.failpoints import failpoint
from catalog.settings import Settings
from indexer import chunks, jobs, registry
from indexer.backoff import Pressure
from indexer.bulk import stored_versions
from indexer.compare import lasting_differences, listed
from indexer.jobs import REINDEX, Job
from indexer.loading import Unavailable, load
from indexer.maintenance import clear_leftovers, drop
from indexer.requeue import release_quarantined
from indexer.switch import locked, switch
from mappings.analysis import analysis
from mappings.names import index_name, read_alias, write_alias
from mappings.schema import CURRENT, SCHEMAS

log = structlog.get_logger()

# Between two looks at a rebuild in which others hold everything that is left to do.
LOOK_AGAIN_SECONDS = 0.2
# In a pause of an outage, between two looks at what else there is to do: live sync is not away with the new index.
NAP_SECONDS = 0.1
# Answers of the class 4xx that end by themselves, by status, and those that end when somebody lifts a block, by type.
BUSY = (408, 429)
LIFTED = ("cluster_block_exception", "index_closed_exception")
# Products in one look at what the new index holds.
PAGE = 1000
QUARANTINED = """
SELECT product_id, version FROM product_sync
WHERE version > synced_version AND next_attempt_at = 'infinity' AND NOT deleted ORDER BY product_id
"""


class Step(Enum):
    """What became of one call of `advance`."""

    WORKED = "worked"
    WAITING = "waiting"  # others hold what is left; look again
    UNAVAILABLE = "unavailable"  # Elasticsearch takes no writes; pause before looking again
    ENDED = "ended"  # there is no rebuild to carry on


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of about `total` documents are in `index`; `phase` is what is going on. `left_out` are products that the
    index before refused and the new one did not take either."""

    index: str
    phase: str
    done: int
    total: int
    left_out: int = 0


Report = Callable[[Progress], None]


def start(connection: psycopg.Connection[Any], shards: int | None = None) -> Job:
    """Queue a rebuild. Raises Conflict while another one has not ended."""
    return jobs.queue(connection, REINDEX, {"shards": shards} if shards else {})


def join_or_start(connection: psycopg.Connection[Any]) -> Job:
    """The rebuild under way, or a new one."""
    while (job := jobs.active(connection, REINDEX)) is None:
        with suppress(Conflict):  # somebody started one since we looked
            return start(connection)
    return job


def advance(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings, pieces: int = 1) -> Step:
    """Do the next step of the rebuild that is under way: up to `pieces` chunks, and the comparison at the end.

    A chunk is a second or so of work. `connection` is in autocommit mode. Killed at any line, the piece is done again
    by whoever comes next.
    """
    job = jobs.active(connection, REINDEX)
    if job is None:
        return Step.ENDED
    with structlog.contextvars.bound_contextvars(**job.trail):
        return _advance(connection, client, settings, job, pieces)


def _advance(
    connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings, job: Job, pieces: int
) -> Step:
    try:
        if job.cancel_requested:
            return _cancel(connection, client, settings, job)
        if job.state == jobs.QUEUED:
            return _prepare(connection, client, settings, job)
        if (chunk := chunks.claim(connection, job.id)) is not None:
            return _fill(connection, client, settings, job, chunk, pieces)
        if chunks.tally(connection, job.id).left:
            return Step.WAITING
        return _finish(connection, client, settings, job)
    except Conflict as error:
        return _fail(connection, client, settings, job, str(error))
    except (ApiError, TransportError) as error:
        if _for_good(error):
            return _fail(connection, client, settings, job, f"Elasticsearch refuses the rebuild: {error}")
        return _unavailable(error)


def _for_good(error: ApiError | TransportError) -> bool:
    """Whether Elasticsearch will say the same tomorrow, unless somebody changes what is asked for."""
    if not isinstance(error, ApiError) or not 400 <= error.status_code < 500 or error.status_code in BUSY:
        return False
    return error.error not in LIFTED


def _unavailable(error: ApiError | TransportError) -> Step:
    log.warning("rebuild.unavailable", error=f"{type(error).__name__}: {error.message}")
    return Step.UNAVAILABLE


def work(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    *,
    seconds: float = float("inf"),
    pieces: int = 1,
    between: Callable[[], object] = lambda: None,
) -> None:
    """Carry the rebuild on until it ends or the time is up; `between` is called after every step of up to `pieces`.

    A pause of an outage grows with jitter and is never longer than the time that is left.
    """
    pressure = Pressure(1)
    deadline = time.monotonic() + seconds
    while (step := advance(connection, client, settings, pieces)) is not Step.ENDED:
        between()
        if step is Step.UNAVAILABLE:
            pause = pressure.failed()
        else:
            pressure.succeeded()
            pause = LOOK_AGAIN_SECONDS if step is Step.WAITING else 0.0
        until = time.monotonic() + pause
        if until >= deadline:
            return
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(NAP_SECONDS, left))
            between()


def rebuild(settings: Settings, client: Elasticsearch, report: Report = lambda progress: None) -> str:
    """Start a rebuild, or join the one under way, and carry it to its end; the name of the new index.

    Raises Conflict when it fails or is cancelled: then the live index is as it was.
    """
    with closing(connect(settings, "catalog-rebuild", autocommit=True)) as connection:
        job = join_or_start(connection)
        work(connection, client, settings, between=lambda: report(progress(connection, job)))
        return result(connection, job)


def result(connection: psycopg.Connection[Any], job: Job) -> str:
    """The index that a rebuild made. Raises Conflict when it failed or was cancelled."""
    ended = jobs.get(connection, job.id)
    if ended.state == jobs.CANCELLED:
        raise Conflict("The rebuild was cancelled. The live index is unchanged.")
    if ended.state != jobs.DONE:
        raise Conflict(ended.error or f"The rebuild is {ended.state}.")
    return str(ended.progress["index"])


def progress(connection: psycopg.Connection[Any], job: Job) -> Progress:
    """How far a rebuild is, from its rows."""
    now = jobs.get(connection, job.id).progress
    tally = chunks.tally(connection, job.id)
    total = max(int(now.get("total", 0)), tally.documents)
    left_out = int(now.get("left_out", 0))
    return Progress(now.get("index", ""), now.get("phase", "preparing"), tally.documents, total, left_out)


def ensure_index(settings: Settings, client: Elasticsearch) -> str | None:
    """Create an index when there is none that is registered and live; its name, or None."""
    with closing(connect(settings, "catalog-rebuild", autocommit=True)) as connection:
        live = [target.name for target in registry.targets(connection) if target.state == registry.LIVE]
    there = live and client.indices.exists_alias(name=read_alias(settings.index_prefix), index=live[0])
    return None if there else rebuild(settings, client)


def _prepare(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings, job: Job) -> Step:
    """A new, registered index and the plan of its pieces. Killed halfway, it begins again from nothing."""
    with locked(connection) as mine:
        if not mine or jobs.get(connection, job.id).state != jobs.QUEUED:
            return Step.WAITING
        clear_leftovers(connection, client, settings)
        name = _create(connection, client, settings, job.params.get("shards") or settings.index_shards)
        failpoint(settings, "rebuild.after_create")
        chunks.plan(connection, job.id)
        row = connection.execute("SELECT count(*) FROM products").fetchone()
        jobs.note(connection, job.id, index=name, phase="filling", total=int(row[0]) if row else 0)
        jobs.run(connection, job.id)
        log.info("rebuild.begun", job_id=str(job.id), index=name)
    return Step.WORKED


def _create(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings, shards: int) -> str:
    name = index_name(settings.index_prefix, f"{datetime.now(UTC):%Y%m%dt%H%M%S}-{secrets.token_hex(2)}")
    schema = SCHEMAS[CURRENT]
    client.indices.create(
        index=name,
        # The write alias comes with the index: there is no moment at which a write with require_alias would fail.
        aliases={write_alias(name): {"is_write_index": True}},
        mappings=dict(schema.mappings),
        # Neither refreshed nor copied while it is filled: both are set when it is full.
        settings={
            **schema.settings,
            "analysis": analysis(settings.language),
            "index": {"number_of_shards": shards, "number_of_replicas": 0, "refresh_interval": "-1"},
        },
    )
    registry.register(connection, name, schema.version)
    return name


def _fill(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    job: Job,
    chunk: chunks.Chunk,
    most: int,
) -> Step:
    target = _target(connection, job)
    held = {chunk.number: chunk}
    if target.unknown_shape:
        chunks.release(connection, chunk)
        log.warning("rebuild.left_alone", error=target.unknown_shape)
        return Step.UNAVAILABLE

    def pieces() -> Iterator[chunks.Chunk]:
        yield chunk
        while len(held) < most and (following := chunks.claim(connection, job.id)) is not None:
            held[following.number] = following
            yield following

    def finished(piece: chunks.Chunk, documents: int) -> None:
        failpoint(settings, "rebuild.after_chunk")
        chunks.done(connection, piece, documents)

    try:
        load(connection, client, target, pieces(), finished)
    except Unavailable as error:
        for piece in held.values():
            chunks.release(connection, piece)
        if not client.indices.exists(index=target.name):
            raise Conflict(f"{target.name} is gone from Elasticsearch. The live index is unchanged.") from error
        log.warning("rebuild.unavailable", error=str(error))
        return Step.UNAVAILABLE
    return Step.WORKED


def _target(connection: psycopg.Connection[Any], job: Job) -> registry.Target:
    for target in registry.targets(connection):
        if target.name == job.progress["index"] and target.given_up:
            raise Conflict(f"{target.name} could not take every change: {target.error}. The live index is unchanged.")
        if target.name == job.progress["index"]:
            return target
    raise Conflict(f"{job.progress['index']} is no longer registered. The live index is unchanged.")


def _finish(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings, job: Job) -> Step:
    """Compare and switch. Killed after the switch, the next one finds the alias moved and only records it."""
    with locked(connection) as mine:
        if not mine or jobs.get(connection, job.id).ended:
            return Step.WAITING
        target = _target(connection, job)
        if target.failing:
            return Step.UNAVAILABLE
        if not client.indices.exists_alias(name=read_alias(settings.index_prefix), index=target.name):
            jobs.note(connection, job.id, phase="comparing")
            _ready_for_search(client, settings, target.name)
            _refuse_if_different(connection, client, target.name)
            _note_left_out(connection, client, job, target)
            failpoint(settings, "rebuild.before_switch")
        switch(connection, client, settings, target.name)
        if chunks.tally(connection, job.id).documents:
            _gather(client, target.name)
        jobs.note(connection, job.id, phase="live")
        jobs.end(connection, job.id, jobs.DONE)
        log.info("rebuild.done", job_id=str(job.id), index=target.name)
    return Step.WORKED


def _ready_for_search(client: Elasticsearch, settings: Settings, name: str) -> None:
    client.indices.put_settings(
        index=name,
        settings={
            "index": {
                "refresh_interval": settings.index_refresh_interval,
                "number_of_replicas": settings.index_replicas,
            }
        },
    )


def _gather(client: Elasticsearch, name: str) -> None:
    """Have Elasticsearch make one segment of what was written in many: a search looks its words up in each of them.

    Nobody waits for it, and nothing but speed is lost with it (docs/decisions/0023-one-segment.md).
    """
    with suppress(ApiError, TransportError):
        client.indices.forcemerge(index=name, max_num_segments=1, wait_for_completion=False)


def _note_left_out(
    connection: psycopg.Connection[Any], client: Elasticsearch, job: Job, target: registry.Target
) -> None:
    """Quarantined products are pending, so the comparison leaves them out: that some go missing must be said."""
    quarantined = dict(connection.execute(QUARANTINED).fetchall())
    ids, count = list(quarantined), 0
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        there = stored_versions(client, target.alias, page)
        count += sum(there.get(product_id) != quarantined[product_id] for product_id in page)
    jobs.note(connection, job.id, left_out=count)
    if count:
        log.warning("rebuild.left_out", index=target.name, count=count)


def _refuse_if_different(connection: psycopg.Connection[Any], client: Elasticsearch, name: str) -> None:
    found = lasting_differences(connection, client, name)
    row = connection.execute("SELECT error FROM search_indexes WHERE name = %s", (name,)).fetchone()
    if row and row[0]:
        raise Conflict(f"A live write did not fit the new index: {row[0]}. The live index is unchanged.")
    if found:
        raise Conflict(f"The new index differs from Postgres: {listed(found)}. The live index is unchanged.")


def _cancel(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings, job: Job) -> Step:
    with locked(connection) as mine:
        if not mine:
            return Step.WAITING
        _end_unswitched(connection, client, settings, job, jobs.CANCELLED, None)
    return Step.ENDED


def _fail(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings, job: Job, error: str) -> Step:
    log.error("rebuild.failed", error=error)
    with locked(connection, wait=True):
        try:
            _end_unswitched(connection, client, settings, job, jobs.FAILED, error)
        except (ApiError, TransportError) as away:
            return _unavailable(away)
    return Step.ENDED


def _end_unswitched(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    job: Job,
    state: str,
    error: str | None,
) -> None:
    """End a rebuild without its index, unless readers look at that index already: then it has succeeded."""
    if jobs.get(connection, job.id).ended:
        # Whoever ended it has dropped its index. One that is being built now belongs to another rebuild.
        return
    building = [target.name for target in registry.targets(connection) if target.state == registry.BUILDING]
    name = next(iter(building), None)
    if name and client.indices.exists_alias(name=read_alias(settings.index_prefix), index=name):
        with connection.transaction():
            registry.promote(connection, name)
        release_quarantined(connection)
        jobs.end(connection, job.id, jobs.DONE)
        return
    jobs.end(connection, job.id, state, error)
    failpoint(settings, "rebuild.before_drop")
    if name:
        drop(connection, client, settings, name)
