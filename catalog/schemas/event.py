"""The domain events as subscribers get them: the envelope, and what `data` holds for each type."""

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

VERSION = 1
Money = Field(description="decimal, as a string", pattern=r"^\d+\.\d\d$", examples=["29.99"])


class _Data(BaseModel):
    # Readers must take what they know and let the rest be: fields may be added without a new schema_version.
    model_config = ConfigDict(extra="forbid")


class ProductCreated(_Data):
    """A product was inserted, with what it is made of at that moment."""

    sku: str
    name: str
    price: str = Money
    inventory: int
    status: str
    brand_id: UUID | None
    category_id: UUID | None


class ProductUpdated(_Data):
    """Anything but price and stock changed: `changed` names it, `old` and `new` hold the values of before and after.

    The values of `description` (long) and `cost` (private) are left out. `images` and `variants` hold those that were
    touched, as they were and as they are.
    """

    sku: str
    changed: list[str] = Field(min_length=1, examples=[["name"]])
    old: dict[str, Any] = Field(examples=[{"name": "Kettle"}])
    new: dict[str, Any] = Field(examples=[{"name": "Steel kettle"}])


class PriceChanged(_Data):
    """With variants: the lowest of their prices."""

    sku: str
    old: str = Money
    new: str = Money


class StockChanged(_Data):
    """With variants: the sum of their stocks."""

    sku: str
    old: int
    new: int


class ProductDeleted(_Data):
    """`status` is that of its last moment: nobody need be told of a draft that is gone."""

    sku: str
    name: str
    status: Literal["draft", "active", "archived"]


class OrderCreated(BaseModel):
    """An order has reserved its stock. Nobody's name or address is in it: read the order by its id."""

    model_config = ConfigDict(extra="allow")

    currency: str
    total: str = Money
    lines: list[dict[str, Any]] = Field(min_length=1)


class Ping(_Data):
    """What a webhook gets when an administrator tries it. It has no position and is in no stream."""

    message: str


TYPES: dict[str, type[BaseModel]] = {
    model.__name__: model
    for model in (ProductCreated, ProductUpdated, PriceChanged, StockChanged, ProductDeleted, OrderCreated)
}


class Envelope(BaseModel):
    """`id` tells an event that comes again; `position` is 1, 2, 3 … without a gap, and what readers resume by."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    type: Literal["ProductCreated", "ProductUpdated", "PriceChanged", "StockChanged", "ProductDeleted", "OrderCreated"]
    aggregate_id: UUID = Field(description="of the product or the order; events of one keep their order")
    position: int = Field(ge=1)
    occurred_at: AwareDatetime
    data: dict[str, Any]
    schema_version: int = Field(ge=1, description="of `data`; it grows when a reader of before could not read it")


def check(envelope: dict[str, Any]) -> BaseModel:
    """The event's data as its model. Raises ValidationError."""
    read = Envelope.model_validate(envelope)
    return TYPES[read.type].model_validate(read.data)
