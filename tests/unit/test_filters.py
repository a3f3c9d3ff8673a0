"""Filters to clauses: variant filters hold for one and the same variant."""

from catalog.filter_conditions import category_path
from search.clauses.filters import (
    SIMPLE,
    clauses,
    filters_of,
    number_clause,
    with_variants_shown,
    without,
)
from search.planning.attribute_types import Kinds
from search.request import Range, SearchRequest

KINDS = Kinds({"color": frozenset("to"), "material": frozenset("t")})
RED = {"terms": {"tokens": ["color\x1fred"]}}
PRICE = Range(100, None)


def test_a_single_variant_filter_needs_no_nested_clause() -> None:
    filters = filters_of(SearchRequest(attributes=(("color", ("red", "blue")),)), KINDS)
    assert clauses(filters) == [{"terms": {"tokens": ["color\x1fred", "color\x1fblue"]}}]


def test_two_variant_filters_hold_for_one_variant_or_for_a_product_without_any() -> None:
    (clause,) = clauses(filters_of(SearchRequest(attributes=(("color", ("red",)),), price=PRICE), KINDS))
    simple, nested = clause["bool"]["should"]
    assert simple == {"bool": {"filter": [SIMPLE, {"range": {"prices": {"gte": 100}}}, RED]}}
    assert nested["nested"]["path"] == "variants"
    assert nested["nested"]["query"]["bool"]["filter"] == [
        {"range": {"variants.price_cents": {"gte": 100}}},
        {"terms": {"variants.tokens": ["color\x1fred"]}},
    ]


def test_an_attribute_that_is_never_an_option_is_a_product_filter() -> None:
    filters = filters_of(SearchRequest(attributes=(("material", ("wool",)),), price=PRICE), KINDS)
    assert [item.variant is None for item in filters] == [False, True]
    assert len(clauses(filters)) == 2


def test_an_unknown_attribute_may_be_an_option() -> None:
    (found,) = filters_of(SearchRequest(attributes=(("shape", ("round",)),)), KINDS)
    assert found.variant is not None


def test_the_shown_variant_is_fetched_and_never_searched_for() -> None:
    filters = filters_of(SearchRequest(price=PRICE, on_sale=True), KINDS)
    shown = with_variants_shown(filters, {"size": 1})["bool"]
    assert shown["filter"] == clauses(filters)
    assert shown["minimum_should_match"] == 0
    assert shown["should"][0]["nested"]["inner_hits"] == {"size": 1}
    assert "should" not in with_variants_shown(filters_of(SearchRequest(on_sale=True), KINDS), {})["bool"]


def test_a_range_of_numbers_is_a_range_of_tokens() -> None:
    limits = number_clause("weight_g", Range(-1, 2.5))["range"]["numbers"]
    assert limits["gte"] < "weight_g\x1f8" < limits["lte"]
    assert number_clause("weight_g", Range()) == {"range": {"numbers": {"gte": "weight_g\x1f", "lte": "weight_g\x1fg"}}}


def test_a_facet_ignores_its_own_filter_only() -> None:
    filters = filters_of(SearchRequest(brands=("A",), attributes=(("color", ("red",)),), on_sale=True), KINDS)
    assert {item.facet for item in without(filters, "brand")} == {"attr.color", "on_sale"}


def test_category_paths_are_read_as_people_write_them() -> None:
    assert category_path("Electronics > Head Phones") == "electronics/head-phones"
    assert category_path("/electronics/head-phones/") == "electronics/head-phones"


def test_brands_are_told_apart_by_lower_case_alone() -> None:
    (found,) = filters_of(SearchRequest(brands=("Ñandú",)), KINDS)
    assert found.product == {"terms": {"brand.lower": ["Ñandú"]}}


def test_a_path_of_endless_levels_is_a_short_term() -> None:
    assert category_path("a/" * 1300) == "/".join("a" * 11)
