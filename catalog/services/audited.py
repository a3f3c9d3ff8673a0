"""Changes to products and categories, each with its row in the audit log in the same transaction.

`by` is the id of the principal who changes. Errors are those of the services that do the work.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.models import Category, Product
from catalog.schemas.category import CategoryIn, CategoryOut, CategoryPatch
from catalog.schemas.product_in import ProductIn, ProductPatch
from catalog.schemas.product_out import ProductOut
from catalog.services import audit, categories, product_reads, products
from catalog.services.products import Versions

# Of a product that comes or goes: enough to know which one it was.
_HEAD = {"sku", "name", "price", "inventory", "status"}
_PLACE = {"name", "slug", "path", "parent_id", "position"}


async def create_product(session: AsyncSession, by: str, payload: ProductIn, currency: str) -> ProductOut:
    made = await products.create(session, payload, currency)
    await audit.record(session, by, "product.create", f"product:{made.id}", after=_head(made))
    return made


async def replace_product(
    session: AsyncSession, by: str, product_id: UUID, payload: ProductIn, currency: str, versions: Versions = None
) -> ProductOut:
    before = await _read(session, product_id, currency)
    after = await products.replace(session, product_id, payload, currency, versions)
    await _record(session, by, "product.replace", before, after)
    return after


async def patch_product(
    session: AsyncSession, by: str, product_id: UUID, payload: ProductPatch, currency: str, versions: Versions = None
) -> ProductOut:
    before = await _read(session, product_id, currency)
    after = await products.patch(session, product_id, payload, currency, versions)
    await _record(session, by, "product.patch", before, after)
    return after


async def delete_product(
    session: AsyncSession, by: str, product_id: UUID, currency: str, versions: Versions = None
) -> None:
    before = await _read(session, product_id, currency, to_delete=True)
    await products.delete(session, product_id, versions)
    await audit.record(session, by, "product.delete", f"product:{product_id}", before=_head(before))


async def create_category(session: AsyncSession, by: str, payload: CategoryIn) -> CategoryOut:
    made = await categories.create(session, payload)
    await audit.record(session, by, "category.create", f"category:{made.id}", after=_place(made))
    return made


async def replace_category(session: AsyncSession, by: str, category_id: UUID, payload: CategoryIn) -> CategoryOut:
    before = await _category(session, category_id)
    after = await categories.replace(session, category_id, payload)
    target = f"category:{category_id}"
    await audit.record_change(session, by, "category.replace", target, _place(before), _place(after))
    return after


async def patch_category(session: AsyncSession, by: str, category_id: UUID, payload: CategoryPatch) -> CategoryOut:
    before = await _category(session, category_id)
    after = await categories.patch(session, category_id, payload)
    target = f"category:{category_id}"
    await audit.record_change(session, by, "category.patch", target, _place(before), _place(after))
    return after


async def delete_category(session: AsyncSession, by: str, category_id: UUID, *, cascade: bool = False) -> None:
    # Not locked here: `delete` takes the locks of the whole subtree in their order.
    before = await categories.get(session, category_id)
    await categories.delete(session, category_id, cascade=cascade)
    gone = {**_place(before), "products": before.product_count}
    await audit.record(session, by, "category.delete", f"category:{category_id}", before=gone)


async def _read(session: AsyncSession, product_id: UUID, currency: str, *, to_delete: bool = False) -> ProductOut:
    """The product before a change, locked like the change itself locks it. Raises NotFound."""
    await session.execute(select(Product.id).where(Product.id == product_id).with_for_update(key_share=not to_delete))
    return await product_reads.get(session, product_id, currency)


async def _category(session: AsyncSession, category_id: UUID) -> CategoryOut:
    await session.execute(select(Category.id).where(Category.id == category_id).with_for_update(key_share=True))
    return await categories.get(session, category_id)


async def _record(session: AsyncSession, by: str, action: str, before: ProductOut, after: ProductOut) -> None:
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    await audit.record_change(session, by, action, f"product:{after.id}", old, new)


def _head(product: ProductOut) -> Mapping[str, Any]:
    return product.model_dump(mode="json", include=_HEAD)


def _place(category: CategoryOut) -> Mapping[str, Any]:
    return category.model_dump(mode="json", include=_PLACE)
