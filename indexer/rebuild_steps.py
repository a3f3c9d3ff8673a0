"""The steps of a rebuild: create the index, fill it chunk by chunk, compare, switch; or end it without its index.

Order matters: the index is registered before the backfill reads a row, so a change is either seen by the backfill or
written by live sync, which reads the registry in the snapshot of its rows. Versions make the overlap harmless.
"""

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

import structlog
from elasticsearch import ApiError, TransportError

from catalog.errors import Conflict
from catalog.failpoints import failpoint
from catalog.models.job import JobState
from indexer import chunks, jobs, registry
from indexer.bulk import stored_versions
from indexer.compare import format_differences, lasting_differences
from indexer.indexer import Indexer
from indexer.jobs import Job
from indexer.loading import Unavailable, load
from indexer.maintenance import clear_leftovers, drop_index
from indexer.requeue import requeue_quarantined
from indexer.switch import locked, switch
from mappings.analysis import analysis
from mappings.names import index_name, read_alias, write_alias
from mappings.schema import CURRENT, SCHEMAS

log = structlog.get_logger()

# Answers of the class 4xx that end by themselves, by status, and those that end when a block is lifted, by type.
BUSY_STATUSES = (408, 429)
BLOCK_ERROR_TYPES = ("cluster_block_exception", "index_closed_exception")
# Products whose versions are asked for in one request.
PAGE_SIZE = 1000
QUARANTINED = """
SELECT product_id, version FROM product_sync
WHERE version > synced_version AND next_attempt_at = 'infinity' AND NOT deleted ORDER BY product_id
"""


