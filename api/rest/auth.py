"""Logging in."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.auth import log_in
from api.dependencies import DatabaseDep, SettingsDep
from api.problems import answers
from api.routing import StrictRoute
from catalog.services import tokens

router = APIRouter(prefix="/api/v1/auth", tags=["auth"], route_class=StrictRoute)


class Token(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token
    expires_in: int


@router.post("/token", summary="Log in", responses=answers(401, 413, 422, 503))
async def token(
    request: Request,
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
) -> Token:
    """OAuth2 password form (RFC 6749, 4.3) with the e-mail address as `username`; then `Authorization: Bearer …`."""
    account = await log_in(request, database, form.username, form.password)
    response.headers["Cache-Control"] = "no-store"
    return Token(access_token=tokens.issue(settings, account.id, account.role), expires_in=settings.jwt_ttl_seconds)
