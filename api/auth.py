"""Who is asking over HTTP, and whether they may: dependencies, which come before a body is validated."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import Depends
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer
from starlette.requests import Request

from catalog.database import Database
from catalog.errors import Forbidden, Unauthenticated
from catalog.principals import Permission, Principal
from catalog.services import users
from catalog.services.passwords import MAX_PASSWORD, verify_password
from catalog.services.users import Account
from services.categories import CategoryService
from services.container import Services
from services.identity import Identity
from services.orders import OrderService
from services.products import ProductService
from services.search import SearchService

TOKEN_URL = "/api/v1/auth/token"  # noqa: S105 - an address, not a secret
API_KEY = "X-API-Key"

# For the documentation's sake: `Identity` reads the headers itself.
_bearer = OAuth2PasswordBearer(tokenUrl=TOKEN_URL, refreshUrl=TOKEN_URL, auto_error=False, scheme_name="password")
_api_key = APIKeyHeader(name=API_KEY, auto_error=False, scheme_name="key", description="an API key")


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]


async def _products(services: ServicesDep) -> ProductService:
    return services.products


async def _categories(services: ServicesDep) -> CategoryService:
    return services.categories


async def _orders(services: ServicesDep) -> OrderService:
    return services.orders


async def _search(services: ServicesDep) -> SearchService:
    return services.search


async def current_principal(
    request: Request, _: Annotated[str | None, Depends(_bearer)], __: Annotated[str | None, Depends(_api_key)]
) -> Principal:
    """Who the credential says it is, ANYBODY without one. Raises Unauthenticated for a bad one."""
    known: Principal | None = request.scope.get("principal")
    if known is not None:  # the limiter, which stands before every endpoint, had to know
        return known
    identity: Identity = request.app.state.identity
    return await identity.identify(request.headers.get("Authorization"), request.headers.get(API_KEY))


ProductsDep = Annotated[ProductService, Depends(_products)]
CategoriesDep = Annotated[CategoryService, Depends(_categories)]
OrdersDep = Annotated[OrderService, Depends(_orders)]
SearchDep = Annotated[SearchService, Depends(_search)]
Who = Annotated[Principal, Depends(current_principal)]


def require(permission: Permission) -> Callable[[Request, Who], Awaitable[Principal]]:
    """A dependency that lets in who has the permission at this moment: 401 without a credential, 403 without it."""

    async def dependency(request: Request, who: Who) -> Principal:
        identity: Identity = request.app.state.identity
        confirmed = await identity.confirm(who)
        confirmed.require(permission)
        return confirmed

    return dependency


Writer = Annotated[Principal, Depends(require("write"))]
Admin = Annotated[Principal, Depends(require("administer"))]
Merchandiser = Annotated[Principal, Depends(require("merchandise"))]


async def may_search(services: ServicesDep, who: Who) -> Principal:
    """Anybody while `public_search` is set, otherwise everybody with a credential; a bad one is refused in any case."""
    services.access.search(who)
    return who


async def may_browse(who: Annotated[Principal, Depends(may_search)]) -> None:
    """The shop's pages show the whole catalogue, so that a credential with forced filters does not open them."""
    if who.forced:
        raise Forbidden("The shop's pages do not open with a credential that has forced filters: use the interface.")


Searcher = Annotated[Principal, Depends(may_search)]


async def log_in(request: Request, database: Database, email: str, password: str) -> Account:
    """The account of this address and password. Raises Unauthenticated, equally slowly whichever of them is wrong.

    Raises TooManyRequests after too many failures, before a password is looked at.
    """
    attempt = await request.app.state.limiter.log_in(email, request.scope["client_address"])
    account = await database.run(users.by_email, email)
    password_hash = account.password_hash if account else None
    limiter: anyio.CapacityLimiter = request.app.state.password_limiter
    right = await anyio.to_thread.run_sync(verify_password, password[:MAX_PASSWORD], password_hash, limiter=limiter)
    if account is None or not right:
        raise Unauthenticated("The e-mail address or the password is wrong.")
    await attempt.succeeded()
    return account