class Step(Enum):
    """What became of one step."""

    WORKED = "worked"
    #: Other processes work on what is left; try again in a moment.
    WAITING = "waiting"
    #: Elasticsearch takes no writes; pause before the next step.
    UNAVAILABLE = "unavailable"
    #: There is no rebuild to carry on.
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A rebuild as one process carries it on, from the row of its job."""

    indexer: Indexer
    #: As it was when the step began.
    job: Job

    def step(self, max_chunks: int) -> Step:
        """The next one, with up to `max_chunks` chunks; an error that Elasticsearch will not take back ends it."""
        connection, job = self.indexer.connection, self.job
        try:
            if job.cancel_requested:
                return self._cancel()
            if job.state == JobState.QUEUED:
                return self._prepare()
            if (chunk := chunks.claim(connection, job.id)) is not None:
                return self._backfill(chunk, max_chunks)
            if chunks.count(connection, job.id).left:
                return Step.WAITING
            return self._finish()
        except Conflict as error:
            return self._fail(str(error))
        except (ApiError, TransportError) as error:
            if _is_permanent(error):
                return self._fail(f"Elasticsearch refuses the rebuild: {error}")
            return _unavailable(error)

    def _current_job(self) -> Job:
        """The row now: another process may have carried the rebuild on meanwhile."""
        return jobs.get(self.indexer.connection, self.job.id)

    def _note(self, **progress: object) -> None:
        jobs.note(self.indexer.connection, self.job.id, **progress)

    def _prepare(self) -> Step:
        """A new, registered index and the plan of its chunks. Killed halfway, it begins again from nothing."""
        connection, settings = self.indexer.connection, self.indexer.settings
        with locked(connection) as mine:
            if not mine or self._current_job().state != JobState.QUEUED:
                return Step.WAITING
            clear_leftovers(self.indexer)
            name = self._create_index(self.job.params.get("shards") or settings.index_shards)
            failpoint(settings, "rebuild.after_create")
            chunks.plan(connection, self.job.id)
            row = connection.execute("SELECT count(*) FROM products").fetchone()
            self._note(index=name, phase="filling", total=int(row[0]) if row else 0)
            jobs.run(connection, self.job.id)
            log.info("rebuild.begun", job_id=str(self.job.id), index=name)
        return Step.WORKED

    def _create_index(self, shards: int) -> str:
        settings = self.indexer.settings
        name = index_name(settings.index_prefix, f"{datetime.now(UTC):%Y%m%dt%H%M%S}-{secrets.token_hex(2)}")
        schema = SCHEMAS[CURRENT]
        self.indexer.client.indices.create(
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
        registry.register(self.indexer.connection, name, schema.version)
        return name

    def _backfill(self, chunk: chunks.Chunk, max_chunks: int) -> Step:
        connection, target = self.indexer.connection, self._target()
        if target.unsupported_schema:
            chunks.release(connection, chunk)
            log.warning("rebuild.left_alone", error=target.unsupported_schema)
            return Step.UNAVAILABLE
        claims = [chunk]

        def claim_following() -> Iterator[chunks.Chunk]:
            yield chunk
            while len(claims) < max_chunks and (following := chunks.claim(connection, self.job.id)) is not None:
                claims.append(following)
                yield following

        def finish(chunk: chunks.Chunk, documents: int) -> None:
            failpoint(self.indexer.settings, "rebuild.after_chunk")
            chunks.done(connection, chunk, documents)

        try:
            load(self.indexer, target, claim_following(), finish)
        except Unavailable as error:
            for claim in claims:
                chunks.release(connection, claim)
            if not self.indexer.client.indices.exists(index=target.name):
                raise Conflict(f"{target.name} is gone from Elasticsearch. The live index is unchanged.") from error
            log.warning("rebuild.unavailable", error=str(error))
            return Step.UNAVAILABLE
        return Step.WORKED

    def _target(self) -> registry.Target:
        """The new index. Raises Conflict when it can't go live any more."""
        name = self.job.progress["index"]
        for target in registry.targets(self.indexer.connection):
            if target.name == name and target.given_up:
                raise Conflict(f"{name} could not take every change: {target.error}. The live index is unchanged.")
            if target.name == name:
                return target
        raise Conflict(f"{name} is no longer registered. The live index is unchanged.")

    def _finish(self) -> Step:
        """Compare and switch. Killed after the switch, the next one finds the alias moved and only records it."""
        connection, settings = self.indexer.connection, self.indexer.settings
        with locked(connection) as mine:
            if not mine or self._current_job().ended:
                return Step.WAITING
            target = self._target()
            if target.failing:
                return Step.UNAVAILABLE
            if not self._is_read(target.name):
                self._note(phase="comparing")
                self._prepare_for_search(target.name)
                self._refuse_if_different(target.name)
                self._note_left_out(target)
                failpoint(settings, "rebuild.before_switch")
            switch(self.indexer, target.name)
            if chunks.count(connection, self.job.id).documents:
                self._force_merge(target.name)
            self._note(phase="live")
            jobs.end(connection, self.job.id, JobState.DONE)
            log.info("rebuild.done", job_id=str(self.job.id), index=target.name)
        return Step.WORKED

    def _is_read(self, name: str) -> bool:
        alias = read_alias(self.indexer.settings.index_prefix)
        return bool(self.indexer.client.indices.exists_alias(name=alias, index=name))

    def _prepare_for_search(self, name: str) -> None:
        settings = self.indexer.settings
        options = {
            "refresh_interval": settings.index_refresh_interval,
            "number_of_replicas": settings.index_replicas,
        }
        self.indexer.client.indices.put_settings(index=name, settings={"index": options})

    def _force_merge(self, name: str) -> None:
        """Have Elasticsearch make one segment of what was written in many: a search looks its words up in each of them.

        Nothing waits for it, and nothing but speed is lost with it (docs/decisions/0023-one-segment.md).
        """
        with suppress(ApiError, TransportError):
            self.indexer.client.indices.forcemerge(index=name, max_num_segments=1, wait_for_completion=False)

    def _note_left_out(self, target: registry.Target) -> None:
        """Quarantined products are pending, so the comparison leaves them out: that some go missing must be said."""
        quarantined = dict(self.indexer.connection.execute(QUARANTINED).fetchall())
        ids, count = list(quarantined), 0
        for start in range(0, len(ids), PAGE_SIZE):
            page = ids[start : start + PAGE_SIZE]
            versions = stored_versions(self.indexer.client, target.alias, page)
            count += sum(versions.get(product_id) != quarantined[product_id] for product_id in page)
        self._note(left_out=count)
        if count:
            log.warning("rebuild.left_out", index=target.name, count=count)

    def _refuse_if_different(self, name: str) -> None:
        differences = lasting_differences(self.indexer, name)
        row = self.indexer.connection.execute("SELECT error FROM search_indexes WHERE name = %s", (name,)).fetchone()
        if row and row[0]:
            raise Conflict(f"A live write did not fit the new index: {row[0]}. The live index is unchanged.")
        if differences:
            text = format_differences(differences)
            raise Conflict(f"The new index differs from Postgres: {text}. The live index is unchanged.")

    def _cancel(self) -> Step:
        with locked(self.indexer.connection) as mine:
            if not mine:
                return Step.WAITING
            self._end_unless_switched(JobState.CANCELLED)
        return Step.ENDED

    def _fail(self, reason: str) -> Step:
        log.error("rebuild.failed", error=reason)
        with locked(self.indexer.connection, wait=True):
            try:
                self._end_unless_switched(JobState.FAILED, reason)
            except (ApiError, TransportError) as error:
                return _unavailable(error)
        return Step.ENDED

    def _end_unless_switched(self, state: JobState, error: str | None = None) -> None:
        """End a rebuild without its index, unless readers look at that index already: then it has succeeded."""
        connection = self.indexer.connection
        if self._current_job().ended:
            # The process that ended it has dropped its index. One that is being built now belongs to another rebuild.
            return
        building = [target.name for target in registry.targets(connection) if target.state == registry.BUILDING]
        name = next(iter(building), None)
        if name and self._is_read(name):
            with connection.transaction():
                registry.promote(connection, name)
            requeue_quarantined(connection)
            jobs.end(connection, self.job.id, JobState.DONE)
            return
        jobs.end(connection, self.job.id, state, error)
        failpoint(self.indexer.settings, "rebuild.before_drop")
        if name:
            drop_index(self.indexer, name)


def _is_permanent(error: ApiError | TransportError) -> bool:
    """Whether Elasticsearch will give the same answer until its configuration or the request is changed."""
    if not isinstance(error, ApiError) or not 400 <= error.status_code < 500 or error.status_code in BUSY_STATUSES:
        return False
    return error.error not in BLOCK_ERROR_TYPES


def _unavailable(error: ApiError | TransportError) -> Step:
    log.warning("rebuild.unavailable", error=f"{type(error).__name__}: {error.message}")
    return Step.UNAVAILABLE
