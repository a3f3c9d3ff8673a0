"""Rows of `jobs` as the indexer uses them: long work that any process may ask for and any worker may carry on.

What the API does with the same rows is in `catalog.services.jobs`; what both know of them in `catalog.models.job`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from catalog.errors import Conflict
from catalog.models.job import ACTIVE, JobState

_COLUMNS = "id, kind, state, params, progress, error, cancel_requested, started_at"
_ACTIVE = f"SELECT {_COLUMNS} FROM jobs WHERE kind = %s AND {ACTIVE}"  # noqa: S608 - constants
_BY_ID = f"SELECT {_COLUMNS} FROM jobs WHERE id = %s"  # noqa: S608 - constants
_QUEUE = f"""
INSERT INTO jobs (kind, params) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
"""  # noqa: S608 - constants
_END = f"""
UPDATE jobs SET state = %s, error = %s, finished_at = clock_timestamp() WHERE id = %s AND {ACTIVE}
"""  # noqa: S608 - a constant
_REQUEST_CANCEL = f"UPDATE jobs SET cancel_requested = true WHERE kind = %s AND {ACTIVE}"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Job:
    """One row of `jobs` as it was read."""

    id: UUID
    #: REINDEX or RECONCILE.
    kind: str
    #: A `JobState`.
    state: str
    #: What it is to do, a small JSON object.
    params: dict[str, Any]
    #: How far it is, a small JSON object.
    progress: dict[str, Any]
    #: Why it failed.
    error: str | None
    cancel_requested: bool
    started_at: datetime | None

    @property
    def trail(self) -> dict[str, Any]:
        """Fields for log lines about this job: the request that asked for it is in the API's log under the same id."""
        return {name: self.params[name] for name in ("request_id",) if name in self.params}

    @property
    def ended(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def queue(connection: psycopg.Connection[Any], kind: str, params: dict[str, Any]) -> Job:
    """A new job for the workers. Raises Conflict while another one of its kind has not ended."""
    row = connection.execute(_QUEUE, (kind, Jsonb(params))).fetchone()
    if row is None:
        raise Conflict(f"A {kind} is running already. Wait for it to end, or cancel it.")
    return Job(*row)


def active(connection: psycopg.Connection[Any], kind: str) -> Job | None:
    """The job of this kind that has not ended; there is at most one."""
    row = connection.execute(_ACTIVE, (kind,)).fetchone()
    return Job(*row) if row else None


def get(connection: psycopg.Connection[Any], job_id: UUID) -> Job:
    """Raises LookupError."""
    row = connection.execute(_BY_ID, (job_id,)).fetchone()
    if row is None:
        raise LookupError(f"there is no job {job_id}")
    return Job(*row)


def run(connection: psycopg.Connection[Any], job_id: UUID) -> None:
    """From queued to running."""
    connection.execute(
        "UPDATE jobs SET state = 'running', started_at = coalesce(started_at, clock_timestamp()) "
        "WHERE id = %s AND state = 'queued'",
        (job_id,),
    )


def note(connection: psycopg.Connection[Any], job_id: UUID, **progress: Any) -> None:
    """Add to the job's progress."""
    connection.execute("UPDATE jobs SET progress = progress || %s WHERE id = %s", (Jsonb(progress), job_id))


def end(connection: psycopg.Connection[Any], job_id: UUID, state: JobState, error: str | None = None) -> None:
    """The last state of a job; a job that has ended already keeps its own."""
    connection.execute(_END, (state, error, job_id))


def request_cancel(connection: psycopg.Connection[Any], kind: str) -> bool:
    """Ask the workers to end the active job; False when there is none."""
    return connection.execute(_REQUEST_CANCEL, (kind,)).rowcount > 0
