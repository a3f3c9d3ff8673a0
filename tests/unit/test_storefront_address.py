"""Addresses of result pages: every link of the shop is made by these."""

import pytest

from storefront.address import Address


def address(query: str) -> Address:
    return Address.of(tuple(pair.split("=", 1)) for pair in query.split("&") if pair)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "/?brand=Carry"), ("q=mug", "/?q=mug&brand=Carry"), ("q=mug&page=3", "/?q=mug&brand=Carry"),
     ("brand=Carry", "/"), ("brand=carry&q=mug", "/?q=mug"), ("brand=Weft", "/?brand=Weft&brand=Carry"),
     ("brand=Weft&brand=CARRY&cursor=x", "/?brand=Weft")],
)  # fmt: skip
def test_a_value_is_put_in_or_taken_out_and_the_first_page_comes(before: str, after: str) -> None:
    assert address(before).toggled("brand", "Carry").url == after


def test_values_of_attributes_that_differ_in_case_are_different() -> None:
    assert address("attr.size=m").toggled("attr.size", "M").url == "/?attr.size=m&attr.size=M"


def test_a_range_replaces_its_limits() -> None:
    before = address("q=mug&price_min=1&price_max=5&sort=name&page=2")
    assert before.between("price", "10", None).url == "/?q=mug&sort=name&price_min=10"
    assert before.between("price", None, None).url == "/?q=mug&sort=name"


def test_filters_are_left_out_and_the_words_stay() -> None:
    before = address("q=mug&brand=a&attr.color=red&price_max=5&in_stock=true&category=x&sort=name&per_page=5&page=2")
    assert before.without_filters().url == "/?q=mug&sort=name&per_page=5"


def test_blank_parameters_are_not_in_the_address() -> None:
    assert address("q=&price_min= &price_max=5").url == "/?price_max=5"


def test_text_is_written_so_that_it_comes_back() -> None:
    assert Address((("q", "a&b=c#d ü+\"'<>%"),)).url == "/?q=a%26b%3Dc%23d%20%C3%BC%2B%22%27%3C%3E%25"
    assert Address((("q", "\ud800"),)).url == "/?q=%3F"


def test_pages() -> None:
    assert address("q=mug&page=2").at_page(3).url == "/?q=mug&page=3"
    assert address("q=mug&page=2").at_page(1).url == "/?q=mug"
