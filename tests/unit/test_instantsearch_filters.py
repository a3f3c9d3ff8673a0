"""InstantSearch's filters in terms of ours: what is said by parameters, what by alternatives, and what is refused."""

from typing import Any

import pytest

from api.instantsearch.clauses import MAX_TEXT, Sent, listed, written
from api.instantsearch.filters import MAX_ALTERNATIVES, filters_of, path_of, read_conditions
from catalog.errors import InvalidInput
from search.input import AttributeFilter, SearchInput

Parameters = list[tuple[str, str]]


def named(search: SearchInput) -> Parameters:
    """Our filters under the names of their parameters, amounts and numbers as text."""
    flags = [(name, "true") for name in ("in_stock", "on_sale") if getattr(search, name)]
    prices = {"price_min": search.price_min, "price_max": search.price_max}
    ends = {f"attr.{item.name}_{end}": limit for item in search.attributes for end, limit in _ends(item)}
    return [
        *([("category", search.category)] if search.category is not None else []),
        *(("brand", brand) for brand in search.brands),
        *((f"attr.{item.name}", value) for item in search.attributes for value in item.values),
        *((name, str(limit)) for name, limit in (prices | ends).items() if limit is not None),
        *flags,
    ]


def _ends(item: AttributeFilter) -> tuple[tuple[str, float | None], ...]:
    return ("min", item.low), ("max", item.high)


def said(**params: Any) -> Parameters:
    """Our filters, where nothing else is needed."""
    found = read_conditions(params)
    first, more = filters_of(found)
    assert (more, found.either, found.nothing) == ([], [], False)
    return named(first)


def either(**params: Any) -> list[list[tuple[bool, dict[str, str]]]]:
    """The choices, each alternative as whether it holds and its filters, where nothing else is needed."""
    found = read_conditions(params)
    assert (filters_of(found), found.nothing) == ((SearchInput(), []), False)
    return [[(not one.negated, dict(named(one.filters))) for one in choice] for choice in found.either]


