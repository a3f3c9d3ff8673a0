"""A record becomes a validated product line, or a rejected result that names the wrong fields."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from catalog.errors import FieldError
from catalog.importing.records import WHOLE_LINE, LineResult, Record
from catalog.schemas.fields import category_names
from catalog.schemas.messages import field_errors
from catalog.schemas.product_in import ProductIn

COLUMNS = (
    "name",
    "description",
    "price",
    "compare_at_price",
    "cost",
    "inventory",
    "gtin",
    "status",
    "publish_from",
    "publish_until",
    "popularity",
    "attributes",
)
# What null means for a column that can not be null.
CLEARED: dict[str, Any] = {"inventory": 0, "status": "active", "popularity": 0, "attributes": {}}
MAX_ERRORS = 20


@dataclass(frozen=True, slots=True)
class ProductLine:
    """A product in the shape in which it is staged, so that the thread that talks to Postgres need not work on it."""

    #: Its number, from 1.
    line: int
    sku: str
    #: A JSON object of the columns that the line gives, without the ids of brand and category.
    fields: str
    #: The brand's name.
    brand: str | None
    #: The names from the root, or else the category's id.
    category: tuple[str, ...] | None
    category_id: UUID | None
    #: (url, alt); None when the line leaves them out.
    images: list[tuple[str, str | None]] | None
    #: Whether some image of the line names its alt.
    alts: bool
    #: (sku, price, inventory, options as JSON); None when the line leaves them out.
    variants: list[tuple[str, Decimal, int, str]] | None

    @property
    def skus(self) -> set[str]:
        return {self.sku, *(variant[0] for variant in self.variants or ())}


def parse(record: Record, currency: str) -> ProductLine | LineResult:
    """The product of a record; `currency` is the catalogue's."""
    if record.error:
        return rejected(record.line, None, [record.error])
    if not isinstance(record.data, dict):
        return rejected(record.line, None, [FieldError(WHOLE_LINE, "must be a JSON object")])
    try:
        product = ProductIn.model_validate(record.data)
    except ValidationError as error:
        sku = record.data.get("sku")
        # The words are those of a request's body, which is where a line's fields are in the API.
        details = ({**detail, "loc": ("body", *detail["loc"])} for detail in error.errors(include_url=False))
        errors = field_errors(details)
        return rejected(record.line, sku if isinstance(sku, str) else None, errors)
    if product.currency not in (None, currency):
        return rejected(record.line, product.sku, [FieldError("currency", f"must be {currency}, the catalogue's own")])
    return _line(record.line, product)


def rejected(line: int, sku: str | None, errors: Iterable[FieldError]) -> LineResult:
    return LineResult(line, "rejected", sku, None, tuple(errors)[:MAX_ERRORS])


def _line(number: int, product: ProductIn) -> ProductLine:
    names = product.given
    fields: dict[str, Any] = {}
    for name in COLUMNS:
        if name in names:
            value = getattr(product, name)
            fields[name] = CLEARED.get(name) if value is None else value
    if fields.get("attributes"):
        fields["attributes"] = {name: value for name, value in fields["attributes"].items() if value is not None}
    if "brand" in names:
        fields["brand_id"] = None
    if names & {"category", "category_id"}:
        fields["category_id"] = None
    # Derived here, not by the triggers alone, so that a second run finds the stored price and inventory equal.
    if derived := product.rolled_up():
        fields["price"], fields["inventory"] = derived
    return ProductLine(
        line=number,
        sku=product.sku,
        fields=dump(fields),
        brand=product.brand,
        category=_names(product.category) if product.category else None,
        category_id=product.category_id,
        images=[(image.url, image.alt) for image in product.images or ()] if "images" in names else None,
        alts=any("alt" in image.model_fields_set for image in product.images or ()),
        variants=[(v.sku, v.price, v.inventory, dump(v.options)) for v in product.variants or ()]
        if "variants" in names
        else None,
    )


def dump(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()  # amounts are Decimal: as text they keep both decimals


_names = lru_cache(4096)(category_names)
