"""What the shop shows without being asked: its departments, and what sells."""

import asyncio
from dataclasses import dataclass
from typing import Any

from catalog.errors import CatalogError
from search.elasticsearch.engine import SearchEngine
from search.request import SearchRequest
from storefront.address import Address
from storefront.cards import Card, card
from storefront.pictures import picture_address

POPULAR = 12
REDUCED = 6
RELATED = 6
# A flat catalogue has a category for everything.
MOST_DEPARTMENTS = 24


@dataclass(frozen=True, slots=True)
class Department:
    name: str
    count: int
    url: str
    picture: str


async def contents(engine: SearchEngine) -> dict[str, Any]:
    """The values of `home.html`. Raises Unavailable."""
    everything, reduced = await asyncio.gather(
        engine.search(SearchRequest(sort="popularity", per_page=POPULAR, facets=("category",))),
        engine.search(SearchRequest(on_sale=True, sort="popularity", per_page=REDUCED, facets=())),
    )
    return {
        "total": everything["total"]["value"],
        "departments": departments(everything),
        "popular": [card(hit) for hit in everything["hits"]],
        "reduced": [card(hit) for hit in reduced["hits"]],
        "hero": [card(hit).picture for hit in everything["hits"][:3]],
        "reduced_url": Address((("on_sale", "true"),)).url,
        "popular_url": Address((("sort", "popularity"),)).url,
    }


def departments(response: dict[str, Any]) -> list[Department]:
    """The top of the category tree, the fullest first."""
    top = [
        value
        for facet in response["facets"]
        if facet["type"] == "tree"
        for value in facet["values"]
        if not value.get("level") and value["count"]
    ]
    return [
        Department(
            value["label"],
            value["count"],
            Address((("category", value["value"]),)).url,
            picture_address(value["label"], value["value"]),
        )
        for value in top[:MOST_DEPARTMENTS]
    ]


async def related(engine: SearchEngine, category: str, but: str) -> list[Card]:
    """Popular products of the same category; none while search is away: a product's page stands without them."""
    request = SearchRequest(category=category, sort="popularity", per_page=RELATED + 1, facets=())
    try:
        response = await engine.search(request)
    except CatalogError:
        return []
    return [card(hit) for hit in response["hits"] if str(hit["id"]) != but][:RELATED]
