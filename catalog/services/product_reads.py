"""Reading products: one statement gives whole representations, with category, brand, images, variants and version."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import NotFound
from catalog.filter_conditions import BELOW_ID, BELOW_ROOT, NOTHING_FORCED, Forced, condition
from catalog.schemas.fields import CATEGORY_SEPARATOR
from catalog.schemas.product_out import ProductOut, ProductPage
from catalog.services.category_paths import slug_path

# Money inside JSON goes as text: as a JSON number it would come back as a float.
_COLUMNS = """
    p.id, p.sku, p.name, p.description, p.price, p.compare_at_price, p.inventory, p.gtin, p.attributes, p.status,
    p.publish_from, p.publish_until, p.popularity, p.created_at, p.updated_at,
    coalesce(p.price < p.compare_at_price, false) AS on_sale, b.name AS brand, l.version,
    CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'name', c.name, 'path', c.path) END AS category,
    (SELECT coalesce(json_agg(json_build_object('id', i.id, 'url', i.url, 'alt', i.alt, 'position', i.position)
                              ORDER BY i.position, i.id), '[]')
     FROM product_images i WHERE i.product_id = p.id) AS images,
    (SELECT coalesce(json_agg(json_build_object('id', v.id, 'sku', v.sku, 'price', v.price::text,
                              'inventory', v.inventory, 'options', v.options, 'position', v.position)
                              ORDER BY v.position, v.id), '[]')
     FROM product_variants v WHERE v.product_id = p.id) AS variants
"""
_JOINS = """
    JOIN product_sync l ON l.product_id = p.id
    LEFT JOIN brands b ON b.id = p.brand_id
    LEFT JOIN categories c ON c.id = p.category_id
"""
PUBLISHED = """
    p.status = 'active' AND (p.publish_from IS NULL OR p.publish_from <= now())
    AND (p.publish_until IS NULL OR p.publish_until > now())
"""
_IN_CATEGORY = BELOW_ROOT.format("root.id = :category_id OR root.path = :category_path OR root.names = :category_names")
# Categories that are wanted at the same time, and what is in each or below it.
_WANTED = "unnest(CAST(:categories AS uuid[])) AS w (id)"
_BELOW = BELOW_ID.format("w.id")
_MATCHES = """
    (p.search_vector @@ websearch_to_tsquery('english', :words)
     OR p.id = (SELECT s.product_id FROM skus s WHERE s.sku = :search))
"""
# Each of them is a NOT around the next one, and Postgres has room for a few dozen of these.
_DASHES = re.compile(r"-(?:\s*-)+")
_BY_RANK = """
    p.id = (SELECT s.product_id FROM skus s WHERE s.sku = :search) IS TRUE DESC,
    ts_rank(p.search_vector, websearch_to_tsquery('english', :words)) DESC, p.id
