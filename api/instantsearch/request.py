"""What InstantSearch sends -> what we are to search. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from api.instantsearch.filters import LEVEL, Alternative, filters_of, read_conditions
from catalog.errors import InvalidInput
from mappings.json_types import Json
from search.input import AttributeFilter, SearchInput
from search.request import FIXED_FACETS, MAX_PER_PAGE, MAX_WINDOW, SORTS, Either, SearchRequest

INDEX = "products"
MAX_REQUESTS = 20
MAX_VALUES = 100
MAX_FACET_HITS = 100
# A page so far away that nothing can be on it.
MAX_PAGE = 1_000_000
# These would change what is found or shown, and we have nothing like them.
REFUSED = (
    "tagFilters", "aroundLatLng", "aroundLatLngViaIP", "insideBoundingBox", "insidePolygon", "offset", "length",
)  # fmt: skip
_AT_REQUEST = ("indexName", "params", "type", "facet")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `facets` are the names as they were sent; `facet` is the one to search in, if it does that."""

    index: str
    params: tuple[tuple[str, str], ...]
    query: str
    sort: str
    page: int
    per_page: int
    facets: tuple[str, ...]
    most_values: int
    tags: tuple[str, str]
    snippets: bool
    filters: SearchInput
    more: tuple[AttributeFilter, ...]
    either: tuple[tuple[Alternative, ...], ...]
    nothing: bool
    facet: str | None = None
    facet_query: str = ""
    facet_hits: int = 10

    @property
    def every_facet(self) -> bool:
        return self.facets == ("*",)

    @property
    def shows_hits(self) -> bool:
        """None where only counts are asked for, nor on a page behind the last that there can be."""
        return self.per_page > 0 and (self.page + 1) * self.per_page <= MAX_WINDOW

    @property
    def search(self) -> SearchInput:
        """What is asked of our search."""
        page, per_page = (self.page + 1, self.per_page) if self.shows_hits else (1, 1)
        facets = ("auto",) if self.every_facet else tuple(dict.fromkeys(map(ours, self.facets))) or ("none",)
        return replace(self.filters, q=self.query, sort=self.sort, page=page, per_page=per_page, facets=facets)


def narrowed(
    request: SearchRequest, more: tuple[SearchRequest, ...], either: tuple[Either, ...], *, nothing: bool
) -> SearchRequest:
    """The request as it was asked: all filters hold for all counts, and `more` of its attributes must hold, too."""
    attributes = [*request.attributes, *(attribute for other in more for attribute in other.attributes)]
    # No brand is empty.
    brands = ("",) if nothing else request.brands
    return replace(request, narrow=True, brands=brands, attributes=tuple(sorted(attributes)), either=either)


def read_requests(body: Any) -> list[Asked]:
    """The requests of `searchClient.search(requests)`, as a list or under `requests`. Raises InvalidInput."""
    sent = body.get("requests") if isinstance(body, dict) else body
    if not isinstance(sent, list) or not 1 <= len(sent) <= MAX_REQUESTS:
        raise InvalidInput.of("requests", f"must be a list of 1 to {MAX_REQUESTS} requests")
    if isinstance(body, dict) and body.keys() - {"requests", "strategy"}:
        raise InvalidInput.of(min(body.keys() - {"requests", "strategy"})[:100], "is unknown beside requests")
    return [within(number, lambda item=item: _read(item)) for number, item in enumerate(sent)]


def within(number: int, read: Any) -> Any:
    """What `read` gives; its mistakes are named as those of this request."""
    try:
        return read()
    except InvalidInput as error:
        raise named(number, error) from error


def named(number: int, error: InvalidInput) -> InvalidInput:
    """The same mistakes under the names that were sent."""
    faults = tuple(replace(fault, field=f"requests.{number}.{_theirs(fault.field)}") for fault in error.errors)
    return InvalidInput(f"{faults[0].field}: {faults[0].message}" if faults else error.detail, faults)


def ours(name: str) -> str:
    """The facet that a name stands for."""
    return "category" if LEVEL.fullmatch(name) else name


def _theirs(field: str) -> str:
    return {"q": "query", "per_page": "hitsPerPage", "category": "facetFilters"}.get(field, field)


