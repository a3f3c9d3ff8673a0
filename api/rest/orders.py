"""Orders: place one, read one's own."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path
from pydantic import AfterValidator
from starlette.responses import Response

from api.auth import OrdersDep, require
from api.dependencies import parse_id
from api.problems import answers
from api.rest.products import Page, PerPage
from api.routing import StrictRoute
from catalog.principals import Principal
from catalog.schemas.order import OrderIn, OrderOut, OrderPage
from catalog.services.orders import KEY

router = APIRouter(prefix="/api/v1/orders", tags=["orders"], route_class=StrictRoute)

REPLAYED = "Idempotency-Replayed"
_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")


def _idempotency_key(value: str) -> str:
    if not _VISIBLE.fullmatch(value):
        raise ValueError("must be 1 to 255 visible ASCII characters, such as a UUID")
    return value


async def _order_id(order_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return parse_id(order_id, "order")


OrderId = Annotated[UUID, Depends(_order_id)]
Buyer = Annotated[Principal, Depends(require("order"))]
Reader = Annotated[Principal, Depends(require("read_orders"))]
IdempotencyKey = Annotated[
    str,
    AfterValidator(_idempotency_key),
    Header(
        alias=KEY,
        description="1 to 255 visible ASCII characters of your own making, new for each order: a request repeated "
        "with its key orders once",
        json_schema_extra={"minLength": 1, "maxLength": 255, "pattern": r"^[!-~]+$"},
        examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
    ),
]
_HEADERS = {
    "Location": {"description": "the order's address", "schema": {"type": "string"}},
    REPLAYED: {"description": "`true` when this order was made before", "schema": {"type": "string"}},
}


@router.post(
    "",
    status_code=201,
    response_model=OrderOut,
    summary="Place an order",
    responses={201: {"headers": _HEADERS}, **answers(401, 403, 409, 413, 422, 503)},
)
async def place_order(orders: OrdersDep, buyer: Buyer, key: IdempotencyKey, payload: OrderIn) -> Response:
    """Reserves the stock of all lines, or of none: 409 names every line of which there is not enough, with what is
    left. Prices are those of this moment. A confirmation goes to `email`.

    The same body under the same `Idempotency-Key` gets the same answer again, with `Idempotency-Replayed: true`;
    another body is refused (422). An order that was refused may be sent again under its key.
    """
    placed = await orders.place(buyer, key, payload)
    headers = {"Location": f"{router.prefix}/{placed.order_id}", "Cache-Control": "no-store"}
    if placed.replayed:
        headers[REPLAYED] = "true"
    return Response(placed.answer, 201, headers, "application/json")


@router.get("", summary="List orders", responses=answers(401, 403, 422, 503))
async def list_orders(
    orders: OrdersDep, reader: Reader, response: Response, page: Page = 1, per_page: PerPage = 20
) -> OrderPage:
    """The newest first: one's own, for administrators those of everybody."""
    response.headers["Cache-Control"] = "no-store"
    return await orders.list(reader, page, per_page)


@router.get("/{order_id}", summary="Read an order", responses=answers(401, 403, 404, 422, 503))
async def get_order(orders: OrdersDep, reader: Reader, response: Response, order_id: OrderId) -> OrderOut:
    """One's own, for administrators those of everybody; any other is not found."""
    response.headers["Cache-Control"] = "no-store"
    return await orders.get(reader, order_id)
