"""The filters of a search as this interface has them, and as every search has them."""

from typing import TypeVar

import strawberry
from strawberry import UNSET

from api.graphql.scalars import Money
from search.input import AttributeFilter as Filter
from search.input import SearchInput
from search.request import ATTRIBUTE

T = TypeVar("T")


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


def filters_input(filters: SearchFilters | None) -> SearchInput:
    """A search with these filters alone."""
    if filters is None:
        return SearchInput()
    return SearchInput(
        category=_set(filters.category),
        brands=tuple(filters.brand or ()),
        attributes=tuple(map(_attribute, filters.attributes or ())),
        price_min=_set(filters.price_min),
        price_max=_set(filters.price_max),
        in_stock=bool(filters.in_stock),
        on_sale=bool(filters.on_sale),
    )


def _attribute(item: AttributeFilter) -> Filter:
    return Filter(item.name.removeprefix(ATTRIBUTE), tuple(item.values or ()), _set(item.min), _set(item.max))


def shown_facets(names: list[str] | None, *, selected: bool) -> tuple[str, ...]:
    """Facets that are not looked at are not counted."""
    if not selected or names == []:
        return ("none",)
    return tuple(names or ())


def _set(value: T | None) -> T | None:
    """None also for what was left out."""
    return None if value is UNSET else value