def is_nothing(**params: Any) -> bool:
    found = read_conditions(params)
    filters_of(found)
    return found.nothing


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("brand:A", [("brand", "A")]),
        (["brand:A"], [("brand", "A")]),
        ([["brand:A", "brand:B"]], [("brand", "A"), ("brand", "B")]),
        ('[["brand:A","brand:B"]]', [("brand", "A"), ("brand", "B")]),
        (["brand:A", ["brand:a", "brand:B"]], [("brand", "A")]),
        (["brand: A : B "], [("brand", "A : B")]),
        (["attr.t:\\-5"], [("attr.t", "-5")]),
        (["in_stock:true"], [("in_stock", "true")]),
        (["in_stock:-false"], [("in_stock", "true")]),
        ([["in_stock:true"], ["in_stock:true"]], [("in_stock", "true")]),
        (["hierarchicalCategories.lvl1:TV/Video > Screens"], [("category", "tv-video/screens")]),
        (["category.lvl0:Audio", "category.lvl1:Audio > In-ear"], [("category", "audio/in-ear")]),
        ([["category:audio", "category:audio"]], [("category", "audio")]),
        ([], []),
        ([[]], []),
        (None, []),
        ("", []),
    ],
)
def test_facet_filters_as_parameters(sent: Any, expected: Parameters) -> None:
    assert said(facetFilters=sent) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (["brand:-A"], [[(False, {"brand": "A"})]]),
        (["brand:- A"], [[(False, {"brand": "A"})]]),
        (["brand:-A", "brand:-B"], [[(False, {"brand": "A"})], [(False, {"brand": "B"})]]),
        ([["brand:-A", "brand:B"]], [[(False, {"brand": "A"}), (True, {"brand": "B"})]]),
        ([["brand:A", "attr.color:red"]], [[(True, {"brand": "A"}), (True, {"attr.color": "red"})]]),
        ([["category:a", "category:b"]], [[(True, {"category": "a"}), (True, {"category": "b"})]]),
        (["in_stock:false"], [[(False, {"in_stock": "true"})]]),
        (["on_sale:-true"], [[(False, {"on_sale": "true"})]]),
        (
            [["in_stock:true", "in_stock:false"]],
            [[(True, {"in_stock": "true"}), (False, {"in_stock": "true"})]],
        ),
        (["category.lvl0:-Audio"], [[(False, {"category": "audio"})]]),
    ],
)
def test_facet_filters_as_alternatives(sent: Any, expected: Any) -> None:
    assert either(facetFilters=sent) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (["price>=10", "price<=20"], {"price_min": "10", "price_max": "20"}),
        ("price>=10,price<=20", {"price_min": "10", "price_max": "20"}),
        (["price>10.001", "price<20"], {"price_min": "10.01", "price_max": "19.99"}),
        (["price=10"], {"price_min": "10", "price_max": "10"}),
        (["price:10 TO 20.50"], {"price_min": "10", "price_max": "20.5"}),
        (["price>=-5"], {"price_min": "0"}),
        (["price>=10", "price>=5", "price>=12"], {"price_min": "12"}),
        (["attr.weight_g>=4"], {"attr.weight_g_min": "4.0"}),
        ([["attr.rating>=4"]], {"attr.rating_min": "4.0"}),
        (["attr.t > 0"], {"attr.t_min": "5e-324"}),
    ],
)
def test_numeric_filters_as_parameters(sent: Any, expected: dict[str, str]) -> None:
    assert {name: value.removesuffix(".00") for name, value in said(numericFilters=sent)} == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (["price!=10"], [[(False, {"price_min": "10", "price_max": "10"})]]),
        (
            [["price<5", "price>50"]],
            [[(True, {"price_max": "4.99"}), (True, {"price_min": "50.01"})]],
        ),
        (
            [["attr.r=1", "attr.r=2"]],
            [[(True, {"attr.r_min": "1.0", "attr.r_max": "1.0"}), (True, {"attr.r_min": "2.0", "attr.r_max": "2.0"})]],
        ),
        ([["price<0", "price=5"]], [[(True, {"price_min": "5", "price_max": "5"})]]),
        (["price!=0.001"], []),
        ([["price!=0.001", "price=5"]], []),
    ],
)
def test_numeric_filters_as_alternatives(sent: Any, expected: Any) -> None:
    assert either(numericFilters=sent) == expected


@pytest.mark.parametrize(
    "sent",
    [
        {"numericFilters": ["price>20", "price<10"]},
        {"numericFilters": ["price<0"]},
        {"numericFilters": [["price<0", "price=0.001"]]},
        {"numericFilters": ["price:20 TO 10"]},
        {"facetFilters": ["brand:A", "brand:B"]},
        {"facetFilters": ["category:audio", "category:computers"]},
        {"facetFilters": ["category:audio", "category:audio-books"]},
    ],
)
def test_what_no_product_can_hold(sent: dict[str, Any]) -> None:
    assert is_nothing(**sent)


def test_a_category_and_one_below_it_are_something() -> None:
    assert not is_nothing(facetFilters=["category:audio/in-ear", "category:audio"])


