"""Users, for administrators. Nobody is deleted: what they did keeps their name."""

from typing import Annotated
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Depends, Path
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Admin
from api.dependencies import DatabaseDep, parse_id
from api.problems import answers
from api.rest.products import Page, PerPage
from api.routing import StrictRoute
from catalog.schemas.user import UserIn, UserOut, UserPage, UserPatch
from catalog.services import users
from catalog.services.passwords import hash_password

router = APIRouter(prefix="/api/v1/users", tags=["users"], route_class=StrictRoute)


async def _user_id(user_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return parse_id(user_id, "user")


UserId = Annotated[UUID, Depends(_user_id)]


async def _hashed(request: Request, password: SecretStr) -> str:
    limiter: anyio.CapacityLimiter = request.app.state.password_limiter
    return await anyio.to_thread.run_sync(hash_password, password.get_secret_value(), limiter=limiter)


@router.get("", summary="List users", responses=answers(401, 403, 422, 503))
async def list_users(database: DatabaseDep, _: Admin, page: Page = 1, per_page: PerPage = 20) -> UserPage:
    """Newest first, also those that are not active."""
    return await database.run(users.list_page, page, per_page)


@router.post("", status_code=201, summary="Create a user", responses=answers(401, 403, 409, 413, 422, 503))
async def create_user(
    request: Request, payload: UserIn, response: Response, database: DatabaseDep, admin: Admin
) -> UserOut:
    """409 when there is a user with this address already, whatever its case."""
    password_hash = await _hashed(request, payload.password)
    await database.run(users.create, payload.email, payload.role, password_hash, by=admin.id)
    user = await database.run(users.find, payload.email)
    response.headers["Location"] = f"{router.prefix}/{user.id}"
    return user


@router.get("/{user_id}", summary="Read a user", responses=answers(401, 403, 404, 422, 503))
async def get_user(user_id: UserId, database: DatabaseDep, _: Admin) -> UserOut:
    return await database.run(users.get, user_id)


@router.patch("/{user_id}", summary="Change a user", responses=answers(401, 403, 404, 409, 413, 422, 503))
async def patch_user(
    request: Request, user_id: UserId, payload: UserPatch, database: DatabaseDep, admin: Admin
) -> UserOut:
    """`active: false` and a new password end all sessions and tokens. 409 for the last active administrator."""
    password_hash = await _hashed(request, payload.password) if payload.password else None
    role, active = payload.role, payload.active
    return await database.run(users.patch, admin.id, user_id, role=role, active=active, password_hash=password_hash)


@router.post(
    "/{user_id}/logout",
    status_code=204,
    summary="Log a user out everywhere",
    responses=answers(401, 403, 404, 422, 503),
)
async def log_user_out(user_id: UserId, database: DatabaseDep, admin: Admin) -> None:
    """Ends all sessions and tokens; the password stays."""
    await database.run(users.log_out, admin.id, user_id)
