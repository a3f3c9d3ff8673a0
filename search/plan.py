"""What to do about a request, before any Elasticsearch syntax: frozen, printable, made without I/O."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from mappings.identifiers import normalise_identifier
from search.request import SearchRequest

Strictness = Literal["all", "some"]

# With fewer products than this that hold every word, products that hold most of the words are shown after them.
ENOUGH = 10
# A word of a longer query that may be an identifier. "1440" is a number like any other; so many digits are a GTIN.
SHORTEST_MIXED = 4
SHORTEST_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Category:
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """`strictness` is None for browsing. `attribute_facets` are names without `attr.`, in the order to show.

    `identifier` is the whole query spelled as an identifier, `parts` are single words of it that look like one.
    `category` is the chosen category as the catalogue knows it.
    """

    request: SearchRequest
    now: datetime
    words: tuple[str, ...] = ()
    identifier: str = ""
    parts: tuple[str, ...] = ()
    strictness: Strictness | None = None
    attribute_facets: tuple[str, ...] = ()
    text_attributes: frozenset[str] = frozenset()
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What the catalogue holds for the words and forced filters alone; the attributes below the category too."""

    matches_all: int
    attributes_all: tuple[str, ...]
    attributes_some: tuple[str, ...]
    identified: bool
    category: Category | None = None


def make_plan(request: SearchRequest, now: datetime) -> SearchPlan:
    """The plan as far as the request alone decides it."""
    words = tuple(request.q.split())
    named = tuple(name.removeprefix("attr.") for name in request.facets or () if name.startswith("attr."))
    return SearchPlan(
        request,
        now,
        words,
        normalise_identifier(request.q),
        identifiers_in(words),
        "all" if words else None,
        attribute_facets=named,
    )


def identifiers_in(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a longer query that look like identifiers, spelled as these are indexed."""
    parts = map(normalise_identifier, words) if len(words) > 1 else ()
    return tuple(dict.fromkeys(filter(_looks_identifying, parts)))


def _looks_identifying(part: str) -> bool:
    digits = sum(map(str.isdigit, part))
    mixed = digits > 0 and any(map(str.isalpha, part))
    return (mixed and len(part) >= SHORTEST_MIXED) or (digits == len(part) >= SHORTEST_DIGITS)


def needs_probe(plan: SearchPlan) -> bool:
    """Whether a first look is needed to choose the strictness or the facets, or to name the category."""
    return bool(plan.words) or plan.request.auto_facets or names_category(plan)


def names_category(plan: SearchPlan) -> bool:
    """Whether the chosen category is to be shown: it is found by the hits only where there are any."""
    facets = plan.request.facets
    return plan.request.category is not None and (facets is None or "category" in facets)


def decide(plan: SearchPlan, probe: Probe) -> SearchPlan:
    """Settle the strictness and the attribute facets.

    Only the words and forced filters decide the strictness, never the shopper's filters or page: clicking a facet must
    give exactly the count that it showed. The category is such a filter, because it is such a facet.
    """
    strictness = plan.strictness
    if plan.words and probe.matches_all < ENOUGH and not probe.identified:
        strictness = "some"
    found = probe.attributes_some if strictness == "some" else probe.attributes_all
    selected = [name for name, _ in plan.request.attributes] + [name for name, _ in plan.request.ranges]
    facets = tuple(dict.fromkeys([*selected, *found])) if plan.request.auto_facets else plan.attribute_facets
    return replace(plan, strictness=strictness, attribute_facets=facets, category=probe.category)
