"""Logging in, going on with a refresh token, logging out."""

from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Depends, Form
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Who, log_in
from api.dependencies import DatabaseDep, SettingsDep
from api.problems import answers
from api.routing import StrictRoute
from catalog.errors import Forbidden, InvalidInput, Unauthenticated
from catalog.services import sessions, tokens, users
from catalog.services.sessions import TokenGrant, TokenReuse
from services.identity import Identity

router = APIRouter(prefix="/api/v1/auth", tags=["auth"], route_class=StrictRoute)

_log = structlog.get_logger()


class Token(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token
    expires_in: int
    refresh_token: str = Field(description="gives the next pair, once")


class TokenForm:
    """RFC 6749, 4.3 and 6. What else clients send by habit (scope, client_id, client_secret) is not needed."""

    def __init__(
        self,
        grant_type: Annotated[Literal["password", "refresh_token"], Form()] = "password",
        username: Annotated[str | None, Form(description="the e-mail address")] = None,
        password: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
        refresh_token: Annotated[str | None, Form()] = None,
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.refresh_token = refresh_token

    def needed(self, name: str) -> str:
        """Raises InvalidInput without it."""
        value: str | None = getattr(self, name)
        if not value:
            raise InvalidInput.of(name, f"is required for the grant_type {self.grant_type}")
        return value


@router.post("/token", summary="Log in", responses=answers(401, 413, 422, 503))
async def token(
    request: Request,
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
    form: Annotated[TokenForm, Depends()],
) -> Token:
    """OAuth2 password form (RFC 6749, 4.3) with the e-mail address as `username`; then `Authorization: Bearer …`.

    With `grant_type=refresh_token`, the next pair for a refresh token. One that comes a second time ends its session.
    """
    response.headers["Cache-Control"] = "no-store"
    if form.grant_type == "password":
        email, password = form.needed("username"), form.needed("password")
        account = await log_in(request, database, email, password)
        granted: TokenGrant | TokenReuse | None = await database.run(
            sessions.begin, account.id, account.role, account.generation, settings.refresh_ttl_seconds
        )
    else:
        granted = await database.run(sessions.rotate, form.needed("refresh_token"))
    if isinstance(granted, TokenReuse):
        _log.warning("auth.refresh_reused", user_id=str(granted.user_id), session_id=str(granted.session_id))
    if not isinstance(granted, TokenGrant):
        raise Unauthenticated("The refresh token is not valid, or its session has ended. Log in again.")
    access = tokens.issue(
        settings, granted.user_id, granted.role, generation=granted.generation, session=granted.session_id
    )
    return Token(access_token=access, expires_in=settings.jwt_ttl_seconds, refresh_token=granted.refresh_token)


@router.post("/revoke", summary="Revoke a token", responses=answers(413, 422, 503))
async def revoke(
    response: Response,
    settings: SettingsDep,
    database: DatabaseDep,
    token: Annotated[str, Form(min_length=1, description="a refresh token or an access token")],
    token_type_hint: Annotated[str | None, Form()] = None,
    client_id: Annotated[str | None, Form()] = None,
    client_secret: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
) -> None:
    """RFC 7009: ends the session that the token belongs to. 200 also for a token that is none (2.2).

    Having the token is right enough. Access tokens that came from the session end within some seconds.
    """
    response.headers["Cache-Control"] = "no-store"
    if token.startswith(sessions.PREFIX):
        await database.run(sessions.revoke, token)
    elif len(token) <= tokens.MAX_TOKEN:
        try:
            claims = tokens.verify(settings, token)
        except Unauthenticated:
            return
        if claims.session is not None:
            await database.run(sessions.end, claims.session)


@router.post("/logout", status_code=204, summary="Log out everywhere", responses=answers(401, 403, 422, 503))
async def log_out(request: Request, database: DatabaseDep, who: Who) -> None:
    """Ends all sessions of the caller, and every access token that was given to them, on all devices."""
    identity: Identity = request.app.state.identity
    confirmed = await identity.confirm(who)
    if confirmed.anonymous:
        raise Unauthenticated("This needs the token that is to end.")
    if confirmed.user_id is None:
        raise Forbidden("Only users who log in here have sessions. An API key is revoked by an administrator.")
    await database.run(users.log_out, confirmed.id, confirmed.user_id)
