"""What a client sends: shapes only. What each field may hold is said by the same models as REST's."""

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

import strawberry
from pydantic import BaseModel, ValidationError
from strawberry.scalars import JSON

from api.graphql.enums import ProductStatus
from api.graphql.errors import invalid
from api.graphql.scalars import Moment, Money
from catalog.schemas.product_in import ProductIn, ProductPatch
from catalog.schemas.product_list import ProductListIn
from mappings.json_types import Json

Model = TypeVar("Model", bound=BaseModel)


@strawberry.input
class ImageInput:
    url: str
    alt: str | None = strawberry.UNSET


@strawberry.input
class VariantInput:
    sku: str
    price: Money
    inventory: int = 0
    options: JSON | None = strawberry.field(default=strawberry.UNSET, description='`{size: "M"}`')


@strawberry.input(description="A field left out keeps what is stored, null clears it; attributes merge.")
class UpdateProductInput:
    sku: str | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    price: Money | None = strawberry.UNSET
    compare_at_price: Money | None = strawberry.UNSET
    cost: Money | None = strawberry.UNSET
    currency: str | None = strawberry.field(default=strawberry.UNSET, description="The catalogue's own, if sent.")
    inventory: int | None = strawberry.UNSET
    gtin: str | None = strawberry.UNSET
    brand: str | None = strawberry.field(default=strawberry.UNSET, description="Made if it does not exist.")
    category: str | None = strawberry.field(
        default=strawberry.UNSET, description="Names from the root, `Audio > Headphones`; made if missing."
    )
    category_id: strawberry.ID | None = strawberry.UNSET
    status: ProductStatus | None = strawberry.UNSET
    publish_from: Moment | None = strawberry.UNSET
    publish_until: Moment | None = strawberry.UNSET
    popularity: float | None = strawberry.UNSET
    images: list[ImageInput] | None = strawberry.UNSET
    attributes: JSON | None = strawberry.field(
        default=strawberry.UNSET, description='`{color: "black", weight_g: 12}`; a name with null is removed.'
    )
    variants: list[VariantInput] | None = strawberry.UNSET


@strawberry.input(description="A whole product: sku, name and price are required.")
class CreateProductInput(UpdateProductInput):
    sku: str
    name: str
    price: Money


def whole(sent: CreateProductInput) -> ProductIn:
    """Raises InvalidInput."""
    return _read(ProductIn, plain(sent))


def part(sent: UpdateProductInput) -> ProductPatch:
    """Raises InvalidInput."""
    return _read(ProductPatch, plain(sent))


def listed(**sent: Any) -> ProductListIn:
    """Raises InvalidInput."""
    return _read(ProductListIn, sent)


def plain(sent: Any) -> Any:
    """An input as a dictionary of what was sent; null is kept, and tells from what was left out."""
    if is_dataclass(sent):
        values = {field.name: getattr(sent, field.name) for field in fields(sent)}
        return {name: plain(value) for name, value in values.items() if value is not strawberry.UNSET}
    if isinstance(sent, Enum):
        return sent.value
    return [plain(item) for item in sent] if isinstance(sent, list) else sent


def _read(model: type[Model], sent: Json) -> Model:
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        raise invalid(error) from None
