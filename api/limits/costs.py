"""What a request costs, in units: one unit is about one product read from Postgres. Pure.

The table is in docs/limits.md. It is decided from the first line of a request alone, before its body is read; searches
in a body pay the rest when it has been read.
"""

from collections.abc import Iterable
from urllib.parse import parse_qsl

from api.limits.limiter import Kind
from search.request import SearchRequest

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
        return "page", SEARCH + FACETS + deep(query)
    return "page", READ if path.startswith("/pictures/") else PAGE


def _of_interface(method: str, name: str, query: bytes) -> tuple[Kind, int]:
    if method in _READS:
        if name == "search":
            return "search", of_search(query)
        if name == "autocomplete":
            return "autocomplete", AUTOCOMPLETE
        if name.startswith("search/facets/"):
            return "search", SEARCH + READ
        return "read", READ + deep(query)
    if name.startswith("auth/"):
        return "login", LOGIN
    if name.startswith("admin/"):
        return "admin", ADMIN
    return _POSTS.get(name, ("write", WRITE))


def of_search(query: bytes) -> int:
    """Facets are asked for unless `facets=none` says otherwise."""
    given = _parsed(query)
    facets = 0 if given.get("facets") == "none" else FACETS
    explain = EXPLAIN if given.get("explain") in ("true", "1") else 0
    return SEARCH + facets + explain + deep(query)


def of_body(requests: Iterable[SearchRequest], name: str) -> int:
    """What searches that were sent in a body cost beyond what the first line of their request has paid."""
    whole = sum(
        SEARCH
        + (0 if request.facets == () else FACETS)
        + (EXPLAIN if request.explain else 0)
        + _passed_over(request.page, request.per_page)
        for request in requests
    )
    return max(0, whole - _POSTS[name][1])


def deep(query: bytes) -> int:
    """The units for what is passed over before the page begins."""
    given = _parsed(query) if b"page" in query else {}
    page, per_page = (_number(given.get(name, "")) for name in ("page", "per_page"))
    return _passed_over(page, min(per_page or 20, 100))


def _passed_over(page: int, per_page: int) -> int:
    return min(DEEP_AT_MOST, max(0, page - 1) * per_page // DEEP)


def _parsed(query: bytes) -> dict[str, str]:
    return dict(parse_qsl(query[:READ_BYTES].decode("latin-1"), keep_blank_values=True))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
