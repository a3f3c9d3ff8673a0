"""Our results as InstantSearch reads them. Pure."""

import math
from collections.abc import Iterator, Sequence

import msgspec

from api.instantsearch.filters import FLAGS, LEVEL, LEVELS_BY
from api.instantsearch.marks import from_html, from_words
from api.instantsearch.request import Asked, echoed, ours
from catalog.schemas.fields import slugify
from search.request import MAX_WINDOW
from search.result import Facet, FacetMatch, FacetValue, FacetValuesResult, Hit, SearchResult, Total

# Under which the tree is answered where every facet is asked for.
LEVELS = "hierarchicalCategories.lvl"
# Fields in which what matched is marked.
MARKED = ("name", "brand", "sku", "description")


class _Camel(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """InstantSearch's names. A field with a default is left out where it has that."""


class Exhaustive(_Camel, frozen=True):
    nb_hits: bool
    facets_count: bool


class FacetOrder(_Camel, frozen=True):
    order: Sequence[str]


class FacetOrdering(_Camel, frozen=True):
    facets: FacetOrder


class RenderingContent(_Camel, frozen=True):
    facet_ordering: FacetOrdering | None = None


class Highlight(_Camel, frozen=True):
    """A text with marks around what matched."""

    value: str
    match_level: str
    fully_highlighted: bool
    matched_words: Sequence[str]


class Snippet(_Camel, frozen=True):
    value: str
    match_level: str


class Result(_Camel, frozen=True):
    """One of `results`; `hits` have the fields of ours and more."""

    hits: list[dict[str, object]]
    nb_hits: int
    page: int
    nb_pages: int
    hits_per_page: int
    exhaustive_nb_hits: bool
    exhaustive_facets_count: bool
    exhaustive: Exhaustive
    query: str
    parsed_query: str
    query_id: str = msgspec.field(name="queryID")
    params: str
    index: str
    processing_time_ms: int = msgspec.field(name="processingTimeMS")
    rendering_content: RenderingContent
    degraded: bool
    age_seconds: float | None = None
    facets: dict[str, dict[str, int]] | None = None
    facets_stats: dict[str, dict[str, float]] | None = msgspec.field(name="facets_stats", default=None)


class FacetHit(_Camel, frozen=True):
    value: str
    highlighted: str
    count: int


class FacetHits(_Camel, frozen=True):
    """The answer to a search within the values of a facet."""

    facet_hits: list[FacetHit]
    exhaustive_facets_count: bool
    processing_time_ms: int = msgspec.field(name="processingTimeMS")


def result_of(request: Asked, result: SearchResult) -> Result:
    """One of `results`."""
    total, whole = result.total, not result.degraded
    pages = min(math.ceil(total.value / request.per_page), MAX_WINDOW // request.per_page) if request.per_page else 0
    facets: dict[str, dict[str, int]] | None = None
    facets_stats: dict[str, dict[str, float]] | None = None
    rendering = RenderingContent()
    if request.facets:
        shown = {facet.name: facet for facet in result.facets}
        names = list(_every(shown)) if request.every_facet else request.facets
        facets = {name: _counts(name, shown.get(ours(name)), total, request.most_values) for name in names}
        stats = {name: _stats(shown.get(ours(name))) for name in names}
        facets_stats = {name: ends for name, ends in stats.items() if ends}
        if request.every_facet:
            rendering = RenderingContent(FacetOrdering(FacetOrder(names)))
    return Result(
        hits=[_hit(request, result, hit) for hit in result.hits] if request.shows_hits else [],
        nb_hits=total.value,
        page=request.page,
        nb_pages=pages,
        hits_per_page=request.per_page,
        exhaustive_nb_hits=total.exact,
        exhaustive_facets_count=whole,
        exhaustive=Exhaustive(total.exact, whole),
        query=request.query,
        parsed_query=result.query.corrected_to or request.query,
        query_id=result.query_id,
        params=echoed(request),
        index=request.index,
        processing_time_ms=math.ceil(result.took_ms),
        rendering_content=rendering,
        degraded=result.degraded,
        age_seconds=result.age_seconds,
        facets=facets,
        facets_stats=facets_stats,
    )


def facet_hits_of(request: Asked, facet: FacetValuesResult) -> FacetHits:
    """The answer to a search within the values of a facet."""
    counted = [value for value in facet.values if value.count]
    hits = [
        FacetHit(value.value, from_words(_shown(value), [request.facet_query], request.tags)[0], value.count)
        for value in counted[: request.facet_hits]
    ]
    return FacetHits(hits, True, 0)


def _shown(value: FacetMatch) -> str:
    """Categories are looked for by their names."""
    return value.value if value.level is None else value.label


def _every(shown: dict[str, Facet]) -> Iterator[str]:
    for name, facet in shown.items():
        if name == "category":
            depth = max((value.level or 0 for value in facet.values), default=0)
            yield from (f"{LEVELS}{level}" for level in range(depth + 1))
        yield name


def _counts(name: str, facet: Facet | None, total: Total, most: int) -> dict[str, int]:
    """Products by value, the commonest first; what no product has is left out."""
    if facet is None:
        return {}
    if level := LEVEL.fullmatch(name):
        counts = _of_level(facet.values, int(level[1]))
    else:
        counts = {value.value: value.count for value in facet.values}
    if name in FLAGS and total.exact:
        counts["false"] = total.value - counts.get("true", 0)
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return {value: count for value, count in ordered[:most] if count}


def _of_level(values: Sequence[FacetValue], level: int) -> dict[str, int]:
    """'Audio > Headphones' of 'audio/headphones'. A category that is called otherwise than its address is shown by
    its address: with its name it could not be chosen."""
    labels = {value.value: value.label for value in values}

    def names(path: str) -> str:
        slugs = path.split("/")
        paths = ["/".join(slugs[: depth + 1]) for depth in range(len(slugs))]
        names = (labels.get(above, slug) for above, slug in zip(paths, slugs, strict=True))
        pairs = zip(names, slugs, strict=True)
        return LEVELS_BY.join(label if ">" not in label and slugify(label) == slug else slug for label, slug in pairs)

    return {names(value.value): value.count for value in values if value.level == level}


def _stats(facet: Facet | None) -> dict[str, float] | None:
    """The ends of what is a number."""
    if facet is None:
        return None
    if facet.type == "range":
        return None if facet.min is None or facet.max is None else {"min": facet.min, "max": facet.max}
    if facet.name in FLAGS or not facet.name.startswith("attr."):
        return None
    try:
        numbers = [float(value.value) for value in facet.values if value.count]
    except ValueError:
        return None
    return {"min": min(numbers), "max": max(numbers)} if numbers and all(map(math.isfinite, numbers)) else None


def _hit(request: Asked, result: SearchResult, hit: Hit) -> dict[str, object]:
    """Every field of our hit but those that InstantSearch has names of its own for."""
    words = result.query.interpreted.words or request.query.split()
    fields: dict[str, object] = msgspec.to_builtins(hit)
    del fields["highlight"], fields["position"]
    highlights: dict[str, Highlight] = {}
    for name in MARKED:
        text = getattr(hit, name, None)
        if name in hit.highlight:
            marked = from_html(hit.highlight[name], request.tags)
        elif text:
            marked = from_words(text, words if request.query else (), request.tags)
        else:
            continue
        highlights[name] = _highlight(*marked, len(words))
    described = {"objectID": hit.id, **fields, "_highlightResult": highlights, "__position": hit.position}
    if request.snippets:
        described["_snippetResult"] = {name: Snippet(each.value, each.match_level) for name, each in highlights.items()}
    return described


def _highlight(value: str, words: list[str], whole: bool, query_words: int) -> Highlight:
    level = "none" if not words else "full" if len(words) >= query_words else "partial"
    return Highlight(value, level, whole, words)
