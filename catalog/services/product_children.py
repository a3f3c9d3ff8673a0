"""Images and variants of a product: what is stored is compared with what is wanted, and only differences are written.

Each kind of change is one statement, because triggers roll variants up after each: with one statement per row a sum
could exceed its column half-way.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.schemas.product_in import ImageIn, VariantIn
from catalog.services.product_values import same

Child = dict[str, Any]

_VARIANT = set(VariantIn.model_fields)

_READ_IMAGES = text("SELECT id, url, alt, position FROM product_images WHERE product_id = :id ORDER BY position, id")
_READ_VARIANTS = text("""
    SELECT id, sku, price, inventory, options, position FROM product_variants WHERE product_id = :id
    ORDER BY position, id
""")
_DELETE_IMAGES = text("DELETE FROM product_images WHERE id = ANY (:ids)")
_DELETE_VARIANTS = text("DELETE FROM product_variants WHERE id = ANY (:ids)")
_UPDATE_IMAGES = text("""
    UPDATE product_images AS stored SET alt = new.alt, position = new.position
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (id uuid, alt text, position int) WHERE stored.id = new.id
""")
_UPDATE_VARIANTS = text("""
    UPDATE product_variants AS stored
    SET price = new.price, inventory = new.inventory, options = new.options, position = new.position
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS new (id uuid, price numeric, inventory int, options jsonb, position int)
    WHERE stored.id = new.id
""")
_INSERT_IMAGES = text("""
    INSERT INTO product_images (product_id, url, alt, position)
    SELECT :id, url, alt, position
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (url text, alt text, position int)
""")
_INSERT_VARIANTS = text("""
    INSERT INTO product_variants (product_id, sku, price, inventory, options, position)
    SELECT :id, sku, price, inventory, options, position
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS new (sku text, price numeric, inventory int, options jsonb, position int)
""")


@dataclass
class Plan:
    """What makes the stored children those of the request."""

    deleted: list[UUID] = field(default_factory=list)
    #: Rows with their `id`.
    updated: list[Child] = field(default_factory=list)
    #: Rows without an id.
    inserted: list[Child] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.deleted or self.updated or self.inserted)


def plan(stored: Iterable[Mapping[str, Any]], target: Iterable[Child], key: Callable[[Any], str]) -> Plan:
    """Children are the same when their key is; a key that appears twice is matched in order."""
    free: dict[str, list[Mapping[str, Any]]] = {}
    for row in stored:
        free.setdefault(key(row), []).append(row)
    result = Plan()
    for child in target:
        matches = free.get(key(child))
        if not matches:
            result.inserted.append(child)
            continue
        row = matches.pop(0)
        if not all(same(row[name], value) for name, value in child.items()):
            result.updated.append({"id": row["id"], **child})
    result.deleted = [row["id"] for rows in free.values() for row in rows]
    return result


def plan_images(stored: Iterable[Mapping[str, Any]], images: Sequence[ImageIn]) -> Plan:
    rows = [{"url": image.url, "alt": image.alt, "position": place} for place, image in enumerate(images)]
    return plan(stored, rows, lambda row: str(row["url"]))


def plan_variants(stored: Iterable[Mapping[str, Any]], variants: Sequence[VariantIn]) -> Plan:
    rows = [{**variant.model_dump(include=_VARIANT), "position": place} for place, variant in enumerate(variants)]
    return plan(stored, rows, lambda row: str(row["sku"]))


async def stored_images(session: AsyncSession, product_id: UUID) -> list[Child]:
    return [dict(row) for row in (await session.execute(_READ_IMAGES, {"id": product_id})).mappings()]


async def stored_variants(session: AsyncSession, product_id: UUID) -> list[Child]:
    return [dict(row) for row in (await session.execute(_READ_VARIANTS, {"id": product_id})).mappings()]


async def delete(session: AsyncSession, images: Plan, variants: Plan) -> None:
    """The first half, before the product itself is written: frees the skus that it may take."""
    if images.deleted:
        await session.execute(_DELETE_IMAGES, {"ids": images.deleted})
    if variants.deleted:
        await session.execute(_DELETE_VARIANTS, {"ids": variants.deleted})


async def write(session: AsyncSession, product_id: UUID, images: Plan, variants: Plan) -> None:
    """The second half, after the product was written."""
    if images.updated:
        await session.execute(_UPDATE_IMAGES, {"rows": _json(images.updated)})
    if variants.updated:
        await session.execute(_UPDATE_VARIANTS, {"rows": _json(variants.updated)})
    if images.inserted:
        await session.execute(_INSERT_IMAGES, {"id": product_id, "rows": _json(images.inserted)})
    if variants.inserted:
        await session.execute(_INSERT_VARIANTS, {"id": product_id, "rows": _json(variants.inserted)})


def _json(rows: list[Child]) -> str:
    return json.dumps(rows, default=str)
