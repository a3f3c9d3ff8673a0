"""The limiter before every HTTP request: whoever has spent the budget is refused before a body is read."""

from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.limits.costs import charge
from api.limits.limiter import Decision, Limiter
from api.problems import respond
from catalog.errors import CatalogError, TooManyRequests
from catalog.principals import ANYBODY, Principal
from services.identity import Identity


class RateLimit:
    """Leaves `principal` (when there is a credential that holds) and `rate_limit` in the scope."""

    def __init__(self, app: ASGIApp, limiter: Limiter, identity: Identity) -> None:
        self.app = app
        self.limiter = limiter
        self.identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kind, cost = charge(scope["method"], scope["path"], scope["query_string"])
            if cost:
                who = await self._identified(scope)
                try:
                    scope["rate_limit"] = await self.limiter.spend(who, scope["client_address"], cost, kind)
                except TooManyRequests as error:
                    await respond(scope["request_id"], error)(scope, receive, send)
                    return
        await self.app(scope, receive, send)

    async def _identified(self, scope: Scope) -> Principal:
        """A credential that does not hold is answered by the endpoint; what it costs is the address's."""
        headers = Headers(scope=scope)
        authorization, api_key = headers.get("authorization"), headers.get("x-api-key")
        if not (authorization or api_key):
            return ANYBODY
        try:
            who: Principal = await self.identity.identify(authorization, api_key)
        except (CatalogError, DBAPIError, PoolTimeout):
            return ANYBODY
        scope["principal"] = who
        return who


async def pay(request: Request, who: Principal, cost: int) -> None:
    """What a request turns out to cost beyond what it has paid. Raises TooManyRequests."""
    if cost:
        limiter: Limiter = request.app.state.limiter
        request.scope["rate_limit"] = await limiter.spend(who, request.scope["client_address"], cost, "search")


def headers_of(decision: Any) -> list[tuple[bytes, bytes]]:
    """RateLimit and RateLimit-Policy, as draft-ietf-httpapi-ratelimit-headers has them since its version 08."""
    if not isinstance(decision, Decision) or not decision.limit:
        return []
    name, left = decision.policy, f"r={decision.remaining};t={decision.reset}"
    return [
        (b"ratelimit-policy", f'"{name}";q={decision.limit};w={decision.window}'.encode()),
        (b"ratelimit", f'"{name}";{left}'.encode()),
    ]
