"""Creating, replacing, patching and deleting products. Nothing here commits, and a change of nothing writes nothing.

The product's row is locked first and the ledger's, by triggers, after it: every writer in this order, or they deadlock.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import InvalidInput, NotFound, PreconditionFailed
from catalog.models import Product, ProductSync
from catalog.schemas.product_in import REPEATED, ProductIn, ProductPatch, VariantIn, repeats_too_much
from catalog.schemas.product_out import ProductOut
from catalog.services import brands, category_paths, product_children, product_reads, product_values
from catalog.services.constraint_errors import translated

_STORED = [getattr(Product, name) for name in (*product_values.COLUMNS, "attributes", "brand_id", "category_id")]

# Versions that If-Match allows; None is no condition.
Versions = frozenset[int] | None


@translated
async def create(session: AsyncSession, payload: ProductIn, currency: str) -> ProductOut:
    """A new product, with its brand and category made if they are missing. Raises InvalidInput and Conflict."""
    _check_currency(payload, currency)
    values = {**product_values.whole(payload), **await _references(session, payload)}
    product_id = (await session.execute(insert(Product).values(values).returning(Product.id))).scalar_one()
    images = product_children.plan_images([], payload.images or [])
    variants = product_children.plan_variants([], payload.variants or [])
    await product_children.write(session, product_id, images, variants)
    return await product_reads.get(session, product_id, currency)


@translated
async def replace(
    session: AsyncSession, product_id: UUID, payload: ProductIn, currency: str, versions: Versions = None
) -> ProductOut:
    """The whole product anew: a field left out gets its default; children that stay the same are not touched."""
    _check_currency(payload, currency)
    stored = await _locked(session, product_id, versions)
    references = {"brand_id": None, "category_id": None, **await _references(session, payload)}
    values = {**product_values.whole(payload), **references}
    images = product_children.plan_images(
        await product_children.stored_images(session, product_id), payload.images or []
    )
    variants = product_children.plan_variants(
        await product_children.stored_variants(session, product_id), payload.variants or []
    )
    await _write(session, product_id, product_values.changed(stored, values), images, variants)
    return await product_reads.get(session, product_id, currency)


@translated
async def patch(
    session: AsyncSession, product_id: UUID, payload: ProductPatch, currency: str, versions: Versions = None
) -> ProductOut:
    """Part of the product (RFC 7396): a field left out keeps what is stored, null clears, lists are replaced whole."""
    _check_currency(payload, currency)
    stored = await _locked(session, product_id, versions)
    values = {**product_values.partial(payload, stored["attributes"]), **await _references(session, payload)}
    images = variants = product_children.Plan()
    if "images" in payload.given:
        images = product_children.plan_images(
            await product_children.stored_images(session, product_id), payload.images or []
        )
    if "variants" in payload.given:
        variants = product_children.plan_variants(
            await product_children.stored_variants(session, product_id), payload.variants or []
        )
    elif {"price", "inventory"} & product_values.changed(stored, values).keys():
        before = await product_children.stored_variants(session, product_id)
        variants = product_children.plan_variants(before, _spread(before, stored, values))
    if {"attributes", "variants"} & payload.given:
        await _check_repeated(session, product_id, payload, values.get("attributes", stored["attributes"]))
    await _write(session, product_id, product_values.changed(stored, values), images, variants)
    return await product_reads.get(session, product_id, currency)


@translated
async def delete(session: AsyncSession, product_id: UUID, versions: Versions = None) -> None:
    await _locked(session, product_id, versions, to_delete=True)
    await session.execute(sql_delete(Product).where(Product.id == product_id))


async def _locked(
    session: AsyncSession, product_id: UUID, versions: Versions, *, to_delete: bool = False
) -> Mapping[Any, Any]:
    """The stored columns, locked until the transaction ends. Raises NotFound and PreconditionFailed."""
    lock = select(*_STORED).where(Product.id == product_id).with_for_update(key_share=not to_delete)
    stored = (await session.execute(lock)).mappings().first()
    if stored is None:
        raise NotFound(f"There is no product {product_id}.")
    if versions is not None:
        version = await session.scalar(select(ProductSync.version).where(ProductSync.product_id == product_id))
        if version not in versions:
            raise PreconditionFailed(f"The product is at version {version} now. Read it again and repeat the change.")
    return stored


async def _references(session: AsyncSession, payload: ProductPatch) -> dict[str, UUID | None]:
    """brand_id and category_id, as far as the payload speaks of them."""
    references: dict[str, UUID | None] = {}
    if "brand" in payload.given:
        references["brand_id"] = None if payload.brand is None else await brands.ensure(session, payload.brand)
    if payload.category is not None:
        references["category_id"] = await category_paths.ensure(session, payload.category)
    elif {"category", "category_id"} & payload.given:
        references["category_id"] = payload.category_id
    return references


async def _write(
    session: AsyncSession,
    product_id: UUID,
    values: dict[str, Any],
    images: product_children.Plan,
    variants: product_children.Plan,
) -> None:
    await product_children.delete(session, images, variants)
    if values or images or variants:
        # updated_at tells of a change to the children too.
        values = {**values, "updated_at": func.now()}
        await session.execute(update(Product).where(Product.id == product_id).values(values))
    await product_children.write(session, product_id, images, variants)


async def _check_repeated(
    session: AsyncSession, product_id: UUID, payload: ProductPatch, attributes: Mapping[str, Any]
) -> None:
    """A patch sends one of the two; the other is stored."""
    has_variants = "variants" in payload.given
    variants = (payload.variants or []) if has_variants else await product_children.stored_variants(session, product_id)
    if repeats_too_much(attributes, len(variants)):
        raise InvalidInput.of("variants", REPEATED)


def _spread(
    variants: Sequence[Mapping[str, Any]], stored: Mapping[Any, Any], values: dict[str, Any]
) -> list[VariantIn]:
    """A new price or inventory of the product as one of its variants, where that has only one meaning."""
    target = [VariantIn.model_construct(**row) for row in variants]
    if not target:
        return target
    if values.get("price", stored["price"]) != stored["price"]:
        _spread_price(target, values["price"])
    if values.get("inventory", stored["inventory"]) != stored["inventory"]:
        _spread_inventory(target, values["inventory"])
    return target


def _spread_price(variants: list[VariantIn], price: Decimal) -> None:
    if len({variant.price for variant in variants}) > 1:
        raise InvalidInput.of("price", "the variants have different prices: send `variants` with a price for each")
    for variant in variants:
        variant.price = price


def _spread_inventory(variants: list[VariantIn], inventory: int) -> None:
    if inventory > 0 and len(variants) > 1:
        raise InvalidInput.of("inventory", "there are several variants: send `variants` with an inventory for each")
    for variant in variants:
        variant.inventory = inventory


def _check_currency(payload: ProductPatch, currency: str) -> None:
    if payload.currency is not None and payload.currency != currency:
        raise InvalidInput.of("currency", f"this catalogue is kept in {currency}")
