"""What the service offers, with the rights of each call in one place: every front door calls this and nothing below it.

Each method takes the principal as `Identity.identify` gave it. Raises Unauthenticated and Forbidden besides what it
says itself, and Unavailable when a server does not answer.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from anyio import CancelScope

from catalog.database import Database
from catalog.errors import Forbidden, InvalidInput, Unauthenticated
from catalog.principals import Permission, Principal
from catalog.schemas.category import CategoryIn, CategoryNode, CategoryOut, CategoryPatch
from catalog.schemas.order import OrderIn, OrderOut, OrderPage
from catalog.schemas.product_in import ProductIn, ProductPatch
from catalog.schemas.product_out import ProductOut, ProductPage, SyncOut
from catalog.services import audit, audited, categories, ledger, orders, product_reads
from catalog.services.forced import Forced
from catalog.services.orders import Placed
from catalog.services.products import Versions
from catalog.settings import Settings
from search.elasticsearch.engine import SearchEngine
from search.request import SearchRequest, parse_autocomplete, parse_forced
from services.identity import Identity

Parameters = Iterable[tuple[str, str]]


_parsed = lru_cache(1024)(parse_forced)


def forced_of(who: Principal) -> Forced:
    """The filters that hold for all that this principal is shown. Raises Forbidden where they can't be read."""
    try:
        return _parsed(who.forced)
    except InvalidInput as error:
        raise Forbidden("The filters of this credential are none of this service: it needs a new one.") from error


def _orders_of(who: Principal) -> str | None:
    """Whose orders this principal sees, None for everybody's. Those of others may hold what forced filters hide."""
    return None if "administer" in who.may and not who.forced else who.id


