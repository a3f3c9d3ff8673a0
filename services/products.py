"""Products: reads by id and in pages, and every write."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from anyio import CancelScope

from catalog.database import Database
from catalog.principals import Principal
from catalog.schemas.product_in import ProductIn, ProductPatch
from catalog.schemas.product_out import ProductOut, ProductPage, SyncOut
from catalog.services import audit, audited, ledger, product_reads
from catalog.services.products import Versions
from catalog.settings import Settings
from services.access import Access


class ProductService:
    """What can be done with products. One instance serves a whole process."""

    def __init__(self, settings: Settings, database: Database, access: Access) -> None:
        self._currency = settings.currency
        self._database = database
        self._access = access

    async def get(self, who: Principal, product_id: UUID) -> ProductOut:
        """Raises NotFound, also for an unpublished product where these are not to be seen."""
        published, forced = await self._access.visibility(who)
        return await self._database.run(
            product_reads.get, product_id, self._currency, published_only=published, forced=forced
        )

    async def sync_status(self, who: Principal, product_id: UUID) -> SyncOut:
        """Where a product stands in the index. Raises NotFound. The error is for those who may read it."""
        _, forced = await self._access.visibility(who)
        if forced:
            await self._database.run(product_reads.require_in_sight, product_id, forced)
        status = await self._database.run(ledger.status, product_id)
        return status if "read_sync" in who.may else status.model_copy(update={"error": None})

    async def list(
        self, who: Principal, *, page: int = 1, per_page: int = 20, search: str = "", category: str = ""
    ) -> ProductPage:
        """Newest first, or best match first when searched."""
        visibility = await self._access.visibility(who)
        query = product_reads.ProductQuery(page, per_page, search, category, *visibility)
        return await self._database.run(product_reads.list_page, query, self._currency)

    async def by_ids(self, who: Principal, ids: Iterable[UUID]) -> dict[UUID, ProductOut]:
        """Those of these products that the principal may see, in one statement."""
        query = await self._list_query(who)
        return await self._database.run(product_reads.by_ids, [*ids], query, self._currency)

    async def pages_of_categories(
        self, who: Principal, ids: Iterable[UUID], *, page: int = 1, per_page: int = 20
    ) -> dict[UUID, ProductPage]:
        """The same page of each category with all below it, newest first, in as many statements as for one."""
        query = replace(await self._list_query(who), page=page, per_page=per_page)
        return await self._database.run(product_reads.pages_of_categories, [*ids], query, self._currency)

    async def create(self, who: Principal, payload: ProductIn) -> ProductOut:
        """Raises InvalidInput and Conflict."""
        who = await self._access.require_unscoped(who, "write")
        return await self._database.run(audited.create_product, who.id, payload, self._currency)

    async def replace(
        self, who: Principal, product_id: UUID, payload: ProductIn, versions: Versions = None
    ) -> ProductOut:
        """Raises NotFound, PreconditionFailed, InvalidInput and Conflict."""
        who = await self._access.require_unscoped(who, "write")
        return await self._database.run(audited.replace_product, who.id, product_id, payload, self._currency, versions)

    async def patch(
        self, who: Principal, product_id: UUID, payload: ProductPatch, versions: Versions = None
    ) -> ProductOut:
        """Raises NotFound, PreconditionFailed, InvalidInput and Conflict."""
        who = await self._access.require_unscoped(who, "write")
        return await self._database.run(audited.patch_product, who.id, product_id, payload, self._currency, versions)

    async def delete(self, who: Principal, product_id: UUID, versions: Versions = None) -> None:
        """Raises NotFound and PreconditionFailed."""
        who = await self._access.require_unscoped(who, "write")
        await self._database.run(audited.delete_product, who.id, product_id, self._currency, versions)

    @asynccontextmanager
    async def importing(self, who: Principal, size: int, counts: Mapping[str, int]) -> AsyncIterator[None]:
        """Around an import of `size` bytes: one row in the audit log, written before the first product.

        At the end it says how many lines came out how; one that goes on saying "running" was of a process that died.
        """
        who = await self._access.require_unscoped(who, "write")
        summary: dict[str, Any] = {"bytes": size}
        running = {**summary, "state": audit.RUNNING}
        entry = await self._database.run(audit.record, who.id, "products.import", "products", after=running)
        state = "failed"
        try:
            yield
            state = "done"
        finally:
            with CancelScope(shield=True):
                await self._database.run(audit.complete, entry, {**summary, "state": state, **counts})

    async def _list_query(self, who: Principal) -> product_reads.ProductQuery:
        published, forced = await self._access.visibility(who)
        return product_reads.ProductQuery(published_only=published, forced=forced)