"""
# Both keys run the same way, so that the index on (created_at, id) gives the order without a sort.
_NEWEST = "p.created_at DESC, p.id DESC"

# Every statement here is put together from the constants above; what a client sends is only ever a bound value.
GET = text(f"SELECT {_COLUMNS} FROM products p {_JOINS} WHERE p.id = :id")  # noqa: S608
GET_PUBLISHED = text(f"SELECT {_COLUMNS} FROM products p {_JOINS} WHERE p.id = :id AND {PUBLISHED}")  # noqa: S608


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """Which products to list."""

    #: From 1.
    page: int = 1
    per_page: int = 20
    #: Words, as in a web search; "" for no search.
    search: str = ""
    #: A slug path, a display path ('Audio > Headphones') or an id; "" for all.
    category: str = ""
    published_only: bool = True
    #: Filters of the principal that asks, and not its own choice.
    forced: Forced = NOTHING_FORCED


async def get(
    session: AsyncSession,
    product_id: UUID,
    currency: str,
    *,
    published_only: bool = False,
    forced: Forced = NOTHING_FORCED,
) -> ProductOut:
    """One product, whole. Raises NotFound, also for one that forced filters hide, and for an unpublished one when only
    published ones are asked for."""
    statement, values = GET_PUBLISHED if published_only else GET, {"id": product_id}
    if forced:
        seen, bound = condition(forced)
        statement, values = text(f"{statement.text} AND {seen}"), values | bound
    row = (await session.execute(statement, values)).mappings().first()
    if row is None:
        raise NotFound(f"There is no product {product_id}.")
    return _product(row, currency)


async def in_sight(session: AsyncSession, ids: Iterable[UUID], forced: Forced, *, published_only: bool) -> set[UUID]:
    """Those of the products that a principal with these forced filters may be shown."""
    seen, values = condition(forced)
    where = f"p.id = ANY (:ids) AND {seen}" + (f" AND {PUBLISHED}" if published_only else "")
    visible = await session.scalars(text(f"SELECT p.id FROM products p WHERE {where}"), {**values, "ids": list(ids)})  # noqa: S608
    return set(visible)


async def require_in_sight(session: AsyncSession, product_id: UUID, forced: Forced) -> None:
    """Raises NotFound for a product that forced filters hide, in the words that tell of one that does not exist."""
    if forced and not await in_sight(session, [product_id], forced, published_only=False):
        raise NotFound(f"There is no product {product_id}.")


async def list_page(session: AsyncSession, query: ProductQuery, currency: str) -> ProductPage:
    """One page, best match first or newest first. A page beyond the end, or an unknown category, is empty."""
    where, values = _conditions(query)
    order = _BY_RANK if query.search else _NEWEST
    total = await session.scalar(text(f"SELECT count(*) FROM products p WHERE {where}"), values)  # noqa: S608
    # The page is cut before anything is joined: children are read for its products alone.
    page = text(f"""
        SELECT {_COLUMNS} FROM (SELECT p.id FROM products p WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset)
        AS page JOIN products p ON p.id = page.id {_JOINS} ORDER BY {order}
    """)  # noqa: S608
    offset = (query.page - 1) * query.per_page
    rows = (await session.execute(page, {**values, "limit": query.per_page, "offset": offset})).mappings()
    items = [_product(row, currency) for row in rows]
    return ProductPage(items=items, total=total or 0, page=query.page, per_page=query.per_page)


async def by_ids(
    session: AsyncSession, ids: Iterable[UUID], query: ProductQuery, currency: str
) -> dict[UUID, ProductOut]:
    """Those of the products that `query` lets through, by id, in one statement."""
    where, values = _conditions(query)
    statement = text(f"SELECT {_COLUMNS} FROM products p {_JOINS} WHERE p.id = ANY (:ids) AND {where}")  # noqa: S608
    rows = (await session.execute(statement, {**values, "ids": list(ids)})).mappings()
    return {row["id"]: _product(row, currency) for row in rows}


async def pages_of_categories(
    session: AsyncSession, categories: Iterable[UUID], query: ProductQuery, currency: str
) -> dict[UUID, ProductPage]:
    """The same page, newest first, of each category with all below it: two statements for all of them together."""
    where, values = _conditions(query)
    ids = list(dict.fromkeys(categories))
    values |= {"categories": ids, "limit": query.per_page, "offset": (query.page - 1) * query.per_page}
    counts = text(f"SELECT w.id, (SELECT count(*) FROM products p WHERE {where} AND {_BELOW}) FROM {_WANTED}")  # noqa: S608
    totals = {row[0]: row[1] for row in await session.execute(counts, values)}
    page = text(f"""
        SELECT w.id AS wanted_for, {_COLUMNS} FROM {_WANTED} CROSS JOIN LATERAL (
            SELECT p.id FROM products p WHERE {where} AND {_BELOW} ORDER BY {_NEWEST} LIMIT :limit OFFSET :offset
        ) AS page JOIN products p ON p.id = page.id {_JOINS} ORDER BY w.id, {_NEWEST}
    """)  # noqa: S608
    items: dict[UUID, list[ProductOut]] = {category: [] for category in ids}
    for row in (await session.execute(page, values)).mappings():
        columns = dict(row)
        items[columns.pop("wanted_for")].append(_product(columns, currency))
    return {
        category: ProductPage(items=items[category], total=totals[category], page=query.page, per_page=query.per_page)
        for category in ids
    }


def _conditions(query: ProductQuery) -> tuple[str, dict[str, Any]]:
    conditions = ["true"]
    values: dict[str, Any] = {}
    if query.published_only:
        conditions.append(PUBLISHED)
    if query.search:
        conditions.append(_MATCHES)
        values["search"] = query.search
        values["words"] = _DASHES.sub("-", query.search)
    if query.forced:
        seen, bound = condition(query.forced)
        conditions.append(seen)
        values |= bound
    if query.category:
        conditions.append(_IN_CATEGORY)
        values["category_id"] = _as_uuid(query.category)
        values["category_path"] = slug_path(query.category)
        values["category_names"] = [part.strip() for part in query.category.split(CATEGORY_SEPARATOR)]
    return " AND ".join(conditions), values


def _as_uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def _product(row: Mapping[Any, Any], currency: str) -> ProductOut:
    values = {name: _in_utc(value) for name, value in row.items()}
    return ProductOut.model_validate({**values, "currency": currency})


def _in_utc(value: Any) -> Any:
    """Times leave in UTC, also from a connection with another zone."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value
