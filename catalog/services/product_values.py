"""From what a client sent to what the columns will hold. Pure."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from catalog.errors import InvalidInput
from catalog.schemas.fields import MAX_ATTRIBUTES, MAX_VALUES, count_values
from catalog.schemas.product_in import ProductIn, ProductPatch

# What a column holds when its field is cleared, or left out of a whole product.
DEFAULTS: dict[str, Any] = {
    "description": None,
    "compare_at_price": None,
    "cost": None,
    "inventory": 0,
    "gtin": None,
    "status": "active",
    "publish_from": None,
    "publish_until": None,
    "popularity": 0.0,
}
COLUMNS = ("sku", "name", "price", *DEFAULTS)


def whole(payload: ProductIn) -> dict[str, Any]:
    """Every column of a created or replaced product, apart from its brand and category."""
    values = {name: _or_default(name, getattr(payload, name)) for name in COLUMNS}
    return {**values, "attributes": merged({}, payload.attributes or {}), **_derived(payload)}


def partial(payload: ProductPatch, stored_attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a patch speaks of: null clears, attributes are merged by name (RFC 7396)."""
    values = {name: _or_default(name, getattr(payload, name)) for name in COLUMNS if name in payload.given}
    if "attributes" in payload.given:
        values["attributes"] = {} if payload.attributes is None else merged(stored_attributes, payload.attributes)
    return {**values, **_derived(payload)}


def merged(stored: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {name: value for name, value in {**stored, **patch}.items() if value is not None}
    if len(attributes) > MAX_ATTRIBUTES:
        raise InvalidInput.of("attributes", f"a product can have at most {MAX_ATTRIBUTES}")
    if count_values(attributes) > MAX_VALUES:
        raise InvalidInput.of("attributes", f"a product can have at most {MAX_VALUES} values in all attributes")
    return attributes


def changed(stored: Mapping[Any, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What is wanted and not already stored."""
    return {name: value for name, value in values.items() if not same(stored[name], value)}


def same(stored: Any, value: Any) -> bool:
    """Equality as JSON sees it: Python's own takes true for 1, and so would lose a change from one to the other."""
    if isinstance(stored, dict | list):
        return _canonical(stored) == _canonical(value)
    return bool(stored == value)


def _canonical(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    """12.0 is the number 12 for Postgres and for a reader."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _or_default(name: str, value: Any) -> Any:
    return DEFAULTS.get(name) if value is None else value


def _derived(payload: ProductPatch) -> dict[str, Decimal | int]:
    """With variants, price and inventory are theirs. A trigger keeps it so; writing it at once saves its update."""
    rolled_up = payload.rolled_up()
    return {} if rolled_up is None else {"price": rolled_up[0], "inventory": rolled_up[1]}
