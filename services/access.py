"""What a principal may do, and what it may see: asked by each service before anything is read or written."""

from functools import lru_cache

from catalog.errors import Forbidden, InvalidInput, Unauthenticated
from catalog.filter_conditions import Forced
from catalog.principals import Permission, Principal
from catalog.settings import Settings
from search.parameters import parse_forced
from services.identity import Identity

_parsed = lru_cache(1024)(parse_forced)


def forced_of(who: Principal) -> Forced:
    """The filters that hold for all that this principal is shown. Raises Forbidden where they can't be read."""
    try:
        return _parsed(who.forced)
    except InvalidInput as error:
        raise Forbidden("The filters of this credential are none of this service: it needs a new one.") from error


class Access:
    """The rights of principals. One instance serves a whole process."""

    def __init__(self, settings: Settings, identity: Identity) -> None:
        self._settings = settings
        self._identity = identity

    def search(self, who: Principal) -> Forced:
        """The filters that hold for this principal's searches. Raises Unauthenticated and Forbidden."""
        if who.anonymous and not self._settings.public_search:
            raise Unauthenticated(
                "This catalogue is searched with a credential only: ask for a token at /api/v1/auth/token."
            )
        who.require("search", "Search")
        return forced_of(who)

    async def confirm(self, who: Principal) -> Principal:
        """The principal as it is now. Raises Unauthenticated where its account or session has ended."""
        return await self._identity.confirm(who)

    async def visibility(self, who: Principal) -> tuple[bool, Forced]:
        """Whether published products alone, as the others are for editors; and under which filters.

        Raises Unauthenticated and Forbidden.
        """
        who.require("read", "Reading")
        confirmed = await self.confirm(who)
        return "read_drafts" not in confirmed.may, forced_of(confirmed)

    async def require(self, who: Principal, permission: Permission) -> Principal:
        """The principal as it is now, with this right; also one with forced filters. Raises Forbidden."""
        confirmed = await self.confirm(who)
        confirmed.require(permission)
        return confirmed

    async def require_unscoped(self, who: Principal, permission: Permission) -> Principal:
        """The principal as it is now, with this right and without forced filters. Raises Forbidden."""
        confirmed = await self.require(who, permission)
        if confirmed.forced:
            raise Forbidden("This can't be done with a credential that has forced filters.")
        return confirmed