def _read(item: Any) -> Asked:
    if not isinstance(item, dict):
        raise InvalidInput.of("indexName", "each request must be an object with indexName and params")
    params = _params(item)
    index = item.get("indexName")
    if params.get("facetName") is None and item.get("type") == "facet":
        params["facetName"] = item.get("facet", params.get("facet"))
        if params["facetName"] is None:
            raise InvalidInput.of("facet", "is needed where type is facet")
    for name in REFUSED:
        if params.get(name) not in (None, "", [], False):
            raise InvalidInput.of(name, "is not supported")
    conditions = read_conditions(params)
    filters, more = filters_of(conditions)
    facet = _text(params, "facetName") if params.get("facetName") is not None else None
    return Asked(
        index=str(index),
        params=tuple(_echo(params)),
        query=_text(params, "query"),
        sort=_sort(index),
        page=_number(params, "page", 0, MAX_PAGE),
        per_page=_number(params, "hitsPerPage", 20, MAX_PER_PAGE),
        facets=() if facet is not None else _names(params.get("facets")),
        most_values=_number(params, "maxValuesPerFacet", MAX_VALUES, 1000),
        tags=(_text(params, "highlightPreTag", "<em>"), _text(params, "highlightPostTag", "</em>")),
        snippets=bool(params.get("attributesToSnippet")),
        filters=filters,
        more=tuple(more),
        either=tuple(conditions.either),
        nothing=conditions.nothing,
        facet=facet,
        facet_query=_text(params, "facetQuery"),
        facet_hits=_number(params, "maxFacetHits", 10, MAX_FACET_HITS),
    )


def _params(item: Mapping[str, Any]) -> Json:
    """Under `params`, as an object or as the query of an address; newer clients put them beside `indexName`."""
    beside = {name: value for name, value in item.items() if name not in _AT_REQUEST}
    sent = item.get("params")
    if isinstance(sent, str):
        return beside | dict(parse_qsl(sent, keep_blank_values=True))
    if sent is not None and not isinstance(sent, dict):
        raise InvalidInput.of("params", "must be an object, or text like query=lamp&page=0")
    return beside | (sent or {})


def _sort(index: Any) -> str:
    sorts = {INDEX: SORTS[0]} | {f"{INDEX}_{sort}": sort for sort in SORTS}
    if not isinstance(index, str) or index not in sorts:
        raise InvalidInput.of("indexName", f"must be one of {', '.join(sorts)}")
    return sorts[index]


def _text(params: Mapping[str, Any], name: str, default: str = "") -> str:
    value = params.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise InvalidInput.of(name, "must be text")
    return value


def _number(params: Mapping[str, Any], name: str, default: int, most: int) -> int:
    """A whole number that may be sent as text."""
    value = params.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise InvalidInput.of(name, f"must be a whole number from 0 to {most}")
    return value


def _names(sent: Any) -> tuple[str, ...]:
    if isinstance(sent, str):
        sent = _listed(sent)
    if sent is None:
        return ()
    if not isinstance(sent, list) or not all(isinstance(name, str) for name in sent):
        raise InvalidInput.of("facets", "must be a name or a list of names")
    if "*" in sent:
        return ("*",)
    names = tuple(dict.fromkeys(name.strip() for name in sent))
    for name in names:
        if ours(name) not in FIXED_FACETS and not name.startswith("attr."):
            known = f"*, {', '.join(FIXED_FACETS)}, hierarchicalCategories.lvl0 (and so on) or attr.NAME"
            raise InvalidInput.of("facets", f"{name[:100]!r} is not {known}")
    return names


def _listed(text: str) -> Any:
    if not text.lstrip().startswith("["):
        return [name for name in text.split(",") if name]
    try:
        return orjson.loads(text)
    except ValueError:
        raise InvalidInput.of("facets", "is not valid JSON") from None


def _echo(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, value if isinstance(value, str) else orjson.dumps(value).decode()) for name, value in params.items()]


def echoed(request: Asked) -> str:
    """`params` of the answer: all that was asked, as the query of an address."""
    return urlencode(request.params, errors="replace")
