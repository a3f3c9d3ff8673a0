"""Synonyms, for merchandisers: searches follow within about a second, without a reindex (docs/synonyms.md)."""

from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from api.auth import Merchandiser
from api.dependencies import DatabaseDep, parse_id
from api.problems import answers
from api.rest.products import Page, PerPage, QueryText
from api.routing import StrictRoute
from catalog.schemas.synonym import SynonymIn, SynonymOut, SynonymPage
from catalog.services import synonyms

router = APIRouter(prefix="/api/v1/merchandising/synonyms", tags=["merchandising"], route_class=StrictRoute)

Part = Annotated[QueryText, Query(max_length=100, description="entries with a term that contains this, in any case")]
_log = structlog.get_logger()


async def _synonym_id(synonym_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return parse_id(synonym_id, "entry of synonyms")


SynonymId = Annotated[UUID, Depends(_synonym_id)]


@router.get("", summary="List synonyms", responses=answers(401, 403, 422, 503))
async def list_synonyms(
    database: DatabaseDep, _: Merchandiser, page: Page = 1, per_page: PerPage = 20, search: Part = ""
) -> SynonymPage:
    """The latest change first."""
    return await database.run(synonyms.list_page, page, per_page, search)


@router.post("", status_code=201, summary="Add synonyms", responses=answers(401, 403, 409, 413, 422, 503))
async def create_synonym(
    payload: SynonymIn, response: Response, database: DatabaseDep, user: Merchandiser
) -> SynonymOut:
    """409 when there is such an entry already, or no room for another."""
    entry = await database.run(synonyms.create, payload, user)
    response.headers["Location"] = f"{router.prefix}/{entry.id}"
    _log.info("synonyms.changed", action="create", id=str(entry.id), by=user.id)
    return entry


@router.get("/{synonym_id}", summary="Read an entry of synonyms", responses=answers(401, 403, 404, 422, 503))
async def get_synonym(synonym_id: SynonymId, database: DatabaseDep, _: Merchandiser) -> SynonymOut:
    return await database.run(synonyms.get, synonym_id)


@router.put(
    "/{synonym_id}", summary="Replace an entry of synonyms", responses=answers(401, 403, 404, 409, 413, 422, 503)
)
async def replace_synonym(
    synonym_id: SynonymId, payload: SynonymIn, database: DatabaseDep, user: Merchandiser
) -> SynonymOut:
    """409 when another entry says the same."""
    entry = await database.run(synonyms.replace, synonym_id, payload, user)
    _log.info("synonyms.changed", action="replace", id=str(entry.id), by=user.id)
    return entry


@router.delete(
    "/{synonym_id}", status_code=204, summary="Delete an entry of synonyms", responses=answers(401, 403, 404, 422, 503)
)
async def delete_synonym(synonym_id: SynonymId, database: DatabaseDep, user: Merchandiser) -> None:
    await database.run(synonyms.delete, synonym_id, user)
    _log.info("synonyms.changed", action="delete", id=str(synonym_id), by=user.id)
