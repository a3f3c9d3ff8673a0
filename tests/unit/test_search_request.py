"""Parameters to requests: every mistake is named."""

import pytest

from catalog.errors import InvalidInput
from catalog.schemas.fields import parse_attributes
from search.request import Range, SearchRequest, parameters_of, parse_autocomplete, parse_request


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
        ("attr.weight_min", "1_0", "attr.weight_min"), ("attr.weight_min", "١", "attr.weight_min"),
        ("price_min", "١", "price_min"), ("category", "c" * 2601, "category"), ("attr.color", "x" * 1001, "attr.color"),
        ("attr.\ud800", "x", "attr.\ud800"), ("brand", "\ud800", "brand"), ("q", "\ud800", "q"),
        ("facets", "attr." + "n" * 101, "facets"),
        # Each is one character that NFC spells with three.
        ("q", "\ufb2c" * 200, "q"),
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
    with pytest.raises(InvalidInput, match="values are allowed"):
        parse_request([("attr.color", str(number)) for number in range(5000)])


def test_control_characters_are_spaces() -> None:
    assert parse_request([("q", "a\x00b\u0007c")]).q == "a b c"


@pytest.mark.parametrize("value", ["10 m²", "Ω", "Brand™", "½", "\ufb01ne", "a\u00a0b", "a  b", "a\tb", "\ue000", "Å"])
def test_filter_values_stay_as_the_catalogue_stores_them(value: str) -> None:
    stored = parse_attributes({"of": value})["of"]
    request = parse_request([("attr.of", value), ("brand", stored)])
    assert request.attributes == (("of", (stored,)),)
    assert request.brands == (stored,)


def test_words_keep_their_characters() -> None:
    assert parse_request([("q", "10 m² ™ \ufb01ne")]).q == "10 m² ™ \ufb01ne"


def test_at_most_twenty_filters() -> None:
    fixed = [("category", "a"), ("brand", "b"), ("price_min", "1"), ("price_max", "2"), ("in_stock", "true")]
    attributes = [(f"attr.a{number}", "x") for number in range(16)]
    ranges = [("attr.a0_min", "1"), ("attr.a0_max", "2"), ("brand", "c")]
    parse_request([*fixed, *attributes, *ranges, ("on_sale", "0")])
    with pytest.raises(InvalidInput, match="at most 20"):
        parse_request([*fixed, *attributes, *ranges, ("on_sale", "1")])


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["brand", "price_max", "attr.a"])
def test_json_numbers_that_are_none(name: str, number: float) -> None:
    for value in (number, [1, number]):
        with pytest.raises(InvalidInput) as caught:
            parameters_of({name: value})
        assert [error.field for error in caught.value.errors] == [name]


def test_autocomplete_parameters() -> None:
    assert parse_autocomplete([("q", " hea "), ("limit", "3"), ("category", "audio")]) == ("hea", 3, "audio")
    assert parse_autocomplete([("category", "")]) == ("", 8, None)


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([("q", "a"), ("q", "b")], "q"), ([("limit", "1"), ("limit", "2")], "limit"), ([("limit", "21")], "limit"),
        ([("category", "a"), ("category", "b")], "category"), ([("category", "c" * 2601)], "category"),
        ([("category", ""), ("category", "")], "category"), ([("limit", "")], "limit"), ([("nope", "1")], "nope"),
    ],
)  # fmt: skip
def test_a_wrong_autocomplete_parameter_is_named(items: list[tuple[str, str]], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_autocomplete(items)
    assert [error.field for error in caught.value.errors] == [field]


def test_mistakes_are_told_in_moderation() -> None:
    items = [(f"x{number}", "1") for number in range(1000)]
    for parse in (parse_request, parse_autocomplete):
        with pytest.raises(InvalidInput) as caught:
            parse(items)
        assert len(caught.value.errors) == 20


def test_the_name_of_a_facet_may_hold_a_comma() -> None:
    request = parse_request([("facets", "brand,attr.width, height,attr.color , price")])
    assert request.facets == ("brand", "attr.width, height", "attr.color", "price")
