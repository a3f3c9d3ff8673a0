"""A search's response as the page shows it."""

from typing import Any

import pytest

from search.result import Facet, SearchResult
from storefront.address import Address
from storefront.facet_view import between
from storefront.results import results
from tests.results import a_bucket, a_facet, a_hit, a_query, a_result, a_value


def response(*facets: Facet, total: int = 100, **fields: Any) -> SearchResult:
    return a_result(total=total, facets=facets, query=a_query("mug"), **fields)


def address(*pairs: tuple[str, str]) -> Address:
    return Address((("q", "mug"), *pairs))


def test_selected_values_lead_to_the_page_without_them() -> None:
    brand = a_facet("brand", a_value("Carry", 3, True), a_value("Weft", 2))
    (group,) = results(response(brand), address(("brand", "carry")), "USD").groups
    assert [choice.url for choice in group.choices] == ["/?q=mug", "/?q=mug&brand=carry&brand=Weft"]


def test_many_values_unfold_and_selected_ones_are_seen() -> None:
    values = [a_value(str(number), 20 - number, number == 15) for number in range(20)]
    (group,) = results(response(a_facet("brand", *values, total_values=70)), address(), "USD").groups
    assert [choice.label for choice in group.choices] == [*map(str, range(8)), "15"]
    assert (len(group.more), group.elsewhere) == (11, 50)


def test_flags_stand_together() -> None:
    flags = [a_facet(name, a_value("true", 5)) for name in ("in_stock", "on_sale")]
    (group,) = results(response(*flags), address(), "USD").groups
    assert [choice.url for choice in group.choices] == ["/?q=mug&in_stock=true", "/?q=mug&on_sale=true"]


def test_a_chosen_category_hides_other_departments_and_leads_up() -> None:
    tree = a_facet("category", a_value("home", 9, level=0), a_value("home/kitchen", 5, True, level=1),
                   a_value("garden", 3, level=0), type="tree")  # fmt: skip
    (group,) = results(response(tree), address(("category", "home/kitchen")), "USD").groups
    assert [choice.url for choice in group.choices] == ["/?q=mug&category=home", "/?q=mug&category=home"]
    assert group.clear == "/?q=mug"


def test_a_step_of_prices_is_taken_in_and_out() -> None:
    price = a_facet("price", type="range", min=1.0, max=99.5, buckets=(a_bucket(10, 24.99, 4),))
    (group,) = results(response(price), address(), "USD").groups
    assert [(choice.label, choice.url) for choice in group.choices] == [
        ("$10 – $25", "/?q=mug&price_min=10&price_max=24.99")
    ]
    chosen = results(response(price), address(("price_min", "10"), ("price_max", "24.99")), "USD")
    assert chosen.groups[0].choices[0].selected
    assert chosen.groups[0].choices[0].url == "/?q=mug"
    assert [(chip.label, chip.value, chip.url) for chip in chosen.chips] == [("Price", "$10 – $25", "/?q=mug")]


def test_chips_name_every_filter() -> None:
    pairs = (("brand", "Carry"), ("attr.wireless", "true"), ("in_stock", "true"), ("attr.weight_g_max", "500"))
    found = results(response(), address(*pairs), "USD").chips
    assert [(chip.label, chip.value) for chip in found] == [
        ("Brand", "Carry"), ("Wireless", "Yes"), ("", "In stock"), ("Weight", "Up to 500"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "shown"), [(1, [1, 2, 3, None, 10]), (5, [1, None, 3, 4, 5, 6, 7, None, 10]), (10, [1, None, 8, 9, 10])]
)
def test_pages_with_gaps(page: int, shown: list[int | None]) -> None:
    found = results(response(page=page), address(), "USD")
    assert [link.number for link in found.pages] == shown
    assert (found.previous is None, found.following is None) == (page == 1, page == 10)


def test_past_the_last_page_a_cursor_leads_on() -> None:
    last = results(response(total=50_000, page=1000, next_cursor="abc"), address(("page", "1000")), "USD")
    assert last.following == "/?q=mug&cursor=abc"
    walking = results(response(total=50_000, next_cursor="def"), address(("cursor", "abc")), "USD")
    assert (walking.following, walking.pages, walking.previous) == ("/?q=mug&cursor=def", [], None)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(10.0, 24.99, "$10 – $24.99"), (None, 9.5, "Up to $9.50"), (0.0, 9.99, "Up to $9.99"),
     (500.0, None, "$500 and more"), (5.0, 5.0, "$5")],
)  # fmt: skip
def test_limits_in_words(low: float | None, high: float | None, text: str) -> None:
    assert between("price", low, high, currency="USD") == text
    assert between("attr.length_m", 1.5, 2.0, unit="m", currency="USD") == "1.5 m – 2 m"


@pytest.mark.parametrize(("missing", "partly"), [((), False), (("steel",), True)])
def test_products_that_lack_words_are_told_of_only_where_there_are_some(missing: tuple[str, ...], partly: bool) -> None:
    result = a_result(a_hit(missing=missing), query=a_query("steel mug"))
    assert results(result, address(), "USD").partly is partly
