"""Parameters to requests: every mistake is named."""

import pytest

from catalog.errors import InvalidInput
from search.request import Range, SearchRequest, parameters_of, parse_request


def test_everything_at_once() -> None:
    request = parse_request(
        [
            ("q", " wireless \t headphones "), ("brand", "A"), ("brand", "B"), ("attr.color", "black"),
            ("attr.color", "black"), ("attr.weight_g_min", "10"), ("attr.weight_g_max", "20.5"), ("price_max", "9.99"),
            ("in_stock", "true"), ("on_sale", "false"), ("sort", "price_asc"), ("page", "2"), ("per_page", "10"),
            ("facets", "brand,attr.color"), ("category", "a/b"),
        ]
    )  # fmt: skip
    assert request == SearchRequest(
        q="wireless headphones",
        category="a/b",
        brands=("A", "B"),
        attributes=(("color", ("black",)),),
        ranges=(("weight_g", Range(10, 20.5)),),
        price=Range(None, 999),
        in_stock=True,
        on_sale=False,
        sort="price_asc",
        page=2,
        per_page=10,
        facets=("brand", "attr.color"),
    )


def test_json_has_the_same_names() -> None:
    body = {"q": "x", "brand": ["A", "B"], "price_min": 1.5, "in_stock": True, "page": 2}
    pairs = [("q", "x"), ("brand", "A"), ("brand", "B"), ("price_min", "1.5"), ("in_stock", "true"), ("page", "2")]
    assert parse_request(parameters_of(body)) == parse_request(pairs)


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("q", "x" * 201, "q"), ("page", "0", "page"), ("page", "١", "page"), ("per_page", "101", "per_page"),
        ("sort", "cheapest", "sort"), ("colour", "red", "colour"), ("price_min", "-1", "price_min"),
        ("price_min", "1.999", "price_min"), ("price_max", "NaN", "price_max"), ("in_stock", "maybe", "in_stock"),
        ("attr.weight_min", "heavy", "attr.weight_min"), ("attr.weight_min", "Infinity", "attr.weight_min"),
        ("facets", "margin", "facets"), ("page", "5000", "page"), ("attr.color", "", "attr.color"),
        ("attr.", "x", "attr."), ("attr." + "n" * 101, "x", "attr." + "n" * 100),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(name: str, value: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_request([(name, value)])
    assert [error.field for error in caught.value.errors] == [field]


def test_every_mistake_is_named_in_one_answer() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_request([("page", "0"), ("sort", "x"), ("nonsense", "1")])
    assert {error.field for error in caught.value.errors} == {"page", "sort", "nonsense"}


def test_a_reversed_range_is_refused() -> None:
    with pytest.raises(InvalidInput, match="price_min"):
        parse_request([("price_min", "10"), ("price_max", "5")])


def test_five_thousand_filters_are_refused() -> None:
    with pytest.raises(InvalidInput, match="filter values"):
        parse_request([("attr.color", str(number)) for number in range(5000)])


def test_control_characters_are_spaces() -> None:
    assert parse_request([("q", "a\x00b\u0007c")]).q == "a b c"
