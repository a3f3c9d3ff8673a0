"""What a front door must be able to do for the table of cases, and the shapes in which answers are compared."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fastapi import FastAPI
from grpc.aio import Channel

from catalog.settings import Settings

# The words of an error that every door has for the same thing.
Code = Literal["NOT_FOUND", "INVALID_INPUT", "UNAUTHENTICATED", "FORBIDDEN", "CONFLICT", "UNAVAILABLE"]
# Values as JSON has them; a list is a parameter given more than once. Names as REST has them: `per_page`, `attr.color`.
Parameters = Mapping[str, str | int | float | bool | Sequence[str]]
Fields = Mapping[str, Any]
Answer = dict[str, Any]


class Refused(Exception):
    """What a driver raises for an error; `fields` are the wrong ones, named as REST names them."""

    def __init__(self, code: Code, fields: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.fields = sorted(fields)


class Door(Protocol):
    """A client of one front door with one credential. Every method raises Refused.

    A product is a dictionary of PRODUCT; money is text with two decimals, ids are text, times are left out.
    """

    @property
    def name(self) -> str:
        """Stands in skus that a case writes, so that the doors do not meet."""

    async def get_product(self, product_id: str) -> Answer: ...

    async def list_products(self, asked: Parameters) -> Answer:
        """`{ids, total}` for page, per_page, search, category."""

    async def create_product(self, fields: Fields) -> Answer: ...

    async def patch_product(self, product_id: str, fields: Fields, version: int | None = None) -> Answer:
        """None clears a field, one left out is kept. `version` is the one that was read."""

    async def delete_product(self, product_id: str, version: int | None = None) -> None: ...

    async def search(self, asked: Parameters) -> Answer:
        """SEARCH: `{ids, total, facets, corrected_to, dropped_terms, degraded}`; facets are those of `read_facets`."""

    async def autocomplete(self, asked: Parameters) -> Answer:
        """`{queries, products, categories, brands}`: texts, ids, paths, names in order."""


class TreeDoor(Door, Protocol):
    """A door that shows the category tree too."""

    async def categories(self) -> list[Answer]:
        """The roots, each `{id, name, path, product_count, children}`."""


PRODUCT = (
    "id", "sku", "name", "description", "price", "compare_at_price", "currency", "on_sale", "inventory", "gtin",
    "brand", "category", "images", "attributes", "variants", "status", "version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """A catalogue to ask for: ids by sku, and a token for each role ("" has none). `channel` leads to gRPC of `app`."""

    settings: Settings
    app: FastAPI
    channel: Channel
    ids: Mapping[str, str]
    tokens: Mapping[str, str]


# From a world and a token to a client with it, closed at the end.
OpenDoor = Callable[[World, str | None], AbstractAsyncContextManager[Door]]


def money(value: Any) -> str | None:
    """29.9, "29.90" and Decimal -> "29.90"."""
    return None if value is None else f"{float(value):.2f}"


def read_product(held: Mapping[str, Any]) -> Answer:
    """A product of a door that uses REST's names -> PRODUCT."""
    product = {name: held[name] for name in PRODUCT}
    category = product["category"]
    return product | {
        "price": money(held["price"]),
        "compare_at_price": money(held["compare_at_price"]),
        "category": category and {name: category[name] for name in ("id", "name", "path")},
        "images": [{name: image[name] for name in ("url", "alt", "position")} for image in held["images"]],
        "variants": [
            {"sku": item["sku"], "price": money(item["price"]), "inventory": item["inventory"],
             "options": dict(item["options"])}
            for item in held["variants"]
        ],
        "version": int(held["version"]),
    }  # fmt: skip


def read_facets(held: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Facets of a door that uses REST's names; numbers as floats, because not every protocol has both kinds."""
    return [
        {
            "name": facet["name"],
            "label": facet["label"],
            "type": facet["type"],
            "values": [
                (value["value"], value["label"], value["count"], value["selected"], value.get("level") or 0)
                for value in facet["values"]
            ],
            "total_values": facet["total_values"],
            "bounds": (_float(facet["min"]), _float(facet["max"])),
            "unit": facet["unit"],
            "buckets": [
                (_float(step["from"]), _float(step["to"]), step["label"], step["count"]) for step in facet["buckets"]
            ],
        }
        for facet in held
    ]


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