def test_several_values_of_an_attribute_that_must_all_hold() -> None:
    found = read_conditions({"facetFilters": ["attr.c:a", ["attr.c:b", "attr.c:c"]]})
    assert filters_of(found) == (
        SearchInput(attributes=(AttributeFilter("c", ("a",)),)),
        [AttributeFilter("c", ("b", "c"))],
    )


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("brand:A", [["brand:A"]]),
        ('brand:"A AND (B)"', [['brand:"A AND (B)"']]),
        ("a:1 AND (b:2 OR b:3) AND price >= 10", [["a:1"], ["b:2", "b:3"], ["price >= 10"]]),
        ("a:1 OR b:2 OR c:3", [["a:1", "b:2", "c:3"]]),
        ("(a:1 OR b:2)", [["a:1", "b:2"]]),
        ("(a:1) AND (b:2)", [["a:1"], ["b:2"]]),
        ("NOT a:1", [["!a:1"]]),
        ("a:1 AND NOT b:2", [["a:1"], ["!b:2"]]),
        ("(NOT a:1 OR b:2) AND c:3", [["!a:1", "b:2"], ["c:3"]]),
        ("a:NOT", [["a:NOT"]]),
        ("a:x NOT", [["a:x NOT"]]),
        (None, []),
        ("", []),
    ],
)
def test_clauses_of_words(sent: Any, expected: list[list[str]]) -> None:
    assert [[f"{'!' if term.negated else ''}{term.text}" for term in clause] for clause in written(sent)] == expected


@pytest.mark.parametrize(
    "sent",
    [
        "a:1 OR b:2 AND c:3", "a:1 AND b:2 OR c:3", "NOT (a:1 OR b:2)", "(a:1 AND b:2)", "((a:1))", "(a:1", "a:1)",
        "AND", "a:1 AND", "OR a:1", "NOT", "NOT NOT a:1", "()", "a:1 (b:2)", 'a:"1', "   ", 5, ["a:1"],
        "a" * (MAX_TEXT + 1), "(a:1) OR b:2", "(a:1 OR (b:2))",
    ],
)  # fmt: skip
def test_words_that_can_be_read_in_two_ways_are_refused(sent: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        written(sent)
    assert refused.value.errors[0].field == "filters"


def test_filters_in_words_as_alternatives() -> None:
    assert either(filters='NOT brand:"A B" AND (attr.c:red OR price < 5) AND in_stock:false') == [
        [(False, {"brand": "A B"})],
        [(True, {"attr.c": "red"}), (True, {"price_max": "4.99"})],
        [(False, {"in_stock": "true"})],
    ]
    # A minus is part of a value here: there is NOT.
    assert said(filters="attr.t:-5") == [("attr.t", "-5")]
    assert said(filters="NOT in_stock:false") == [("in_stock", "true")]
    assert said(filters="NOT price != 5") == [("price_min", "5"), ("price_max", "5")]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"facetFilters": 7}, "facetFilters"),
        ({"facetFilters": [7]}, "facetFilters"),
        ({"facetFilters": "[1"}, "facetFilters"),
        ({"facetFilters": ["brand"]}, "facetFilters"),
        ({"facetFilters": ["brand:"]}, "facetFilters"),
        ({"facetFilters": ["brand:-"]}, "facetFilters"),
        ({"facetFilters": ["price:5"]}, "facetFilters"),
        ({"facetFilters": ["rating:5"]}, "facetFilters"),
        ({"facetFilters": ["in_stock:yes"]}, "facetFilters"),
        ({"facetFilters": ["attr.:x"]}, "facetFilters"),
        ({"numericFilters": ["price"]}, "numericFilters"),
        ({"numericFilters": ["price>ten"]}, "numericFilters"),
        ({"numericFilters": ["price<>5"]}, "numericFilters"),
        ({"numericFilters": ["rating>=4"]}, "numericFilters"),
        ({"filters": "rating>=4"}, "filters"),
        ({"facetFilters": [["brand:-A"] * (MAX_ALTERNATIVES + 1)]}, "filters"),
    ],
)
def test_what_is_refused_is_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_conditions(params)
    assert refused.value.errors[0].field == field


def test_lists_as_text() -> None:
    assert listed("numericFilters", "price>1,price<5", by=",") == [[Sent("price>1")], [Sent("price<5")]]


@pytest.mark.parametrize(
    ("names", "path"),
    [("TV/Video > Screens", "tv-video/screens"), ("Audio", "audio"), ("audio/in-ear", "audio-in-ear")],
)
def test_paths_of_names(names: str, path: str) -> None:
    assert path_of(names) == path
