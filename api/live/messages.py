"""What goes over a socket, both ways. Pure."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from catalog.errors import CatalogError, InvalidInput, TooManyRequests, Unavailable
from catalog.schemas.messages import field_errors
from catalog.schemas.product_out import ProductOut
from catalog.services.events import Event
from mappings.json_types import Json

BAD_MESSAGE, SLOW_READER, FAILED = 4400, 4509, 4500
GONE = "gone"


class NoSubscription(CatalogError):
    status = 408
    title = "No subscription"


class TooOld(CatalogError):
    status = 410
    title = "Too old"


class SlowReader(CatalogError):
    status = 509
    title = "Slow reader"


class Subscribe(BaseModel):
    """The first message: products by their ids, or those of a search in the words of `POST /search`.

    `from`: the position up to which the client knows. `snapshot`: begin with the products as they are now.
    """

    model_config = ConfigDict(extra="forbid")

    type: Literal["subscribe"]
    ids: list[UUID] | None = None
    search: Json | None = None
    after: Annotated[int | None, Field(alias="from", ge=0, le=2**63 - 1, strict=True)] = None
    snapshot: Annotated[bool, Field(strict=True)] = False
    token: SecretStr | None = None


def read(text: str | None, most: int) -> Subscribe:
    """Raises InvalidInput."""
    try:
        body = orjson.loads(text or "")
    except orjson.JSONDecodeError:
        raise InvalidInput.of("message", "must be a JSON object in a text message") from None
    if not isinstance(body, dict):
        raise InvalidInput.of("message", "must be a JSON object")
    try:
        subscribe = Subscribe.model_validate(body)
    except ValidationError as error:
        wrong = field_errors(error.errors())
        raise InvalidInput("; ".join(f"{one.field}: {one.message}" for one in wrong[:5]), wrong) from None
    if (subscribe.ids is None) == (subscribe.search is None):
        raise InvalidInput.of("ids", "send either `ids` or `search`")
    if subscribe.ids is not None and not 0 < len(subscribe.ids) <= most:
        raise InvalidInput.of("ids", f"must be 1 to {most:,} ids")
    return subscribe


def encode(type_: str, **fields: Any) -> str:
    return orjson.dumps({"type": type_, **fields}, default=_plain).decode()


def state(product: ProductOut) -> Json:
    """What a shopper may know of a product's price and stock."""
    return {
        "id": product.id,
        "price": product.price,
        "compare_at_price": product.compare_at_price,
        "on_sale": product.on_sale,
        "currency": product.currency,
        "inventory": product.inventory,
        "in_stock": product.inventory > 0,
        "variants": [
            {
                "sku": variant.sku,
                "price": variant.price,
                "inventory": variant.inventory,
                "in_stock": variant.inventory > 0,
            }
            for variant in product.variants
        ],
    }


def change(event: Event, product: ProductOut) -> str:
    """An event with the product as it is now, which may be newer than the event."""
    return encode(
        "change", position=event.position, event=event.type, occurred_at=event.occurred_at.isoformat(), **state(product)
    )


def gone(product_id: UUID, position: int) -> str:
    return encode(GONE, id=product_id, position=position)


def close_code(error: CatalogError) -> int:
    """4000 and the status that HTTP would have; a message that can't be used is 4400, whatever is wrong with it."""
    return BAD_MESSAGE if error.status in (400, 404, 422) else 4000 + error.status


def refusal(error: CatalogError, request_id: str) -> str:
    """The last message before the socket is closed, with a problem's fields."""
    fields: Json = {
        "code": close_code(error),
        "title": error.title,
        "detail": error.detail.encode(errors="replace").decode(),
        "errors": [{"field": wrong.field, "message": wrong.message} for wrong in error.errors],
        "request_id": request_id,
    }
    if isinstance(error, TooManyRequests | Unavailable):
        fields["retry_after"] = error.retry_after
    return encode("error", **fields)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError
