"""Categories: the tree, and its upkeep."""

from uuid import UUID

from catalog.database import Database
from catalog.principals import Principal
from catalog.schemas.category import CategoryIn, CategoryNode, CategoryOut, CategoryPatch
from catalog.services import audited, categories
from services.access import Access


class CategoryService:
    """What can be done with categories. One instance serves a whole process."""

    def __init__(self, database: Database, access: Access) -> None:
        self._database = database
        self._access = access

    async def tree(self, who: Principal) -> list[CategoryNode]:
        """The roots, each with its children."""
        published, forced = await self._access.visibility(who)
        return await self._database.run(categories.tree, published_only=published, forced=forced)

    async def get(self, who: Principal, category_id: UUID) -> CategoryOut:
        """Raises NotFound."""
        published, forced = await self._access.visibility(who)
        return await self._database.run(categories.get, category_id, published_only=published, forced=forced)

    async def create(self, who: Principal, payload: CategoryIn) -> CategoryOut:
        """Raises InvalidInput and Conflict."""
        who = await self._access.require_unscoped(who, "write")
        return await self._database.run(audited.create_category, who.id, payload)

    async def replace(self, who: Principal, category_id: UUID, payload: CategoryIn) -> CategoryOut:
        """Raises NotFound, InvalidInput and Conflict."""
        who = await self._access.require_unscoped(who, "write")
        return await self._database.run(audited.replace_category, who.id, category_id, payload)

    async def patch(self, who: Principal, category_id: UUID, payload: CategoryPatch) -> CategoryOut:
        """Raises NotFound, InvalidInput and Conflict."""
        who = await self._access.require_unscoped(who, "write")
        return await self._database.run(audited.patch_category, who.id, category_id, payload)

    async def delete(self, who: Principal, category_id: UUID, *, cascade: bool = False) -> None:
        """Raises NotFound, and Conflict when there are products in it or below and `cascade` is not set."""
        who = await self._access.require_unscoped(who, "write")
        await self._database.run(audited.delete_category, who.id, category_id, cascade=cascade)
