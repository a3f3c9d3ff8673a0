"""Requests to plans."""

from dataclasses import replace
from datetime import UTC, datetime

from search.plan import ENOUGH, Probe, decide, identifiers_in, make_plan, needs_probe
from search.request import Range, SearchRequest

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def probe(matches: int, *, identified: bool = False) -> Probe:
    return Probe(matches, ("color", "size"), ("material",), identified)


def test_all_words_first() -> None:
    plan = decide(make_plan(SearchRequest(q="red shoe"), NOW), probe(ENOUGH))
    assert (plan.strictness, plan.attribute_facets) == ("all", ("color", "size"))


def test_some_words_when_too_few_products_hold_all() -> None:
    plan = decide(make_plan(SearchRequest(q="red shoe"), NOW), probe(ENOUGH - 1))
    assert (plan.strictness, plan.attribute_facets) == ("some", ("material",))


def test_an_identifier_is_never_relaxed() -> None:
    assert decide(make_plan(SearchRequest(q="NX-450"), NOW), probe(1, identified=True)).strictness == "all"


def test_strictness_does_not_depend_on_the_shoppers_filters_or_page() -> None:
    plain = make_plan(SearchRequest(q="red shoe"), NOW)
    filtered = make_plan(replace(plain.request, brands=("A",), price=Range(1, 2), page=3), NOW)
    for found in (0, ENOUGH - 1, ENOUGH):
        assert decide(plain, probe(found)).strictness == decide(filtered, probe(found)).strictness


def test_a_selected_attribute_always_has_its_facet() -> None:
    request = SearchRequest(q="shoe", attributes=(("sole", ("rubber",)),))
    assert decide(make_plan(request, NOW), probe(50)).attribute_facets == ("sole", "color", "size")


def test_browsing_with_named_facets_needs_no_first_look() -> None:
    assert not needs_probe(make_plan(SearchRequest(facets=("brand",)), NOW))
    assert needs_probe(make_plan(SearchRequest(), NOW))


def test_identifiers() -> None:
    assert identifiers_in("NX-450") == ("nx450",)
    assert identifiers_in("case for NX-450") == ("casefornx450", "nx450")
    assert identifiers_in("12 red shoes") == ("12redshoes",)
    assert identifiers_in("!!!") == ()
