"""Rebuilds of the index, for administrators: start, progress, history, cancel. Workers do the work."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path
from starlette.responses import Response

from api.auth import Admin
from api.dependencies import DatabaseDep, parse_id
from api.problems import answers
from api.rest.products import Page, PerPage
from api.routing import StrictRoute
from catalog.schemas.job import ReindexIn, ReindexOut, ReindexPage
from catalog.services import jobs

router = APIRouter(prefix="/api/v1/admin/reindex", tags=["admin"], route_class=StrictRoute)


async def _job_id(job_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return parse_id(job_id, "rebuild")


JobId = Annotated[UUID, Depends(_job_id)]


@router.post("", status_code=202, summary="Rebuild the index", responses=answers(401, 403, 409, 413, 422, 503))
async def start_reindex(
    database: DatabaseDep,
    user: Admin,
    response: Response,
    payload: Annotated[ReindexIn | None, Body()] = None,
) -> ReindexOut:
    """A new index is built beside the live one, compared with Postgres, and put in its place by the workers.

    409 with the id of the one under way: there is one at a time, whoever started it.
    """
    job = await database.run(jobs.start_reindex, payload.shards if payload else None, user)
    response.headers["Location"] = f"{router.prefix}/{job.id}"
    return job


@router.get("", summary="The rebuilds so far", responses=answers(401, 403, 422, 503))
async def list_reindexes(database: DatabaseDep, _: Admin, page: Page = 1, per_page: PerPage = 20) -> ReindexPage:
    """Newest first, whoever started them."""
    return await database.run(jobs.list_reindexes, page, per_page)


@router.get("/{job_id}", summary="How far a rebuild is", responses=answers(401, 403, 404, 422, 503))
async def get_reindex(job_id: JobId, database: DatabaseDep, _: Admin) -> ReindexOut:
    """Ask again until its `state` is done, failed or cancelled; `error` says why it failed."""
    return await database.run(jobs.get_reindex, job_id)


@router.post(
    "/{job_id}/cancel", status_code=202, summary="Cancel a rebuild", responses=answers(401, 403, 404, 409, 422, 503)
)
async def cancel_reindex(job_id: JobId, database: DatabaseDep, user: Admin) -> ReindexOut:
    """The workers end it at their next step; the live index stays. One that readers see already ends as done.

    409 when it has ended.
    """
    return await database.run(jobs.cancel_reindex, job_id, user)
