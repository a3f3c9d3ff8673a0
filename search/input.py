"""What a client asks for, in types and not yet checked. Every interface makes this of what it is sent.

Field names in mistakes are those of PARAMETERS, whichever interface the values came through.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from search.checks import Amount, Checks, Mistakes
from search.request import (
    ATTRIBUTE,
    DEFAULT_PER_PAGE,
    DEFAULT_SUGGESTIONS,
    MAX_PER_PAGE,
    MAX_SUGGESTIONS,
    MAX_WINDOW,
    PARAMETERS,
    SORTS,
    AutocompleteRequest,
    Range,
    SearchRequest,
)


@dataclass(frozen=True, slots=True)
class AttributeFilter:
    """A filter by one attribute. Several of one name add up.

    name: without `attr.`.
    values: alternatives.
    low, high: the ends of a closed interval, for numbers; None is open.
    """

    name: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SearchInput:
    """The fields of a SearchRequest as they are sent.

    brands: alternatives.
    attributes: all of them hold.
    price_min, price_max: amounts, as text where no digit may be lost.
    facets: names, several may stand in one text between commas; `auto` or nothing, or `none`.
    cursor: instead of `page`.
    mistakes: what was wrong with the spelling of the fields.
    """

    q: str = ""
    category: str | None = None
    brands: tuple[str, ...] = ()
    attributes: tuple[AttributeFilter, ...] = ()
    price_min: Amount | None = None
    price_max: Amount | None = None
    in_stock: bool = False
    on_sale: bool = False
    sort: str = SORTS[0]
    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    facets: tuple[str, ...] = ()
    cursor: str | None = None
    explain: bool = False
    exact: bool = False
    mistakes: Mistakes = field(default_factory=Mistakes)

    @property
    def counts_facets(self) -> bool:
        return set(self.facets) != {"none"}

    def to_request(self) -> SearchRequest:
        """Raises InvalidInput that names every mistake."""
        checks = Checks(self.mistakes)
        sent = self._sendable(checks.mistakes)
        q = checks.text("q", sent.q)
        page = checks.whole("page", sent.page, MAX_WINDOW, default=1)
        per_page = checks.whole("per_page", sent.per_page, MAX_PER_PAGE, DEFAULT_PER_PAGE)
        if page * per_page > MAX_WINDOW:
            checks.error(
                "page", f"page × per_page must be at most {MAX_WINDOW}; go on with cursor, or narrow the search"
            )
        cursor = checks.cursor(sent.cursor, page)
        category = checks.category(sent.category)
        brands = checks.values("brand", sent.brands)
        price = checks.interval(
            "price", checks.cents("price_min", sent.price_min), checks.cents("price_max", sent.price_max)
        )
        checks.reach("in_stock", "on_sale", "explain", "exact")
        sort = checks.choice("sort", sent.sort, SORTS)
        facets = checks.facets(sent.facets)
        ranges = tuple(_ranges(checks, sent.attributes))
        attributes = tuple(_attributes(checks, sent.attributes))
        names = (*dict(attributes), *dict(ranges))
        fixed = (category is not None, bool(brands), price is not None, sent.in_stock, sent.on_sale)
        values = len(brands) + sum(len(chosen) for _, chosen in attributes) + len(ranges)
        checks.filters(names, len(set(names)) + sum(fixed), values)
        checks.finish()
        return SearchRequest(
            q, category, brands, attributes, ranges, price, sent.in_stock, sent.on_sale, sort, page, per_page, facets,
            cursor, sent.explain, sent.exact,
        )  # fmt: skip

    def _sendable(self, mistakes: Mistakes) -> "SearchInput":
        """Without the texts that can't be sent on, each of which is a mistake."""

        def one(name: str, text: str | None) -> str | None:
            return text if text is None or mistakes.are_sendable(name, text) else None

        def amount(name: str, sent: Amount | None) -> Amount | None:
            return one(name, sent) if isinstance(sent, str) else sent

        def many(name: str, texts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(text for text in texts if mistakes.are_sendable(name, text))

        return replace(
            self,
            q=one("q", self.q) or "",
            sort=self.sort if mistakes.are_sendable("sort", self.sort) else SORTS[0],
            cursor=one("cursor", self.cursor),
            facets=many("facets", self.facets),
            category=one("category", self.category),
            brands=many("brand", self.brands),
            price_min=amount("price_min", self.price_min),
            price_max=amount("price_max", self.price_max),
            attributes=tuple(
                replace(item, values=many(ATTRIBUTE + item.name, item.values))
                for item in self.attributes
                if mistakes.are_sendable(ATTRIBUTE + item.name, item.name)
            ),
        )


@dataclass(frozen=True, slots=True)
class AutocompleteInput:
    """The fields of an AutocompleteRequest as they are sent; a category of "" is none."""

    q: str = ""
    limit: int = DEFAULT_SUGGESTIONS
    category: str | None = None
    mistakes: Mistakes = field(default_factory=Mistakes)

    def to_request(self) -> AutocompleteRequest:
        """Raises InvalidInput that names every mistake."""
        checks = Checks(self.mistakes)
        q = checks.text("q", self.q if checks.mistakes.are_sendable("q", self.q) else "")
        limit = checks.whole("limit", self.limit, MAX_SUGGESTIONS, DEFAULT_SUGGESTIONS)
        sendable = self.category is None or checks.mistakes.are_sendable("category", self.category)
        category = checks.category(self.category if sendable else None, blank=True)
        checks.finish()
        return AutocompleteRequest(q, limit, category)


def _ranges(checks: Checks, filters: Iterable[AttributeFilter]) -> Iterator[tuple[str, Range]]:
    """The intervals by the names of their attributes, sorted."""
    lows: dict[str, list[float]] = {}
    highs: dict[str, list[float]] = {}
    for item in filters:
        for bounds, bound in ((lows, item.low), (highs, item.high)):
            if bound is not None:
                bounds.setdefault(item.name, []).append(bound)
    for name in sorted(filter(None, {*lows, *highs})):
        low, high = (
            checks.number(f"{ATTRIBUTE}{name}_{end}", *bounds.get(name, ()))
            for end, bounds in (("min", lows), ("max", highs))
        )
        if (limits := checks.interval(ATTRIBUTE + name, low, high)) is not None:
            yield name, limits


def _attributes(checks: Checks, filters: Iterable[AttributeFilter]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The values by the names of their attributes, sorted."""
    values: dict[str, list[str]] = {}
    for item in filters:
        if not item.name:
            checks.mistakes.add_unknown(ATTRIBUTE, PARAMETERS)
        elif item.values:
            values.setdefault(item.name, []).extend(item.values)
    for name in sorted(values):
        yield name, checks.values(ATTRIBUTE + name, values[name])
