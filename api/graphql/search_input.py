"""A search as a client of this door asks for it -> the parameters that every door's searches have."""

from typing import Any

import strawberry
from strawberry import UNSET

from api.graphql.enums import SearchSort
from api.graphql.scalars import Money
from search.request import ATTRIBUTE

Parameters = list[tuple[str, str]]


@strawberry.input(description="Values of one attribute are alternatives; `min` and `max` are for numbers.")
class AttributeFilter:
    name: str = strawberry.field(description="As its facet is named, `attr.color`, or without `attr.`.")
    values: list[str] | None = UNSET
    min: float | None = UNSET
    max: float | None = UNSET


@strawberry.input(description="All of them hold at once.")
class SearchFilters:
    category: str | None = strawberry.field(default=UNSET, description="Path or id; with everything below it.")
    brand: list[str] | None = strawberry.field(default=UNSET, description="Any of them.")
    price_min: Money | None = UNSET
    price_max: Money | None = UNSET
    in_stock: bool | None = strawberry.field(default=UNSET, description="true: only what can be bought now.")
    on_sale: bool | None = strawberry.field(default=UNSET, description="true: only what is reduced.")
    attributes: list[AttributeFilter] | None = UNSET


def parameters(filters: SearchFilters | None, **others: Any) -> Parameters:
    """Names as REST has them. A list is a repeated parameter, None is left out."""
    asked: Parameters = []
    for name, value in others.items():
        _add(asked, name, value)
    if filters:
        for name in ("category", "brand", "price_min", "price_max", "in_stock", "on_sale"):
            _add(asked, name, getattr(filters, name))
        for item in filters.attributes or ():
            name = item.name if item.name.startswith(ATTRIBUTE) else ATTRIBUTE + item.name
            _add(asked, name, item.values)
            _add(asked, f"{name}_min", item.min)
            _add(asked, f"{name}_max", item.max)
    return asked


def shown_facets(names: list[str] | None, *, selected: bool) -> list[str]:
    """Facets that nobody looks at are not counted."""
    if not selected or names == []:
        return ["none"]
    return names or ["auto"]


def _add(asked: Parameters, name: str, value: Any) -> None:
    if value is None or value is UNSET:
        return
    for item in value if isinstance(value, list) else [value]:
        asked.append((name, _text(item)))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, SearchSort):
        return str(value.value)
    return str(value)
