"""The category tree: reading, creating, renaming, moving, deleting.

A category's slug is its address: a rename keeps it unless a new one is sent, so that links and saved searches hold.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, insert, select, text, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import Conflict, NotFound
from catalog.filter_conditions import NOTHING_FORCED, Forced, condition
from catalog.models import Category
from catalog.schemas.category import CategoryIn, CategoryNode, CategoryOut, CategoryPatch
from catalog.schemas.fields import slugify
from catalog.services.constraint_errors import translated
from catalog.services.product_reads import PUBLISHED

_COLUMNS = "c.id, c.parent_id, c.name, c.slug, c.path, c.names, c.ids, c.position, c.created_at, c.updated_at"
# Products are counted once per category and then added up the tree: `ids` runs from the root to the category itself.
_TREE = """
    WITH own AS (SELECT p.category_id AS id, count(*) AS products FROM products p WHERE {published} GROUP BY 1),
         added AS (SELECT above.id, sum(own.products)::bigint AS products
                   FROM own JOIN categories c ON c.id = own.id CROSS JOIN unnest(c.ids) AS above (id) GROUP BY above.id)
    SELECT {columns}, coalesce(added.products, 0) AS product_count
    FROM categories c LEFT JOIN added ON added.id = c.id ORDER BY c.position, c.name, c.id
"""
_ONE = """
    SELECT {columns}, (SELECT count(*) FROM products p JOIN categories d ON d.id = p.category_id
                       WHERE c.id = ANY (d.ids) AND {published}) AS product_count
    FROM categories c WHERE c.id = :id
"""
_LOCK_SUBTREE = text("SELECT id FROM categories WHERE :id = ANY (ids) ORDER BY id FOR UPDATE")
_COUNT = text("SELECT count(*) FROM products WHERE category_id = ANY (:ids)")
# The cascade would lock them as they lie in the table, and deadlock with a transaction that locks several by their ids.
_LOCK_PRODUCTS = text("SELECT id FROM products WHERE category_id = ANY (:ids) ORDER BY id FOR UPDATE")


async def tree(
    session: AsyncSession, *, published_only: bool = False, forced: Forced = NOTHING_FORCED
) -> list[CategoryNode]:
    """The roots with everything below them, siblings by position and name; counts include descendants.

    Under forced filters only those that have products: another's name may tell of what is hidden.
    """
    statement, values = _statement(_TREE, published_only, forced)
    rows = (await session.execute(statement, values)).mappings().all()
    if forced:
        rows = [row for row in rows if row["product_count"]]
    nodes = {row["id"]: CategoryNode.model_validate(dict(row)) for row in rows}
    roots: list[CategoryNode] = []
    for node in nodes.values():
        siblings = roots if node.parent_id is None else nodes[node.parent_id].children
        siblings.append(node)
    return roots


async def get(
    session: AsyncSession, category_id: UUID, *, published_only: bool = False, forced: Forced = NOTHING_FORCED
) -> CategoryOut:
    """One category. Raises NotFound, also for one that has no products under the forced filters."""
    statement, values = _statement(_ONE, published_only, forced)
    row = (await session.execute(statement, {**values, "id": category_id})).mappings().first()
    if row is None or (forced and not row["product_count"]):
        raise NotFound(f"There is no category {category_id}.")
    return CategoryOut.model_validate(dict(row))


@translated
async def create(session: AsyncSession, payload: CategoryIn) -> CategoryOut:
    """Raises Conflict when the path is taken, InvalidInput when the parent does not exist."""
    values = {"parent_id": payload.parent_id, "name": payload.name, "position": payload.position}
    values["slug"] = payload.slug or slugify(payload.name)
    category_id = (await session.execute(insert(Category).values(values).returning(Category.id))).scalar_one()
    return await get(session, category_id)


@translated
async def replace(session: AsyncSession, category_id: UUID, payload: CategoryIn) -> CategoryOut:
    """The whole category anew; only the slug is kept when it is left out."""
    values = {"parent_id": payload.parent_id, "name": payload.name, "position": payload.position}
    if payload.slug is not None:
        values["slug"] = payload.slug
    return await _write(session, category_id, values)


@translated
async def patch(session: AsyncSession, category_id: UUID, payload: CategoryPatch) -> CategoryOut:
    """Rename, move or reorder. Raises InvalidInput for a move below itself, Conflict when the path is taken."""
    return await _write(session, category_id, payload.model_dump(exclude_unset=True))


@translated
async def delete(session: AsyncSession, category_id: UUID, *, cascade: bool = False) -> None:
    """Delete the category and those below it. Raises Conflict when they hold products, unless `cascade`."""
    # The locks keep new products and subcategories out until this is over, so that the count stays true.
    ids = await _lock_subtree(session, category_id)
    if not ids:
        raise NotFound(f"There is no category {category_id}.")
    count = await session.scalar(_COUNT, {"ids": ids}) or 0
    if count and not cascade:
        products = "1 product" if count == 1 else f"{count} products"
        raise Conflict(
            f"The category and those below it hold {products}. To delete these too, repeat with ?cascade=true."
        )
    if count:
        await session.execute(_LOCK_PRODUCTS, {"ids": ids})
    await session.execute(sql_delete(Category).where(Category.id == category_id))


async def _lock_subtree(session: AsyncSession, category_id: UUID) -> list[UUID]:
    """Ids of the category and everything below it, all locked.

    While a statement waits for a lock, subcategories may be committed that its snapshot does not hold: so it is
    repeated until nothing is new. Below what is locked nothing can be added, so that this ends.
    """
    locked: list[UUID] = []
    while (subtree := list(await session.scalars(_LOCK_SUBTREE, {"id": category_id}))) != locked:
        locked = subtree
    return locked


async def _write(session: AsyncSession, category_id: UUID, values: Mapping[str, Any]) -> CategoryOut:
    lock = select(Category.parent_id, Category.name, Category.slug, Category.position)
    lock = lock.where(Category.id == category_id).with_for_update(key_share=True)
    stored = (await session.execute(lock)).mappings().first()
    if stored is None:
        raise NotFound(f"There is no category {category_id}.")
    changed = {name: value for name, value in values.items() if stored[name] != value}
    if changed:
        await session.execute(update(Category).where(Category.id == category_id).values(changed))
    return await get(session, category_id)


def _statement(template: str, published_only: bool, forced: Forced) -> tuple[TextClause, dict[str, Any]]:
    seen, values = condition(forced)
    counted = f"{PUBLISHED if published_only else 'true'} AND {seen}"
    return text(template.format(columns=_COLUMNS, published=counted)), values
