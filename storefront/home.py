"""What the shop shows without being asked: its departments, and what sells."""

import asyncio
from dataclasses import dataclass

from catalog.errors import CatalogError
from search.failover import FailoverSearch
from search.request import SearchRequest
from search.result import SearchResult
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


@dataclass(frozen=True, slots=True)
class Home:
    """The values of `home.html`. `hero` are addresses of pictures."""

    total: int
    departments: list[Department]
    popular: list[Card]
    reduced: list[Card]
    hero: list[str]
    reduced_url: str
    popular_url: str


async def contents(engine: FailoverSearch) -> Home:
    """What the home page shows. Raises Unavailable."""
    everything, reduced = await asyncio.gather(
        engine.search(SearchRequest(sort="popularity", per_page=POPULAR, facets=("category",))),
        engine.search(SearchRequest(on_sale=True, sort="popularity", per_page=REDUCED, facets=())),
    )
    popular = [card(hit) for hit in everything.hits]
    return Home(
        total=everything.total.value,
        departments=departments(everything),
        popular=popular,
        reduced=[card(hit) for hit in reduced.hits],
        hero=[each.picture for each in popular[:3]],
        reduced_url=Address((("on_sale", "true"),)).url,
        popular_url=Address((("sort", "popularity"),)).url,
    )


def departments(result: SearchResult) -> list[Department]:
    """The top of the category tree, the fullest first."""
    trees = [facet for facet in result.facets if facet.type == "tree"]
    top = [value for facet in trees for value in facet.values if not value.level and value.count]
    return [
        Department(
            value.label,
            value.count,
            Address((("category", value.value),)).url,
            picture_address(value.label, value.value),
        )
        for value in top[:MOST_DEPARTMENTS]
    ]


async def related(engine: FailoverSearch, category: str, but: str) -> list[Card]:
    """Popular products of the same category; none while search is away: a product's page stands without them."""
    request = SearchRequest(category=category, sort="popularity", per_page=RELATED + 1, facets=())
    try:
        result = await engine.search(request)
    except CatalogError:
        return []
    return [card(hit) for hit in result.hits if hit.id != but][:RELATED]
