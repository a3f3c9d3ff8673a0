"""What is left of the things that an order asks for, and taking them. Prices and names come from here too.

Rows are locked as every writer locks them: products in the order of their ids, then variants, then the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import Conflict, FieldError, InvalidInput
from catalog.filter_conditions import Forced, condition
from catalog.schemas.order import OrderLineIn
from catalog.services.product_reads import PUBLISHED

_REGISTER = text("SELECT sku, product_id FROM skus WHERE sku = ANY (:skus)")
_PRODUCTS = "SELECT id, sku, name, price, inventory FROM products p WHERE id = ANY (:ids) AND {} AND {} ORDER BY id"
_VARIANTS = """
    SELECT id, product_id, sku, price, inventory, options FROM product_variants
    WHERE sku = ANY (:skus) AND product_id = ANY (:ids) ORDER BY id
"""
# Neither the key nor what refers to it changes: those who only refer to a product need not wait.
_LOCKED = " FOR NO KEY UPDATE"
_WITH_VARIANTS = text("SELECT DISTINCT product_id FROM product_variants WHERE product_id = ANY (:ids)")
# Variants and products are written by two statements, whose triggers would lock ledger rows in two runs of ids.
_LEDGER = text("SELECT 1 FROM product_sync WHERE product_id = ANY (:ids) ORDER BY product_id FOR UPDATE")
_TAKE = """
    UPDATE {table} AS stored SET inventory = stored.inventory - taken.quantity
    FROM unnest(CAST(:ids AS uuid[]), CAST(:quantities AS int[])) AS taken (id, quantity) WHERE stored.id = taken.id
"""
_TAKE_PRODUCTS = text(_TAKE.format(table="products"))
_TAKE_VARIANTS = text(_TAKE.format(table="product_variants"))


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be bought, a variant or a product without any, as it is at this moment."""

    product_id: UUID
    #: None for a product without variants.
    variant_id: UUID | None
    #: Of the variant, or else of the product.
    sku: str
    #: Of the product.
    name: str
    options: dict[str, str]
    price: Decimal
    inventory: int

    @property
    def key(self) -> UUID:
        return self.variant_id or self.product_id


@dataclass(frozen=True, slots=True)
class _Stock:
    """What the lines of an order may name."""

    #: Rows by id.
    products: Mapping[UUID, Mapping[Any, Any]]
    #: Rows by sku.
    variants: Mapping[str, Mapping[Any, Any]]
    #: The products that can be bought by variant only.
    with_variants: frozenset[UUID]


async def find(session: AsyncSession, lines: Sequence[OrderLineIn], forced: Forced, *, lock: bool) -> list[Item]:
    """The item of each line, of what is published and not hidden by the forced filters.

    With `lock` no other transaction changes them until this one ends. Raises InvalidInput that names every line which
    asks for nothing that can be bought.
    """
    register = await _product_ids(session, lines)
    stock = await _read(session, lines, sorted(set(register.values())), forced, lock=lock)
    items: list[Item] = []
    wrong: list[FieldError] = []
    for number, line in enumerate(lines):
        item = _item(line, register.get(number), stock)
        if isinstance(item, Item):
            items.append(item)
        else:
            wrong.append(FieldError(f"lines.{number}.{'product_id' if line.sku is None else 'sku'}", item))
    if wrong:
        raise InvalidInput("; ".join(f"{error.field}: {error.message}" for error in wrong[:5]), tuple(wrong))
    return items


async def _product_ids(session: AsyncSession, lines: Sequence[OrderLineIn]) -> dict[int, UUID]:
    """The product of each line by its number; without those whose sku nothing has, or something of another product."""
    skus = [line.sku for line in lines if line.sku is not None]
    owners: dict[str, UUID] = {}
    if skus:
        owners = {row.sku: row.product_id for row in await session.execute(_REGISTER, {"skus": skus})}
    product_ids: dict[int, UUID] = {}
    for number, line in enumerate(lines):
        product_id = line.product_id if line.sku is None else owners.get(line.sku)
        if product_id is not None and line.product_id in (None, product_id):
            product_ids[number] = product_id
    return product_ids


def check(lines: Sequence[OrderLineIn], items: Sequence[Item]) -> None:
    """Raises Conflict that names every line of which there is not enough, with what is left."""
    quantities = _quantities(lines, items)
    short = tuple(
        FieldError(f"lines.{number}.quantity", f"{quantities[item.key]} of {item.sku!r} wanted, {item.inventory} left")
        for number, item in enumerate(items)
        if quantities[item.key] > item.inventory
    )
    if short:
        raise Conflict(
            "Not enough in stock: " + "; ".join(dict.fromkeys(error.message for error in short[:5])) + ".", short
        )


async def take(session: AsyncSession, lines: Sequence[OrderLineIn], items: Sequence[Item]) -> None:
    """Take what `check` has passed out of the stock. The items must be locked."""
    quantities = _quantities(lines, items)
    await session.execute(_LEDGER, {"ids": sorted({item.product_id for item in items})})
    for statement, ids in (
        (_TAKE_VARIANTS, {item.key for item in items if item.variant_id}),
        (_TAKE_PRODUCTS, {item.key for item in items if not item.variant_id}),
    ):
        if ids:
            chosen = sorted(ids)
            await session.execute(statement, {"ids": chosen, "quantities": [quantities[key] for key in chosen]})


async def _read(
    session: AsyncSession, lines: Sequence[OrderLineIn], ids: Sequence[UUID], forced: Forced, *, lock: bool
) -> _Stock:
    visible, values = condition(forced)
    skus = [line.sku for line in lines if line.sku is not None]
    of_products = _statement(_PRODUCTS.format(PUBLISHED, visible), lock)
    products = (await session.execute(of_products, {"ids": ids, **values})).mappings().all()
    # Variants of these alone: those of a product that is not locked could be half-way through a change.
    product_ids = [row["id"] for row in products]
    of_variants = _statement(_VARIANTS, lock)
    variants = (await session.execute(of_variants, {"skus": skus, "ids": product_ids})).mappings().all()
    with_variants = (await session.scalars(_WITH_VARIANTS, {"ids": product_ids})).all()
    return _Stock({row["id"]: row for row in products}, {row["sku"]: row for row in variants}, frozenset(with_variants))


def _statement(statement: str, lock: bool) -> TextClause:
    return text(statement + _LOCKED if lock else statement)


def _item(line: OrderLineIn, product_id: UUID | None, stock: _Stock) -> Item | str:
    """The item, or why there is none. What is not published is as unknown as what does not exist."""
    product = stock.products.get(product_id) if product_id else None
    if product is None:
        return "there is no product for sale with this " + ("id" if line.sku is None else "sku")
    variant = stock.variants.get(line.sku) if line.sku is not None else None
    if variant is not None and variant["product_id"] == product["id"]:
        return Item(
            product["id"], variant["id"], variant["sku"], product["name"], variant["options"], variant["price"],
            variant["inventory"],
        )  # fmt: skip
    if product["id"] in stock.with_variants:
        return "this product has variants: send the sku of one of them"
    if line.sku not in (None, product["sku"]):
        return "there is no product for sale with this sku"
    return Item(product["id"], None, product["sku"], product["name"], {}, product["price"], product["inventory"])


def _quantities(lines: Sequence[OrderLineIn], items: Sequence[Item]) -> dict[UUID, int]:
    """How many are wanted in all lines together, by variant or product."""
    quantities: dict[UUID, int] = {}
    for line, item in zip(lines, items, strict=True):
        quantities[item.key] = quantities.get(item.key, 0) + line.quantity
    return quantities
