"""What a request costs, in units: one unit is about one product read from Postgres. Pure.

The table is in docs/limits.md. It is decided from the first line of a request alone, before its body is read; searches
in a body pay the rest when it has been read.
"""

from collections.abc import Iterable
from urllib.parse import parse_qsl

from api.limits.limiter import Kind
from search.input import SearchInput
from search.request import DEFAULT_PER_PAGE, MAX_PER_PAGE, SearchRequest

READ, PAGE, AUTOCOMPLETE, SEARCH, FACETS, EXPLAIN = 1, 2, 1, 2, 2, 5
WRITE, LOGIN, ADMIN, BULK, SEARCHES, INSTANTSEARCH = 5, 10, 20, 50, 20, 10
# Each thousand hits that Elasticsearch or Postgres has to pass over before the page begins.
DEEP, DEEP_AT_MOST = 1_000, 20
# Longer than any honest address needs; past it nothing is read for the price.
READ_BYTES = 4_096

API = "/api/v1/"
_FREE = ("/health/", "/metrics", "/docs", "/openapi.json", "/static/", "/favicon.ico")
_POSTS: dict[str, tuple[Kind, int]] = {
    "search": ("search", SEARCH + FACETS),
    "search/multi": ("search", SEARCHES),
    "instantsearch": ("search", INSTANTSEARCH),
    "products/bulk": ("bulk", BULK),
    "events": ("read", READ),
}
_READS = ("GET", "HEAD", "OPTIONS")


def charge(method: str, path: str, query: bytes) -> tuple[Kind, int]:
    """The kind of a request and its cost; 0 for what load balancers and Prometheus ask for, and for plain files."""
    if path.startswith(API):
        return _of_interface(method, path.removeprefix(API), query)
    if path.startswith(_FREE):
        return "page", 0
    if path == "/graphql":
        return "graphql", READ
    if path == "/suggest":
        return "autocomplete", AUTOCOMPLETE
    if path == "/" and query:
        return "page", SEARCH + FACETS + _deep(query)
    return "page", READ if path.startswith("/pictures/") else PAGE


def _of_interface(method: str, name: str, query: bytes) -> tuple[Kind, int]:
    if method in _READS:
        if name == "search":
            return "search", _of_address(query)
        if name == "autocomplete":
            return "autocomplete", AUTOCOMPLETE
        if name.startswith("search/facets/"):
            return "search", SEARCH + READ
        return "read", READ + _deep(query)
    if name.startswith("auth/"):
        return "login", LOGIN
    if name.startswith("admin/"):
        return "admin", ADMIN
    return _POSTS.get(name, ("write", WRITE))


def of_search(search: SearchInput | SearchRequest) -> int:
    """What a search costs, whether or not its fields are within their limits."""
    facets = FACETS if search.counts_facets else 0
    explain = EXPLAIN if search.explain else 0
    return SEARCH + facets + explain + of_page(search.page, search.per_page)


def of_body(requests: Iterable[SearchRequest], name: str) -> int:
    """What searches that were sent in a body cost beyond what the first line of their request has paid."""
    return max(0, sum(map(of_search, requests)) - _POSTS[name][1])


def of_page(page: int, per_page: int) -> int:
    """The units for what is passed over before the page begins."""
    hits = min(per_page if per_page > 0 else DEFAULT_PER_PAGE, MAX_PER_PAGE)
    return min(DEEP_AT_MOST, max(0, page - 1) * hits // DEEP)


def _of_address(query: bytes) -> int:
    """What the search of an address costs, before it is parsed and with whatever is wrong in it."""
    parameters = _parsed(query)
    facets = 0 if parameters.get("facets") == "none" else FACETS
    explain = EXPLAIN if parameters.get("explain") in ("true", "1") else 0
    return SEARCH + facets + explain + _deep(query)


def _deep(query: bytes) -> int:
    parameters = _parsed(query) if b"page" in query else {}
    page, per_page = (_number(parameters.get(name, "")) for name in ("page", "per_page"))
    return of_page(page, per_page)


def _parsed(query: bytes) -> dict[str, str]:
    return dict(parse_qsl(query[:READ_BYTES].decode("latin-1"), keep_blank_values=True))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
