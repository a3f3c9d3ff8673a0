"""The audit log, for administrators: who changed what (docs/identity.md)."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import Admin
from api.dependencies import DatabaseDep
from api.problems import answers
from api.rest.products import Page, PerPage, QueryText
from api.routing import StrictRoute
from catalog.schemas.audit import AuditPage
from catalog.services import audit

router = APIRouter(prefix="/api/v1/admin/audit", tags=["admin"], route_class=StrictRoute)

Actor = Annotated[QueryText, Query(max_length=300, description="`user:ID`, `key:ID`, `oidc:SUBJECT` or `cli`")]
Action = Annotated[QueryText, Query(max_length=60, description="such as `product.update`")]
Target = Annotated[QueryText, Query(max_length=300, description="such as `product:ID`")]


@router.get("", summary="Who changed what", responses=answers(401, 403, 422, 503))
async def list_audit(
    database: DatabaseDep,
    _: Admin,
    page: Page = 1,
    per_page: PerPage = 20,
    actor: Actor = "",
    action: Action = "",
    target: Target = "",
) -> AuditPage:
    """The latest first."""
    return await database.run(audit.list_page, page, per_page, actor=actor, action=action, target=target)
