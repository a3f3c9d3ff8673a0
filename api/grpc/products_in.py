"""Products as clients send them: messages -> the models that validate for every door. Pure."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any, TypeVar

from google.protobuf.struct_pb2 import ListValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, ValidationError

from catalog.errors import InvalidInput
from catalog.schemas.messages import field_errors
from catalog.schemas.product_in import ProductIn, ProductPatch
from catalog.schemas.product_list import ProductListIn
from catalog.v1.product_service_pb2 import ListProductsRequest, ProductInput
from mappings.json_types import Json

Model = TypeVar("Model", bound=BaseModel)

FIELDS = tuple(field.name for field in ProductInput.DESCRIPTOR.fields)
WHOLE = "*"
_ATTRIBUTES = "attributes"
# More than any product has fields and attributes; each is looked at.
MAX_PATHS = 1000


def whole(sent: ProductInput) -> ProductIn:
    """Raises InvalidInput."""
    return read(ProductIn, given(sent))


def part(sent: ProductInput, paths: Sequence[str]) -> ProductPatch:
    """What a field mask selects, and what is set where there is no mask. Raises InvalidInput."""
    return read(ProductPatch, masked(given(sent), paths) if paths else given(sent))


def listed(sent: ListProductsRequest) -> ProductListIn:
    """Raises InvalidInput."""
    return read(ProductListIn, {field.name: value for field, value in sent.ListFields()})


def given(sent: ProductInput) -> Json:
    """The fields that are set, with the names and values of JSON."""
    return {field.name: _value(field.name, value) for field, value in sent.ListFields()}


def masked(fields: Json, paths: Sequence[str]) -> Json:
    """The fields that the paths name; one without a value is None, which clears it. Raises InvalidInput."""
    if len(paths) > MAX_PATHS:
        raise InvalidInput.of("update_mask", f"at most {MAX_PATHS} paths are allowed")
    chosen: Json = {}
    for path in paths:
        name, dot, attribute = path.partition(".")
        if name not in FIELDS or (dot and (name != _ATTRIBUTES or not attribute)):
            raise InvalidInput.of(
                "update_mask", f"{path[:100]!r} is no field of a product; {WHOLE}, {', '.join(FIELDS)} are"
            )
        if not dot:
            chosen[name] = fields.get(name)
        elif _ATTRIBUTES not in paths:
            # A name may hold dots itself, so all that follows the first one is the name.
            chosen.setdefault(_ATTRIBUTES, {})[attribute] = fields.get(_ATTRIBUTES, {}).get(attribute)
    return chosen


def read(model: type[Model], sent: Json) -> Model:
    """Raises InvalidInput that names every wrong field."""
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        errors = field_errors([{**wrong, "loc": ("body", *wrong["loc"])} for wrong in error.errors()])
        raise InvalidInput("; ".join(f"{wrong.field}: {wrong.message}" for wrong in errors[:5]), errors) from None


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Timestamp):
        try:
            return value.ToDatetime(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise InvalidInput.of(name, "must be a time from 1900-01-01T00:00:00Z to 2200-01-01T00:00:00Z") from None
    if isinstance(value, Struct):
        return {key: plain(item) for key, item in value.fields.items()}
    if name == "images":
        return [{field.name: item for field, item in image.ListFields()} for image in value]
    if name == "variants":
        return [
            {"sku": item.sku, "price": item.price, "inventory": item.inventory, "options": dict(item.options)}
            for item in value
        ]
    return value


def plain(value: Value) -> Any:
    """A value of JSON; 12.0 is 12, as the number was meant before it became a double."""
    kind = value.WhichOneof("kind")
    if kind is None or kind == "null_value":
        return None
    content: Any = getattr(value, kind)
    if isinstance(content, ListValue):
        return [plain(item) for item in content.values]
    if isinstance(content, Struct):
        return {key: plain(item) for key, item in content.fields.items()}
    return int(content) if isinstance(content, float) and content.is_integer() and abs(content) < 2**53 else content
