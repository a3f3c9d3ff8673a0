"""Orders: placing one, once for each idempotency key, and reading them. Nothing here commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import InvalidInput, NotFound
from catalog.filter_conditions import NOTHING_FORCED, Forced
from catalog.schemas.order import OrderIn, OrderOut, OrderPage
from catalog.services import events, order_stock
from catalog.services.constraint_errors import translated
from catalog.services.order_stock import Item
from catalog.settings import Settings

MAX_TOTAL = Decimal("9999999999.99")
KEY = "Idempotency-Key"
# Each order deletes a few expired keys, so that no job is needed for it.
_MAX_EXPIRED_KEYS = 20

# The second of two requests with one key waits here for the first to end, before it has locked anything else.
_CLAIM = text("""
    INSERT INTO idempotency_keys AS held (principal, key, digest) VALUES (:principal, :key, :digest)
    ON CONFLICT (principal, key) DO UPDATE
        SET digest = excluded.digest, created_at = excluded.created_at, order_id = NULL, answer = NULL
        WHERE held.created_at < now() - make_interval(secs => :seconds)
    RETURNING 1
""")
_ANSWERED = text("SELECT digest, order_id, answer FROM idempotency_keys WHERE principal = :principal AND key = :key")
_ANSWER = text("""
    UPDATE idempotency_keys SET order_id = :order_id, answer = :answer WHERE principal = :principal AND key = :key
""")
_PRUNE = text("""
    DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_keys WHERE created_at < now() - make_interval(secs => :seconds)
        ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED))
""")
_INSERT = text("""
    INSERT INTO orders (id, placed_by, email, name, address_lines, client_reference, currency, total)
    VALUES (:id, :placed_by, :email, :name, :address_lines, :client_reference, :currency, :total)
""")
_INSERT_LINES = text("""
    INSERT INTO order_lines (order_id, position, product_id, sku, name, options, price, quantity)
    SELECT :order_id, position, product_id, sku, name, options, price, quantity
    FROM jsonb_to_recordset(:lines) AS new (
        position int, product_id uuid, sku text, name text, options jsonb, price numeric, quantity int)
""").bindparams(bindparam("lines", type_=JSONB))
# Money inside JSON goes as text: as a JSON number it would come back as a float.
_COLUMNS = """
    o.id, o.placed_by, o.email, o.name, o.address_lines, o.client_reference, o.currency, o.total, o.created_at,
    (SELECT coalesce(json_agg(json_build_object(
        'product_id', l.product_id, 'sku', l.sku, 'name', l.name, 'options', l.options, 'price', l.price::text,
        'quantity', l.quantity, 'total', (l.price * l.quantity)::text) ORDER BY l.position), '[]')
     FROM order_lines l WHERE l.order_id = o.id) AS lines
