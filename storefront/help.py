"""What to offer a shopper whose search found nothing: the same without filters, departments, what others like."""

from dataclasses import dataclass, field

from search.engine import SearchEngine
from search.request import parse_autocomplete, parse_request
from storefront.address import Address
from storefront.cards import Card, card
from storefront.home import Department, departments
from storefront.results import Results, Suggestion, query_suggestion

POPULAR = "6"
MEANT = "4"


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


async def help_without_hits(engine: SearchEngine, found: Results) -> Help:
    bare = found.address.without_filters()
    without = 0
    if found.chips and bare.get("q"):
        answer = await engine.search(parse_request([("q", bare.get("q")), ("per_page", "1"), ("facets", "none")]))
        without = answer["total"]["value"]
    meant = found.suggestions
    if bare.get("q") and not meant and not without:
        completed = await engine.autocomplete(*parse_autocomplete([("q", bare.get("q")), ("limit", MEANT)]))
        meant = [query_suggestion(item) for item in completed["sections"]["queries"]]
    category = found.address.get("category")
    popular, inside = found.popular, ""
    wanted = [("sort", "popularity"), ("per_page", POPULAR), ("facets", "category")]
    everything = await engine.search(parse_request(wanted))
    if not popular and category:
        answer = await engine.search(parse_request([*wanted[:2], ("facets", "none"), ("category", category)]))
        popular = [card(hit) for hit in answer["hits"]]
        inside = next((chip.value for chip in found.chips if chip.label == "Category"), "") if popular else ""
    return Help(
        without_filters=without,
        url=Address((("q", bare.get("q")),)).url,
        popular=popular or [card(hit) for hit in everything["hits"]],
        popular_in=inside,
        departments=departments(everything),
        meant=meant,
    )
