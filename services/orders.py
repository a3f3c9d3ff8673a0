"""Orders: place one, read one's own."""

from uuid import UUID

from catalog.database import Database
from catalog.principals import Principal
from catalog.schemas.order import OrderIn, OrderOut, OrderPage
from catalog.services import orders
from catalog.services.orders import Placed
from catalog.settings import Settings
from services.access import Access, forced_of


class OrderService:
    """What can be done with orders. One instance serves a whole process."""

    def __init__(self, settings: Settings, database: Database, access: Access) -> None:
        self._terms = orders.terms_of(settings)
        self._database = database
        self._access = access

    async def place(self, who: Principal, key: str, payload: OrderIn) -> Placed:
        """The order of this idempotency key, made now or before: of what is in the principal's sight.

        Raises InvalidInput and Conflict.
        """
        buyer = await self._access.require(who, "order")
        return await self._database.run(orders.place, buyer.id, key, payload, self._terms, forced_of(buyer))

    async def get(self, who: Principal, order_id: UUID) -> OrderOut:
        """Raises NotFound, also for another principal's order, unless an administrator asks."""
        reader = await self._access.require(who, "read_orders")
        return await self._database.run(orders.get, order_id, _owner(reader))

    async def list(self, who: Principal, page: int = 1, per_page: int = 20) -> OrderPage:
        """The principal's own, an administrator's those of every principal; the newest first."""
        reader = await self._access.require(who, "read_orders")
        return await self._database.run(orders.list_page, page, per_page, _owner(reader))


def _owner(who: Principal) -> str | None:
    """Whose orders this principal sees, None for all. Those of others may hold what forced filters hide."""
    return None if "administer" in who.may and not who.forced else who.id
