"""What to offer a shopper whose search found nothing: the same without filters, departments, what others like."""

from dataclasses import dataclass, field

from search.failover import FailoverSearch
from search.input import SearchInput
from search.request import SearchRequest
from storefront.address import Address
from storefront.cards import Card, card
from storefront.home import Department, departments
from storefront.results import Results, Suggestion

POPULAR = 6


@dataclass(frozen=True, slots=True)
class Help:
    """`without_filters`: how many products the words alone find; `popular_in`: the category of the popular ones;
    `meant`: what the words could be the beginning of, or a misspelling.
    """

    without_filters: int = 0
    url: str = ""
    popular: list[Card] = field(default_factory=list)
    popular_in: str = ""
    departments: list[Department] = field(default_factory=list)
    meant: list[Suggestion] = field(default_factory=list)


async def help_without_hits(engine: FailoverSearch, page: Results) -> Help:
    bare = page.address.without_filters()
    category = page.address.get("category")
    popular, inside = page.popular, ""
    everything = await engine.search(SearchRequest(sort="popularity", per_page=POPULAR, facets=("category",)))
    if not popular and category:
        inside_category = SearchInput(category=category, sort="popularity", per_page=POPULAR, facets=("none",))
        answer = await engine.search(inside_category.to_request())
        popular = [card(hit) for hit in answer.hits]
        inside = next((chip.value for chip in page.chips if chip.label == "Category"), "") if popular else ""
    return Help(
        without_filters=page.without_filters if page.chips and bare.get("q") else 0,
        url=Address((("q", bare.get("q")),)).url,
        popular=popular or [card(hit) for hit in everything.hits],
        popular_in=inside,
        departments=departments(everything),
        meant=page.suggestions,
    )
