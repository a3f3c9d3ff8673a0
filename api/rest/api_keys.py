"""API keys, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from api.auth import Admin
from api.dependencies import DatabaseDep, SettingsDep, parse_id
from api.problems import answers
from api.rest.products import Page, PerPage
from api.routing import StrictRoute
from catalog.errors import FieldError, InvalidInput
from catalog.schemas.api_key import ApiKeyCreated, ApiKeyIn, ApiKeyPage
from catalog.schemas.fields import option_text
from catalog.services import api_keys
from search.parameters import pairs_of, parse_forced

router = APIRouter(prefix="/api/v1/api-keys", tags=["users"], route_class=StrictRoute)


async def _key_id(key_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return parse_id(key_id, "API key")


KeyId = Annotated[UUID, Depends(_key_id)]


@router.get("", summary="List API keys", responses=answers(401, 403, 422, 503))
async def list_keys(database: DatabaseDep, _: Admin, page: Page = 1, per_page: PerPage = 20) -> ApiKeyPage:
    """Newest first, also those that have ended; never the secret part."""
    return await database.run(api_keys.list_page, page, per_page)


@router.post("", status_code=201, summary="Create an API key", responses=answers(401, 403, 409, 413, 422, 503))
async def create_key(
    payload: ApiKeyIn, response: Response, settings: SettingsDep, database: DatabaseDep, admin: Admin
) -> ApiKeyCreated:
    """`key` is shown in this answer and never again. Send it as `X-API-Key` or as `Authorization: Bearer`."""
    response.headers["Cache-Control"] = "no-store"
    return await database.run(api_keys.create, admin, settings, payload, _forced(payload))


@router.delete("/{key_id}", status_code=204, summary="Revoke an API key", responses=answers(401, 403, 404, 422, 503))
async def revoke_key(key_id: KeyId, database: DatabaseDep, admin: Admin) -> None:
    """For good. Searches with it end within some seconds, everything else at once."""
    await database.run(api_keys.revoke, admin.id, key_id)


def _forced(payload: ApiKeyIn) -> list[tuple[str, str]]:
    """The pairs, by the rules of a search. Raises InvalidInput that names each field as it was sent."""
    try:
        pairs = [(name, option_text(value)) for name, value in pairs_of(payload.forced)]
        parse_forced(pairs)
    except InvalidInput as error:
        faults = tuple(FieldError(f"forced.{fault.field}", fault.message) for fault in error.errors)
        raise InvalidInput(f"forced.{error}", faults) from error
    return pairs