"""
# For psycopg, which writes its values so.
READ = f"SELECT {_COLUMNS} FROM orders o WHERE o.id = %(id)s"  # noqa: S608 - constants
# Null stands for everybody's orders.
_VISIBLE = "(CAST(:placed_by AS text) IS NULL OR o.placed_by = :placed_by)"
_GET = text(f"SELECT {_COLUMNS} FROM orders o WHERE o.id = :id AND {_VISIBLE}")  # noqa: S608
_COUNT = text(f"SELECT count(*) FROM orders o WHERE {_VISIBLE}")  # noqa: S608
_PAGE = text(f"""
    SELECT {_COLUMNS} FROM orders o WHERE {_VISIBLE} ORDER BY o.created_at DESC, o.id DESC LIMIT :limit OFFSET :offset
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer to a request for an order."""

    order_id: UUID
    #: JSON.
    answer: str
    #: Whether it was given before, and nothing was ordered now.
    replayed: bool


@dataclass(frozen=True, slots=True)
class OrderPolicy:
    """What holds for every order."""

    #: Of the catalogue.
    currency: str
    max_lines: int
    #: Of one line.
    max_quantity: int
    #: For so long the same idempotency key gives the same answer.
    key_seconds: float


def terms_of(settings: Settings) -> OrderPolicy:
    return OrderPolicy(
        settings.currency, settings.orders_max_lines, settings.orders_max_quantity, settings.orders_key_hours * 3600
    )


@translated
async def place(
    session: AsyncSession,
    placed_by: str,
    key: str,
    payload: OrderIn,
    policy: OrderPolicy,
    forced: Forced = NOTHING_FORCED,
) -> Placed:
    """Reserve the stock and write the order, or answer what this key was answered before.

    Raises InvalidInput for what can't be bought (or is hidden by `forced`) and for a key that was used for another
    request, Conflict when there is not enough of something; both leave nothing behind, the key included.
    """
    _check_limits(payload, policy)
    claim = {"principal": placed_by, "key": key, "digest": payload.digest, "seconds": policy.key_seconds}
    if await session.scalar(_CLAIM, claim) is None:
        return await _replayed(session, placed_by, key, payload)
    # Without locks first: those who come too late must not stand in the queue of those who buy.
    order_stock.check(payload.lines, await order_stock.find(session, payload.lines, forced, lock=False))
    items = await order_stock.find(session, payload.lines, forced, lock=True)
    order_stock.check(payload.lines, items)
    await order_stock.take(session, payload.lines, items)
    order = await _write(session, placed_by, payload, items, policy.currency)
    answer = order.model_dump_json()
    await session.execute(_ANSWER, {"principal": placed_by, "key": key, "order_id": order.id, "answer": answer})
    await session.execute(_PRUNE, {"seconds": policy.key_seconds, "limit": _MAX_EXPIRED_KEYS})
    return Placed(order.id, answer, replayed=False)


async def get(session: AsyncSession, order_id: UUID, placed_by: str | None) -> OrderOut:
    """One order. Raises NotFound, also for one that another than `placed_by` has placed; None stands for all."""
    row = (await session.execute(_GET, {"id": order_id, "placed_by": placed_by})).mappings().first()
    if row is None:
        raise NotFound(f"There is no order {order_id}.")
    return OrderOut.model_validate(dict(row))


async def list_page(session: AsyncSession, page: int, per_page: int, placed_by: str | None) -> OrderPage:
    """One page, the newest first, of the orders of `placed_by`; None stands for all."""
    values = {"placed_by": placed_by, "limit": per_page, "offset": (page - 1) * per_page}
    rows = (await session.execute(_PAGE, values)).mappings()
    items = [OrderOut.model_validate(dict(row)) for row in rows]
    total = await session.scalar(_COUNT, {"placed_by": placed_by})
    return OrderPage(items=items, total=total or 0, page=page, per_page=per_page)


def _check_limits(payload: OrderIn, policy: OrderPolicy) -> None:
    if len(payload.lines) > policy.max_lines:
        raise InvalidInput.of("lines", f"must have at most {policy.max_lines} items")
    for number, line in enumerate(payload.lines):
        if line.quantity > policy.max_quantity:
            raise InvalidInput.of(f"lines.{number}.quantity", f"must be {policy.max_quantity} or less")


async def _replayed(session: AsyncSession, placed_by: str, key: str, payload: OrderIn) -> Placed:
    stored = (await session.execute(_ANSWERED, {"principal": placed_by, "key": key})).one()
    if stored.digest != payload.digest:
        raise InvalidInput.of(KEY, "was used for another order: a new order needs a new key")
    return Placed(stored.order_id, stored.answer, replayed=True)


async def _write(
    session: AsyncSession, placed_by: str, payload: OrderIn, items: Sequence[Item], currency: str
) -> OrderOut:
    order_id = uuid4()
    lines = [
        {
            "position": place,
            "product_id": str(item.product_id),
            "sku": item.sku,
            "name": item.name,
            "options": item.options,
            "price": str(item.price),
            "quantity": line.quantity,
        }
        for place, (line, item) in enumerate(zip(payload.lines, items, strict=True))
    ]
    total = sum((item.price * line.quantity for line, item in zip(payload.lines, items, strict=True)), Decimal())
    if total > MAX_TOTAL:
        raise InvalidInput.of("lines", f"the total must be at most {MAX_TOTAL}")
    values = payload.model_dump(include={"email", "name", "address_lines", "client_reference"})
    head = {"id": order_id, "placed_by": placed_by, "currency": currency, "total": total}
    await session.execute(_INSERT, values | head)
    await session.execute(_INSERT_LINES, {"order_id": order_id, "lines": lines})
    await events.append(session, "OrderCreated", order_id, _event(currency, total, lines))
    return await get(session, order_id, placed_by)


def _event(currency: str, total: Decimal, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """No person is named in it: events go to every subscriber, and stay. Subscribers may read the order."""
    sold = [{name: value for name, value in line.items() if name != "position"} for line in lines]
    return {"currency": currency, "total": str(total), "lines": sold}
