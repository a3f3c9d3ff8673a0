"""Filters to clauses: variant filters hold for one and the same variant."""

from search.filters import category_path, clauses, filters_of, without
from search.request import Range, SearchRequest


def test_one_attribute_needs_no_nested_clause() -> None:
    filters = filters_of(SearchRequest(attributes=(("color", ("red", "blue")),)))
    assert clauses(filters) == [{"terms": {"attributes.color": ["red", "blue"]}}]


def test_two_variant_filters_share_one_nested_clause() -> None:
    filters = filters_of(SearchRequest(attributes=(("color", ("red",)),), price=Range(100, None)))
    (clause,) = clauses(filters)
    assert clause["nested"]["path"] == "variants"
    assert len(clause["nested"]["query"]["bool"]["filter"]) == 2


def test_a_facet_ignores_its_own_filter_only() -> None:
    filters = filters_of(SearchRequest(brands=("A",), attributes=(("color", ("red",)),), on_sale=True))
    assert {item.facet for item in without(filters, "brand")} == {"attr.color", "on_sale"}


def test_category_paths_are_read_as_people_write_them() -> None:
    assert category_path("Electronics > Head Phones") == "electronics/head-phones"
    assert category_path("/electronics/head-phones/") == "electronics/head-phones"


def test_brands_are_told_apart_by_lower_case_alone() -> None:
    (found,) = filters_of(SearchRequest(brands=("Ñandú",)))
    assert found.product == {"terms": {"brand.lower": ["Ñandú"]}}


def test_a_path_of_endless_levels_is_a_short_term() -> None:
    assert category_path("a/" * 1300) == "/".join("a" * 11)