class Service:
    """One instance serves a whole process."""

    def __init__(self, settings: Settings, database: Database, identity: Identity, engine: SearchEngine) -> None:
        self.settings = settings
        self.database = database
        self.identity = identity
        self.engine = engine

    async def product(self, who: Principal, product_id: UUID) -> ProductOut:
        """Raises NotFound, also for an unpublished product where these are not to be seen."""
        published, forced = await self._seen_by(who)
        return await self.database.run(
            product_reads.get, product_id, self.settings.currency, published_only=published, forced=forced
        )

    async def product_sync(self, who: Principal, product_id: UUID) -> SyncOut:
        """Where a product stands in the index. Raises NotFound. The error is for those who may read it."""
        _, forced = await self._seen_by(who)
        if forced:
            await self.database.run(product_reads.require_in_sight, product_id, forced)
        status = await self.database.run(ledger.status, product_id)
        return status if "read_sync" in who.may else status.model_copy(update={"error": None})

    async def products(
        self, who: Principal, *, page: int = 1, per_page: int = 20, search: str = "", category: str = ""
    ) -> ProductPage:
        """Newest first, or best match first when searched."""
        query = product_reads.ProductQuery(page, per_page, search, category, *await self._seen_by(who))
        return await self.database.run(product_reads.list_page, query, self.settings.currency)

    async def products_by_id(self, who: Principal, ids: Iterable[UUID]) -> dict[UUID, ProductOut]:
        """Those of these products that the principal may see, in one statement."""
        query = await self._listed(who)
        return await self.database.run(product_reads.by_ids, list(ids), query, self.settings.currency)

    async def products_of_categories(
        self, who: Principal, ids: Iterable[UUID], *, page: int = 1, per_page: int = 20
    ) -> dict[UUID, ProductPage]:
        """The same page of each category with all below it, newest first, in as many statements as for one."""
        query = replace(await self._listed(who), page=page, per_page=per_page)
        return await self.database.run(product_reads.pages_of_categories, list(ids), query, self.settings.currency)

    async def _listed(self, who: Principal) -> product_reads.ProductQuery:
        published, forced = await self._seen_by(who)
        return product_reads.ProductQuery(published_only=published, forced=forced)

    async def create_product(self, who: Principal, payload: ProductIn) -> ProductOut:
        """Raises InvalidInput and Conflict."""
        who = await self._confirmed(who, "write")
        return await self.database.run(audited.create_product, who.id, payload, self.settings.currency)

    async def replace_product(
        self, who: Principal, product_id: UUID, payload: ProductIn, versions: Versions = None
    ) -> ProductOut:
        """Raises NotFound, PreconditionFailed, InvalidInput and Conflict."""
        who = await self._confirmed(who, "write")
        currency = self.settings.currency
        return await self.database.run(audited.replace_product, who.id, product_id, payload, currency, versions)

    async def patch_product(
        self, who: Principal, product_id: UUID, payload: ProductPatch, versions: Versions = None
    ) -> ProductOut:
        """Raises NotFound, PreconditionFailed, InvalidInput and Conflict."""
        who = await self._confirmed(who, "write")
        currency = self.settings.currency
        return await self.database.run(audited.patch_product, who.id, product_id, payload, currency, versions)

    async def delete_product(self, who: Principal, product_id: UUID, versions: Versions = None) -> None:
        """Raises NotFound and PreconditionFailed."""
        who = await self._confirmed(who, "write")
        await self.database.run(audited.delete_product, who.id, product_id, self.settings.currency, versions)

    async def categories(self, who: Principal) -> list[CategoryNode]:
        """The roots, each with its children."""
        published, forced = await self._seen_by(who)
        return await self.database.run(categories.tree, published_only=published, forced=forced)

    async def category(self, who: Principal, category_id: UUID) -> CategoryOut:
        """Raises NotFound."""
        published, forced = await self._seen_by(who)
        return await self.database.run(categories.get, category_id, published_only=published, forced=forced)

    @asynccontextmanager
    async def importing(self, who: Principal, size: int, counts: Mapping[str, int]) -> AsyncIterator[None]:
        """Around an import of `size` bytes: one row in the audit log, written before the first product.

        At the end it says how many lines came out how; one that goes on saying "running" was of a process that died.
        """
        who = await self._confirmed(who, "write")
        sent: dict[str, Any] = {"bytes": size}
        begun = {**sent, "state": audit.RUNNING}
        entry = await self.database.run(audit.record, who.id, "products.import", "products", after=begun)
        state = "failed"
        try:
            yield
            state = "done"
        finally:
            with CancelScope(shield=True):
                await self.database.run(audit.complete, entry, {**sent, "state": state, **counts})

    async def create_category(self, who: Principal, payload: CategoryIn) -> CategoryOut:
        """Raises InvalidInput and Conflict."""
        who = await self._confirmed(who, "write")
        return await self.database.run(audited.create_category, who.id, payload)

    async def replace_category(self, who: Principal, category_id: UUID, payload: CategoryIn) -> CategoryOut:
        """Raises NotFound, InvalidInput and Conflict."""
        who = await self._confirmed(who, "write")
        return await self.database.run(audited.replace_category, who.id, category_id, payload)

    async def patch_category(self, who: Principal, category_id: UUID, payload: CategoryPatch) -> CategoryOut:
        """Raises NotFound, InvalidInput and Conflict."""
        who = await self._confirmed(who, "write")
        return await self.database.run(audited.patch_category, who.id, category_id, payload)

    async def delete_category(self, who: Principal, category_id: UUID, *, cascade: bool = False) -> None:
        """Raises NotFound, and Conflict when there are products in it or below and `cascade` is not set."""
        who = await self._confirmed(who, "write")
        await self.database.run(audited.delete_category, who.id, category_id, cascade=cascade)

    async def create_order(self, who: Principal, key: str, payload: OrderIn) -> Placed:
        """The order of this idempotency key, made now or before: of what is in the principal's sight.

        Raises InvalidInput and Conflict.
        """
        confirmed = await self._holding(who, "order")
        return await self.database.run(
            orders.place, confirmed.id, key, payload, orders.terms_of(self.settings), forced_of(confirmed)
        )

    async def order(self, who: Principal, order_id: UUID) -> OrderOut:
        """Raises NotFound, also for an order of somebody else, unless it is an administrator who asks."""
        return await self.database.run(orders.get, order_id, _orders_of(await self._holding(who, "read_orders")))

    async def orders(self, who: Principal, page: int = 1, per_page: int = 20) -> OrderPage:
        """The principal's own, an administrator's those of everybody; the newest first."""
        owner = _orders_of(await self._holding(who, "read_orders"))
        return await self.database.run(orders.list_page, page, per_page, owner)

    async def search(self, who: Principal, parameters: Parameters) -> dict[str, Any]:
        """The contract's response to parameters as an address has them. Raises InvalidInput."""
        return await self.engine.search(await self.read_search(who, parameters))

    async def search_all(self, who: Principal, requests: Iterable[SearchRequest]) -> list[dict[str, Any]]:
        """The answers to several searches that `read_search` has read, in order."""
        forced = self.may_search(who)
        return await self.engine.search_all([replace(request, forced=forced) for request in requests])

    async def read_search(self, who: Principal, parameters: Parameters) -> SearchRequest:
        """The search that parameters make for this principal. Raises InvalidInput."""
        request = await self.engine.read(parameters, self.may_search(who))
        if request.explain:
            who.require("explain", "explain")
        return request

    async def facet_values(self, who: Principal, parameters: Parameters, name: str, prefix: str) -> dict[str, Any]:
        """One facet with those of its values that begin with `prefix`. Raises NotFound and InvalidInput."""
        return await self.engine.facet_values(await self.read_search(who, parameters), name, prefix)

    async def facet_values_of(self, who: Principal, request: SearchRequest, name: str, prefix: str) -> dict[str, Any]:
        """The same for a search that `read_search` has read."""
        return await self.engine.facet_values(replace(request, forced=self.may_search(who)), name, prefix)

    async def autocomplete(self, who: Principal, parameters: Parameters) -> dict[str, Any]:
        """Completions of `q`; `limit` and `category` as in the contract. Raises InvalidInput."""
        forced = self.may_search(who)
        return await self.engine.autocomplete(*parse_autocomplete(parameters), forced)

    def may_search(self, who: Principal) -> Forced:
        """The filters that hold for this principal's searches."""
        if who.anonymous and not self.settings.public_search:
            raise Unauthenticated(
                "This catalogue is searched with a credential only: ask for a token at /api/v1/auth/token."
            )
        who.require("search", "Search")
        return forced_of(who)

    async def _seen_by(self, who: Principal) -> tuple[bool, Forced]:
        """Whether published products alone: the others are for the people who edit them. And under which filters."""
        who.require("read", "Reading")
        confirmed = await self.identity.confirm(who)
        return "read_drafts" not in confirmed.may, forced_of(confirmed)

    async def _holding(self, who: Principal, permission: Permission) -> Principal:
        """The principal as it is now, with this right; also one with forced filters."""
        confirmed = await self.identity.confirm(who)
        confirmed.require(permission)
        return confirmed

    async def _confirmed(self, who: Principal, permission: Permission) -> Principal:
        confirmed = await self._holding(who, permission)
        if confirmed.forced:
            raise Forbidden("This can't be done with a credential that has forced filters.")
        return confirmed
