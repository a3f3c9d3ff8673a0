"""Who is asking, and whether they may: bearer tokens (RFC 6750) and roles."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer
from starlette.requests import Request

from api.dependencies import DatabaseDep, SettingsDep
from catalog.database import Database
from catalog.errors import Forbidden, Unauthenticated
from catalog.services import tokens, users
from catalog.services.passwords import MAX_PASSWORD, verify_password
from catalog.services.users import Account

TOKEN_URL = "/api/v1/auth/token"  # noqa: S105 - an address, not a secret
WRITERS = ("admin", "editor")
MERCHANDISERS = ("admin", "merchandiser")

_bearer = OAuth2PasswordBearer(tokenUrl=TOKEN_URL, auto_error=False, scheme_name="password")


async def current_claims(settings: SettingsDep, token: Annotated[str | None, Depends(_bearer)]) -> tokens.Claims | None:
    """What the token says, without a look into the database; None without one. Raises Unauthenticated for a bad one."""
    return tokens.verify(settings, token) if token else None


async def current_user(
    database: DatabaseDep, claims: Annotated[tokens.Claims | None, Depends(current_claims)]
) -> Account | None:
    """The account behind the token with the role that it has now; None without a token.

    Raises Unauthenticated when the token is bad or the account was deactivated since.
    """
    if claims is None:
        return None
    account = await database.run(users.by_id, claims.user_id)
    if account is None:
        raise Unauthenticated("The account of this token is no longer active.")
    return account


CurrentUser = Annotated[Account | None, Depends(current_user)]


def require(*roles: str) -> Callable[[Account | None], Awaitable[Account]]:
    """A dependency that lets only these roles in: 401 without a token, 403 with another role."""

    async def dependency(user: CurrentUser) -> Account:
        if user is None:
            raise Unauthenticated(f"This needs a token with the role {' or '.join(roles)}: ask for one at {TOKEN_URL}.")
        if user.role not in roles:
            raise Forbidden(f"This needs the role {' or '.join(roles)}; yours is {user.role}.")
        return user

    return dependency


Writer = Annotated[Account, Depends(require(*WRITERS))]
Admin = Annotated[Account, Depends(require("admin"))]
Merchandiser = Annotated[Account, Depends(require(*MERCHANDISERS))]


async def sees_published_only(user: CurrentUser) -> bool:
    """Drafts, archived products and those outside their dates are for the people who edit them."""
    return user is None or user.role not in WRITERS


PublishedOnly = Annotated[bool, Depends(sees_published_only)]


async def may_search(settings: SettingsDep, claims: Annotated[tokens.Claims | None, Depends(current_claims)]) -> None:
    """Anybody while `public_search` is set, otherwise everybody with a token; a bad token is refused in any case."""
    if claims is None and not settings.public_search:
        raise Unauthenticated(f"This catalogue is searched with a token only: ask for one at {TOKEN_URL}.")


def require_merchandiser(claims: tokens.Claims | None, parameter: str) -> None:
    """Raises Unauthenticated or Forbidden unless the token lets its owner see how results are made."""
    needs = f"{parameter} needs the role {' or '.join(MERCHANDISERS)}"
    if claims is None:
        raise Unauthenticated(f"{needs}: ask for a token at {TOKEN_URL}.")
    if claims.role not in MERCHANDISERS:
        raise Forbidden(f"{needs}; yours is {claims.role}.")


async def log_in(request: Request, database: Database, email: str, password: str) -> Account:
    """The account of this address and password. Raises Unauthenticated, equally slowly whichever of them is wrong."""
    account = await database.run(users.by_email, email)
    password_hash = account.password_hash if account else None
    limiter: anyio.CapacityLimiter = request.app.state.password_limiter
    right = await anyio.to_thread.run_sync(verify_password, password[:MAX_PASSWORD], password_hash, limiter=limiter)
    if account is None or not right:
        raise Unauthenticated("The e-mail address or the password is wrong.")
    return account
