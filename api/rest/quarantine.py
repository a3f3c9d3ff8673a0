"""Products that the index refused for good, for administrators: list, replay, drop (docs/quarantine.md)."""

from uuid import UUID

import structlog
from fastapi import APIRouter

from api.auth import Admin
from api.dependencies import DatabaseDep
from api.problems import answers
from api.rest.products import Page, PerPage
from api.routing import StrictRoute
from catalog.database import Database
from catalog.principals import Principal
from catalog.schemas.quarantine import DropOut, QuarantinePage, QuarantineSelection, ReplayOut
from catalog.services import quarantine
from catalog.services.quarantine import Action

router = APIRouter(prefix="/api/v1/admin/quarantine", tags=["admin"], route_class=StrictRoute)

_CHANGE = answers(401, 403, 413, 422, 503)
_log = structlog.get_logger()


@router.get("", summary="What is in quarantine", responses=answers(401, 403, 422, 503))
async def list_quarantine(database: DatabaseDep, _: Admin, page: Page = 1, per_page: PerPage = 20) -> QuarantinePage:
    """Products whose newest version Elasticsearch refused, each with the reason; the latest change first."""
    return await database.run(quarantine.list_page, page, per_page)


@router.post("/replay", summary="Try quarantined products again", responses=_CHANGE)
async def replay(payload: QuarantineSelection, database: DatabaseDep, user: Admin) -> ReplayOut:
    """The workers write them anew at once: after a repair of the index, or of what it refused."""
    changed = await _apply(database, Action.REPLAY, payload, user)
    return ReplayOut(replayed=changed[0], not_quarantined=changed[1])


@router.post("/drop", summary="Take quarantined products out of the index", responses=_CHANGE)
async def drop(payload: QuarantineSelection, database: DatabaseDep, user: Admin) -> DropOut:
    """No index shows them until their next change, which puts them back by itself. Postgres keeps them as they are."""
    changed = await _apply(database, Action.DROP, payload, user)
    return DropOut(dropped=changed[0], not_quarantined=changed[1])


async def _apply(
    database: Database, action: Action, selection: QuarantineSelection, user: Principal
) -> tuple[int, list[UUID]]:
    """How many it was done to, and those of the named ones that are not in quarantine."""
    left: list[UUID] = []
    if selection.ids is None:
        count = await quarantine.apply_to_all(database, action, by=user.id)
    else:
        left = await database.run(quarantine.apply, action, selection.ids, user.id)
        count = len(set(selection.ids)) - len(left)
    _log.info("quarantine.changed", action=action.name.lower(), count=count, by=user.id)
    return count, left
