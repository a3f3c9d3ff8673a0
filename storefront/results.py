"""A search's response as a page: heading, notices, chips, choices, cards, pages. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from search.request import MAX_WINDOW
from search.result import Facet, NearbyCategory, SearchResult
from storefront.address import Address
from storefront.cards import Card, card
from storefront.facet_view import FLAGS, Group, between, groups, shown, step_label
from storefront.formatting import label

SORTS = {
    "relevance": "Best match", "price_asc": "Price: low to high", "price_desc": "Price: high to low",
    "newest": "Newest", "popularity": "Most popular", "name": "Name",
}  # fmt: skip
_FLAG_LABELS = {"in_stock": "In stock", "on_sale": "On sale"}
# Pages beside the one that is shown.
_NEAR = 2


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force; `url` is the page without it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class PageLink:
    """`number` None is a gap."""

    number: int | None
    url: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that the page of results says.

    `corrected`, `dropped` and `partly` are what search had to do, `exactly` the address of the results without that.
    """

    address: Address
    text: str
    heading: str
    total: int
    exact: bool
    cards: list[Card]
    groups: list[Group]
    chips: list[Chip]
    clear: str
    sort: str
    sorts: dict[str, str]
    sort_fields: list[tuple[str, str]]
    pages: list[PageLink]
    previous: str | None
    following: str | None
    corrected: str | None
    dropped: list[str]
    partly: bool
    degraded: bool
    suggestions: list[Suggestion]
    categories: list[Suggestion]
    popular: list[Card]
    without_filters: int
    exactly: str | None


def results(result: SearchResult, address: Address, currency: str) -> Results:
    facets = {facet.name: facet for facet in result.facets}
    query, total, offered = result.query, result.total, result.suggestions
    page, pages = result.page, _pages(total.value, result.per_page)
    walking = bool(address.get("cursor"))
    # Past the last page that has a number, a cursor leads on.
    further = result.next_cursor if walking or page >= pages else None
    changed = query.corrected_to or query.dropped_terms
    return Results(
        address=address,
        text=query.text,
        heading=_heading(query.text, address, facets),
        total=total.value,
        exact=total.exact,
        cards=[card(hit) for hit in result.hits],
        groups=groups(result.facets, address, currency),
        chips=chips(address, facets, currency),
        clear=address.without_filters().url,
        sort=address.get("sort") or "relevance",
        sorts=SORTS,
        sort_fields=address.fields("sort"),
        pages=[] if walking else _page_links(address, page, pages),
        previous=address.at_page(page - 1).url if page > 1 and not walking else None,
        following=address.put("cursor", further).url if further else _next_page(address, page, pages, walking),
        corrected=query.corrected_to,
        dropped=list(query.dropped_terms),
        partly=any(hit.missing for hit in result.hits),
        degraded=result.degraded,
        suggestions=[query_suggestion(item.text) for item in offered.queries] if offered else [],
        categories=[_category_suggestion(item) for item in offered.categories] if offered else [],
        popular=[card(hit) for hit in offered.popular] if offered else [],
        without_filters=(offered.without_filters or 0) if offered else 0,
        exactly=address.put("exact", "true").url if changed else None,
    )


def chips(address: Address, facets: Mapping[str, Facet], currency: str) -> list[Chip]:
    """The filters in force, in the order in which they were set; both ends of a range are one."""
    chips: dict[str, Chip] = {}
    for name, value in address.filters:
        base = name.removesuffix("_min").removesuffix("_max")
        facet = facets.get(base)
        title = facet.label if facet else label(base)
        if base != name and (base == "price" or base.startswith("attr.")):
            text = _limits(base, address, facet, currency)
            chips.setdefault(base, Chip(title, text, address.between(base, None, None).url))
        elif name in FLAGS:
            if value in ("true", "1"):
                chips[name] = Chip("", _FLAG_LABELS[name], address.without(name).url)
        else:
            url = (address.without(name) if name == "category" else address.toggled(name, value)).url
            chips[f"{name}={value}"] = Chip(title, _value_label(name, value, facet), url)
    return list(chips.values())


def _limits(name: str, address: Address, facet: Facet | None, currency: str) -> str:
    """The limits of a range in force; those of a step as the step is called."""
    low, high = (_number(address.get(f"{name}_{end}")) for end in ("min", "max"))
    if facet:
        for step in facet.buckets:
            if (step.low, step.high) == (low, high):
                return step_label(facet, step, currency)
    return between(name, low, high, unit=facet.unit if facet else None, currency=currency)


def _value_label(name: str, value: str, facet: Facet | None) -> str:
    values = facet.values if facet else ()
    if name == "category":
        return next((each.label for each in values if each.selected), value)
    spelled = [each.label for each in values if each.value.casefold() == value.casefold()]
    return shown(name, spelled[0] if spelled else value)


def _heading(text: str, address: Address, facets: Mapping[str, Facet]) -> str:
    if text:
        return text
    for name in ("category", "brand"):
        if address.get(name):
            return _value_label(name, address.get(name), facets.get(name))
    return _FLAG_LABELS["on_sale"] if address.get("on_sale") == "true" else "All products"


def _pages(total: int, per_page: int) -> int:
    return max(1, min(ceil(total / per_page), MAX_WINDOW // per_page))


def _next_page(address: Address, page: int, pages: int, walking: bool) -> str | None:
    return address.at_page(page + 1).url if page < pages and not walking else None


def _page_links(address: Address, page: int, pages: int) -> list[PageLink]:
    """1 … 4 5 [6] 7 8 … 40; nothing where one page holds everything."""
    if pages < 2:
        return []
    near = {1, pages, *range(max(1, page - _NEAR), min(pages, page + _NEAR) + 1)}
    links: list[PageLink] = []
    for number in sorted(near):
        if links and (links[-1].number or 0) < number - 1:
            links.append(PageLink(None))
        links.append(PageLink(number, address.at_page(number).url, number == page))
    return links


def query_suggestion(text: str) -> Suggestion:
    """A suggested query as a link to its results."""
    return Suggestion(text, Address((("q", text),)).url)


def _category_suggestion(category: NearbyCategory) -> Suggestion:
    return Suggestion(category.text, Address((("category", category.value),)).url)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
