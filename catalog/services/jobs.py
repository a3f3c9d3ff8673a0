"""Rebuilds as an administrator sees them. Only rows are written here: workers do what they ask for."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import Conflict, NotFound
from catalog.models.job import ACTIVE, REINDEX, JobState
from catalog.principals import Principal
from catalog.schemas.job import JobUser, ReindexOut, ReindexPage
from catalog.services import audit

# The speed of now is that of the chunks done in this time; a rebuild that was killed for an hour says nothing about it.
RECENT = "interval '30 seconds'"

_ACTIVE = f"kind = :kind AND {ACTIVE}"

_START = text("""
    INSERT INTO jobs (kind, params, created_by) VALUES (:kind, :params, :user_id) ON CONFLICT DO NOTHING RETURNING id
""").bindparams(bindparam("params", type_=JSONB))
_FIND_ACTIVE = text(f"SELECT id FROM jobs WHERE {_ACTIVE}")  # noqa: S608 - a constant
_CANCEL = text(f"UPDATE jobs SET cancel_requested = true WHERE id = :id AND {_ACTIVE} RETURNING id")  # noqa: S608

_READ = f"""
    SELECT jobs.id, state, error, cancel_requested, jobs.created_at, started_at, finished_at,
           coalesce(progress ->> 'phase', 'preparing') AS phase, progress ->> 'index' AS index,
           coalesce((progress ->> 'total')::bigint, 0) AS planned, (params ->> 'shards')::int AS shards,
           coalesce((progress ->> 'left_out')::bigint, 0) AS left_out,
           users.id AS user_id, users.email, coalesce(chunks.documents, 0)::bigint AS documents,
           coalesce(chunks.recent, 0)::bigint AS recent,
           extract(epoch FROM least(clock_timestamp() - started_at, {RECENT}))::float AS recent_seconds,
           extract(epoch FROM chunks.last_done_at - started_at)::float AS seconds
    FROM jobs LEFT JOIN users ON users.id = jobs.created_by
    LEFT JOIN LATERAL (
        SELECT sum(documents) AS documents, max(done_at) AS last_done_at,
               sum(documents) FILTER (WHERE done_at > clock_timestamp() - {RECENT}) AS recent
        FROM reindex_chunks WHERE job_id = jobs.id
    ) AS chunks ON true
    WHERE kind = :kind
"""  # noqa: S608 - constants
_GET = text(_READ + "AND jobs.id = :id")
_LIST = text(_READ + "ORDER BY jobs.created_at DESC, jobs.id LIMIT :limit OFFSET :offset")
_TOTAL = text("SELECT count(*) FROM jobs WHERE kind = :kind")


async def start_reindex(session: AsyncSession, shards: int | None, by: Principal) -> ReindexOut:
    """A rebuild for the workers to carry out. Raises Conflict, with its id, while another one has not ended."""
    params = {"shards": shards} if shards else {}
    # The workers' log lines carry the id of the request that asked for the work.
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    trail = {"request_id": request_id} if request_id else {}
    values = {"kind": REINDEX, "params": {**params, **trail}, "user_id": by.user_id}
    while (job_id := await session.scalar(_START, values)) is None:
        active = await session.scalar(_FIND_ACTIVE, {"kind": REINDEX})
        if active is not None:  # otherwise it has ended since
            raise Conflict(f"The rebuild {active} has not ended. Wait for it, or cancel it.")
    await audit.record(session, by.id, "reindex.start", f"job:{job_id}", after={"shards": shards})
    return await get_reindex(session, job_id)


async def list_reindexes(session: AsyncSession, page: int, per_page: int) -> ReindexPage:
    """One page of the history, newest first."""
    total = await session.scalar(_TOTAL, {"kind": REINDEX})
    values = {"kind": REINDEX, "limit": per_page, "offset": (page - 1) * per_page}
    items = [_reindex(row) for row in (await session.execute(_LIST, values)).mappings()]
    return ReindexPage(items=items, total=total or 0, page=page, per_page=per_page)


async def get_reindex(session: AsyncSession, job_id: UUID) -> ReindexOut:
    """Raises NotFound."""
    row = (await session.execute(_GET, {"kind": REINDEX, "id": job_id})).mappings().first()
    if row is None:
        raise NotFound(f"There is no rebuild {job_id}.")
    return _reindex(row)


async def cancel_reindex(session: AsyncSession, job_id: UUID, by: Principal) -> ReindexOut:
    """Ask the workers to end it; once more does no harm. Raises NotFound, and Conflict when it has ended."""
    cancelled_id = await session.scalar(_CANCEL, {"kind": REINDEX, "id": job_id})
    job = await get_reindex(session, job_id)
    if cancelled_id is None:
        raise Conflict(f"The rebuild {job_id} has ended already: it is {job.state}.")
    await audit.record(session, by.id, "reindex.cancel", f"job:{job_id}", before={"state": job.state})
    return job


def _reindex(row: Mapping[Any, Any]) -> ReindexOut:
    total = max(row["planned"], row["documents"])
    running = row["state"] == JobState.RUNNING
    documents, seconds = (row["recent"], row["recent_seconds"]) if running else (row["documents"], row["seconds"])
    rate = documents / seconds if seconds else 0.0
    remaining = 0.0 if row["state"] == JobState.DONE else None
    if running and row["phase"] == "filling" and rate:
        remaining = round((total - row["documents"]) / rate, 1)
    user = None if row["user_id"] is None else JobUser(id=row["user_id"], email=row["email"])
    values = {**row, "total": total, "rate": round(rate, 1), "remaining_seconds": remaining, "created_by": user}
    return ReindexOut.model_validate(values)
