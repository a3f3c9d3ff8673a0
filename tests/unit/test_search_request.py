"""Parameters to requests: every mistake is named."""

import pytest

from catalog.errors import InvalidInput
from catalog.schemas.fields import parse_attributes
from search.input import AttributeFilter, AutocompleteInput, SearchInput
from search.parameters import Pairs, pairs_of, parse_autocomplete, parse_search
from search.request import AutocompleteRequest, Range, SearchRequest


def parse_request(pairs: Pairs) -> SearchRequest:
    return parse_search(pairs).to_request()


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
    assert parse_request(pairs_of(body)) == parse_request(pairs)


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
            pairs_of({name: value})
        assert [error.field for error in caught.value.errors] == [name]


def test_autocomplete_parameters() -> None:
    typed = parse_autocomplete([("q", " hea "), ("limit", "3"), ("category", "audio")])
    assert typed.to_request() == AutocompleteRequest("hea", 3, "audio")
    assert parse_autocomplete([("category", "")]).to_request() == AutocompleteRequest()


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
        parse_autocomplete(items).to_request()
    assert [error.field for error in caught.value.errors] == [field]


def test_mistakes_are_told_in_moderation() -> None:
    items = [(f"x{number}", "1") for number in range(1000)]
    for sent in (parse_search(items), parse_autocomplete(items)):
        with pytest.raises(InvalidInput) as caught:
            sent.to_request()
        assert len(caught.value.errors) == 20


def test_the_name_of_a_facet_may_hold_a_comma() -> None:
    request = parse_request([("facets", "brand,attr.width, height,attr.color , price")])
    assert request.facets == ("brand", "attr.width, height", "attr.color", "price")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (SearchInput(q="x" * 201), "q"), (SearchInput(page=0), "page"), (SearchInput(per_page=101), "per_page"),
        (SearchInput(page=501), "page"), (SearchInput(page=2, cursor="*"), "cursor"), (SearchInput(sort=""), "sort"),
        (SearchInput(category=" "), "category"), (SearchInput(brands=("",)), "brand"),
        (SearchInput(price_min="1.999"), "price_min"), (SearchInput(price_max=-1), "price_max"),
        (SearchInput(price_min=2, price_max=1.5), "price_min"), (SearchInput(facets=("margin",)), "facets"),
        (SearchInput(q="\ud800"), "q"), (SearchInput(brands=("\ud800",)), "brand"),
        (SearchInput(price_min="\ud800"), "price_min"),
        (SearchInput(attributes=(AttributeFilter("", ("x",)),)), "attr."),
        (SearchInput(attributes=(AttributeFilter("n" * 101, ("x",)),)), "attr." + "n" * 100),
        (SearchInput(attributes=(AttributeFilter("a", low=float("nan")),)), "attr.a_min"),
        (SearchInput(attributes=(AttributeFilter("a", high=1e16),)), "attr.a_max"),
        (SearchInput(attributes=(AttributeFilter("a", low=2, high=1),)), "attr.a_min"),
        (SearchInput(attributes=(AttributeFilter("a", low=1), AttributeFilter("a", low=2))), "attr.a_min"),
        (AutocompleteInput("x" * 201), "q"), (AutocompleteInput(limit=21), "limit"),
        (AutocompleteInput(category="c" * 2601), "category"), (AutocompleteInput("\ud800"), "q"),
    ],
)  # fmt: skip
def test_typed_values_have_the_limits_of_parameters(sent: SearchInput | AutocompleteInput, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        sent.to_request()
    assert [error.field for error in caught.value.errors] == [field]
    assert caught.value.detail == f"{field}: {caught.value.errors[0].message}"


def test_typed_values_make_the_request_that_their_parameters_make() -> None:
    pairs = [
        ("q", " a  b "), ("brand", "A"), ("attr.w_min", "1"), ("attr.w_max", "2.5"), ("price_min", "1.50"),
        ("attr.c", "red"), ("attr.c", "blue"), ("on_sale", "1"), ("facets", "brand,attr.c"), ("exact", "true"),
        ("cursor", "*"),
    ]  # fmt: skip
    typed = SearchInput(
        q=" a  b ",
        brands=("A",),
        attributes=(
            AttributeFilter("w", low=1), AttributeFilter("c", ("red",)), AttributeFilter("c", ("blue",), high=None),
            AttributeFilter("w", high=2.5),
        ),
        price_min=1.5,
        on_sale=True,
        facets=("brand", "attr.c"),
        exact=True,
        cursor="*",
    )  # fmt: skip
    assert typed.to_request() == parse_request(pairs)


def test_only_names_of_parameters_are_ambiguous() -> None:
    by_value = AttributeFilter("depth_min", ("5",))
    assert SearchInput(attributes=(by_value,)).to_request().attributes == (("depth_min", ("5",)),)
    assert parse_search([("attr.depth_min", "5")]).to_request().ranges == (("depth", Range(5, None)),)
    stored = parse_search([("attr.depth_min", "5")], {"depth_min"}).to_request()
    assert stored.attributes == (("depth_min", ("5",)),)


def test_mistakes_are_named_in_the_order_of_the_fields() -> None:
    """What can't be sent on comes first, what there is not comes last, however the parameters are ordered."""
    pairs = [("nope", "1"), ("sort", "x"), ("in_stock", "maybe"), ("page", "x"), ("page", "2"), ("brand", "\ud800")]
    with pytest.raises(InvalidInput) as caught:
        parse_request(pairs)
    assert [error.field for error in caught.value.errors] == ["brand", "page", "page", "in_stock", "sort", "nope"]
    assert caught.value.errors[1].message == "must be given once"
