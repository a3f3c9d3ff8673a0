"""The limiter's arithmetic, addresses and prices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.limits.addresses import client_address, networks
from api.limits.costs import charge, of_body, of_page, of_search
from api.limits.windows import Window, used, wait, window_at
from search.input import SearchInput
from search.request import SearchRequest

TRUSTED = networks("10.0.0.0/8, fd00::/8")


def test_a_window_before_this_one_fades() -> None:
    assert used(100, 0, Window(7, 0.0, 60)) == 100
    assert used(100, 10, Window(7, 0.75, 60)) == 35


def test_windows_of_different_keys_turn_at_different_moments() -> None:
    turns = {round(window_at(1_000_000.0, f"address:{n}", 60).left) for n in range(50)}
    assert len(turns) > 20


def test_a_window_goes_on_where_the_one_before_it_ends() -> None:
    first = window_at(1_000_000.0, "k", 60)
    last, after = (window_at(1_000_000.0 + first.left + d, "k", 60) for d in (-0.001, 0.001))
    assert (last.number, after.number) == (first.number, first.number + 1)
    assert last.passed > 0.99
    assert after.passed < 0.01


@given(
    previous=st.integers(0, 500),
    current=st.integers(0, 100),
    cost=st.integers(1, 100),
    passed=st.floats(0, 0.999),
    number=st.integers(0, 10),
)
def test_after_the_wait_it_fits(previous: int, current: int, cost: int, passed: float, number: int) -> None:
    window = Window(number, passed, 60)
    seconds = wait(previous, current, cost, 100, window)
    assert 0 <= seconds <= 120
    if seconds <= window.left:
        later = used(previous, current + cost, Window(number, min(1, passed + seconds / 60), 60))
    else:
        later = used(current, cost, Window(number + 1, min(1, (seconds - window.left) / 60), 60))
    assert later <= 100 + 1e-6


@pytest.mark.parametrize(
    ("peer", "header", "expected"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, <script>", "10.0.0.1"),
        ("10.0.0.1", "<script>, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "", "fe80::/64"),
        ("testclient", "", "testclient"),
        (None, "198.51.100.1", "unknown"),
    ],
)
def test_an_address_is_the_last_one_that_no_trusted_proxy_stands_for(
    peer: str | None, header: str, expected: str
) -> None:
    assert client_address(peer, header, TRUSTED).text == expected


def test_a_header_of_somebody_who_is_no_proxy_is_noticed() -> None:
    assert not client_address("203.0.113.7", "198.51.100.1", TRUSTED).believed
    assert client_address("10.0.0.1", "198.51.100.1", TRUSTED).believed
    assert client_address("203.0.113.7", "", TRUSTED).direct
    assert not client_address("10.0.0.1", "10.0.0.2", TRUSTED).direct


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/health/ready", b"", ("page", 0)),
        ("GET", "/metrics", b"", ("page", 0)),
        ("GET", "/api/v1/products/x", b"", ("read", 1)),
        ("GET", "/api/v1/products", b"page=1001&per_page=100", ("read", 21)),
        ("GET", "/api/v1/search", b"q=x", ("search", 4)),
        ("HEAD", "/api/v1/search", b"q=x&facets=none", ("search", 2)),
        ("GET", "/api/v1/search", b"q=x&facets=none&page=100&per_page=100", ("search", 11)),
        ("GET", "/api/v1/search", b"facets=none&page=99999999999999999999", ("search", 2)),
        ("GET", "/api/v1/search", b"facets=none&explain=true", ("search", 7)),
        ("GET", "/api/v1/autocomplete", b"q=x", ("autocomplete", 1)),
        ("POST", "/api/v1/search/multi", b"", ("search", 20)),
        ("POST", "/api/v1/products", b"", ("write", 5)),
        ("POST", "/api/v1/products/bulk", b"", ("bulk", 50)),
        ("POST", "/api/v1/auth/token", b"", ("login", 10)),
        ("POST", "/api/v1/admin/reindex", b"", ("admin", 20)),
        ("POST", "/graphql", b"", ("graphql", 1)),
        ("GET", "/", b"", ("page", 2)),
        ("GET", "/", b"q=x", ("page", 4)),
        ("GET", "/nothing", b"", ("page", 2)),
    ],
)
def test_prices(method: str, path: str, query: bytes, expected: tuple[str, int]) -> None:
    assert charge(method, path, query) == expected


@pytest.mark.parametrize(
    ("name", "requests", "more"),
    [
        ("search", [SearchRequest()], 0),
        ("search", [SearchRequest(facets=())], 0),
        ("search", [SearchRequest(explain=True)], 5),
        ("search", [SearchRequest(page=100, per_page=100)], 9),
        ("search/multi", [SearchRequest()] * 5, 0),
        ("search/multi", [SearchRequest()] * 20, 60),
        ("instantsearch", [SearchRequest(facets=("brand",))] * 2, 0),
        ("instantsearch", [SearchRequest(facets=("brand",))] * 20, 70),
        ("instantsearch", [SearchRequest(facets=())] * 20, 30),
    ],
)
def test_searches_in_a_body_pay_what_they_cost(name: str, requests: list[SearchRequest], more: int) -> None:
    assert of_body(requests, name) == more


@pytest.mark.parametrize(
    ("search", "units"),
    [
        (SearchInput(), 4),
        (SearchInput(facets=("none",)), 2),
        (SearchInput(facets=("brand",), explain=True), 9),
        (SearchInput(facets=("none",), page=100, per_page=100), 11),
        # Refused after it has paid.
        (SearchInput(facets=("none",), page=100, per_page=5000), 11),
        (SearchInput(facets=("none",), page=-1, per_page=-1), 2),
        (SearchRequest(facets=()), 2),
        (SearchRequest(page=100, per_page=100), 13),
    ],
)
def test_a_search_costs_the_same_whichever_interface_it_came_through(
    search: SearchInput | SearchRequest, units: int
) -> None:
    assert of_search(search) == units


def test_an_address_costs_what_its_search_costs() -> None:
    query = b"q=x&facets=none&explain=true&page=100&per_page=100"
    search = SearchInput("x", facets=("none",), explain=True, page=100, per_page=100)
    assert charge("GET", "/api/v1/search", query) == ("search", of_search(search))
    assert of_page(1001, 100) == 20
