"""What to do about a request, before any Elasticsearch syntax: frozen, printable, made without I/O."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from mappings.identifiers import normalise_identifier
from search.request import SearchRequest

Strictness = Literal["all", "some"]

# With fewer products than this that hold every word, products that hold most of the words are shown after them.
ENOUGH = 10
# A part of the query that may be an identifier: "450" alone is a number like any other.
SHORTEST_IDENTIFIER = 4


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """`strictness` is None for browsing. `attribute_facets` are names without `attr.`, in the order to show."""

    request: SearchRequest
    now: datetime
    words: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    strictness: Strictness | None = None
    attribute_facets: tuple[str, ...] = ()
    text_attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Probe:
    """What the catalogue holds for the words, the category page and forced filters alone."""

    matches_all: int
    attributes_all: tuple[str, ...]
    attributes_some: tuple[str, ...]
    identified: bool


def make_plan(request: SearchRequest, now: datetime) -> SearchPlan:
    """The plan as far as the request alone decides it."""
    words = tuple(request.q.split())
    named = tuple(name.removeprefix("attr.") for name in request.facets or () if name.startswith("attr."))
    return SearchPlan(
        request,
        now,
        words,
        identifiers_in(request.q),
        "all" if words else None,
        attribute_facets=named,
    )


def identifiers_in(q: str) -> tuple[str, ...]:
    """The whole query, then single words with a digit in them, spelled as identifiers are indexed."""
    whole = normalise_identifier(q)
    parts = [normalise_identifier(word) for word in q.split()]
    likely = [part for part in parts if len(part) >= SHORTEST_IDENTIFIER and any(map(str.isdigit, part))]
    return tuple(dict.fromkeys(part for part in (whole, *likely) if part))


def needs_probe(plan: SearchPlan) -> bool:
    """Whether a first look is needed to choose the strictness or the facets."""
    return bool(plan.words) or plan.request.auto_facets


def decide(plan: SearchPlan, probe: Probe) -> SearchPlan:
    """Settle the strictness and the attribute facets.

    Only the words, the category page and forced filters speak here, never the shopper's filters or page: clicking a
    facet must give exactly the count that it showed.
    """
    strictness = plan.strictness
    if plan.words and probe.matches_all < ENOUGH and not probe.identified:
        strictness = "some"
    found = probe.attributes_some if strictness == "some" else probe.attributes_all
    selected = [name for name, _ in plan.request.attributes] + [name for name, _ in plan.request.ranges]
    facets = tuple(dict.fromkeys([*selected, *found])) if plan.request.auto_facets else plan.attribute_facets
    return replace(plan, strictness=strictness, attribute_facets=facets)
