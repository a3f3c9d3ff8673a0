"""Requests to plans."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from search.elasticsearch.query import probe_body
from search.elasticsearch.zero_results import POPULAR, zero_results_bodies
from search.planning.attribute_types import Kinds
from search.planning.context import SearchContext
from search.planning.facet_selection import AttributeFacet, FacetSample, Profile
from search.planning.plan import (
    ENOUGH,
    MINIMUM_SHOULD_MATCH,
    Probe,
    decide,
    identifiers_in,
    make_plan,
    most_of,
    named_attributes,
    needs_probe,
)
from search.postgres.words import needed as needed_by_postgres
from search.request import Range, SearchRequest
from search.text.words import MAX_WORDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOR_ALL = Profile((AttributeFacet("color"), AttributeFacet("size")))
FOR_SOME = Profile((AttributeFacet("material"),))


def sample_of(profile: Profile) -> FacetSample:
    return FacetSample(Kinds(), (), True, None, profile)


NO_SAMPLE = sample_of(Profile())


def probe(
    matches: int,
    *,
    some: int = 5,
    identified: bool = False,
    unknown: tuple[str, ...] = (),
    corrections: dict[str, str] | None = None,
    held: tuple[int, ...] = (),
) -> Probe:
    return Probe(
        matches,
        some,
        sample_of(FOR_ALL),
        sample_of(FOR_SOME),
        identified,
        unknown=unknown,
        corrections=corrections or {},
        held=held,
    )


def decided(q: str, found: Probe) -> list[tuple[str | None, str]]:
    """MatchingStrategy and words of the plans to try."""
    plans = decide(make_plan(SearchRequest(q=q), SearchContext(NOW)), found, NO_SAMPLE)
    return [(plan.query.matching, plan.query.words.text) for plan in plans]


def test_all_words_first() -> None:
    (plan,) = decide(make_plan(SearchRequest(q="red shoe"), SearchContext(NOW)), probe(ENOUGH), NO_SAMPLE)
    assert (plan.query.matching, plan.evidence.facets) == ("all", FOR_ALL)


def test_some_words_when_too_few_products_hold_all() -> None:
    (plan,) = decide(make_plan(SearchRequest(q="red shoe"), SearchContext(NOW)), probe(ENOUGH - 1), NO_SAMPLE)
    assert (plan.query.matching, plan.evidence.facets) == ("some", FOR_SOME)


def test_any_word_when_none_holds_most() -> None:
    assert decided("red suede shoe", probe(0, some=0)) == [("any", "red suede shoe")]


def test_a_single_word_cannot_be_relaxed() -> None:
    assert decided("shoe", probe(1)) == [("all", "shoe")]


def test_typing_errors_are_corrected_before_words_are_dropped() -> None:
    found = probe(0, unknown=("sheo", "zzz"), corrections={"sheo": "shoe"})
    assert decided("red sheo zzz", found) == [(step, "red shoe") for step in ("all", "some")]
    plan = decide(make_plan(SearchRequest(q="red sheo zzz"), SearchContext(NOW)), found, NO_SAMPLE)[0]
    assert (plan.query.corrections, plan.query.dropped) == ((("sheo", "shoe"),), ("zzz",))


def test_any_word_is_not_looked_for_where_products_certainly_hold_most_of_the_corrected_ones() -> None:
    found = probe(0, some=50, unknown=("sheo",), corrections={"sheo": "shoe"}, held=(50, 50, 0))
    assert [step for step, _ in decided("red suede sheo", found)] == ["all", "some"]


@pytest.mark.parametrize("held", [(), (0, 0, 0), (30, 20, 0), (50, 5, 0)])
def test_any_word_is_looked_for_where_each_product_may_hold_a_single_one(held: tuple[int, ...]) -> None:
    """As many products match, but in another reading of the words perhaps: two of them as one, that is corrected."""
    found = probe(0, some=50, unknown=("sheo",), corrections={"sheo": "shoe"}, held=held)
    assert [step for step, _ in decided("red suede sheo", found)] == ["all", "some", "any"]


@pytest.mark.parametrize(("words", "needed"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (24, 14)])
def test_most_of_the_words_is_as_many_as_elasticsearch_asks_for(words: int, needed: int) -> None:
    assert most_of(words) == needed


@pytest.mark.parametrize("words", range(1, MAX_WORDS + 1))
def test_both_engines_ask_for_as_many_of_the_words(words: int) -> None:
    """What Elasticsearch reads in its text: of more words than a limit, so many fewer, or a share rounded down."""
    needed = words
    for condition in MINIMUM_SHOULD_MATCH["some"].split():
        limit, _, rule = condition.partition("<")
        if words > int(limit):
            needed = words * int(rule[:-1]) // 100 if rule.endswith("%") else words + int(rule)
    assert needed_by_postgres("some", words) == most_of(words) == needed


def test_what_others_like_is_not_asked_for_where_something_is_certainly_found() -> None:
    found = probe(0, some=50, unknown=("sheo",), corrections={"sheo": "shoe"}, held=(50, 50, 0))
    plain = SearchRequest(q="red suede sheo")
    asked = {
        bool(request.brands): zero_results_bodies(decide(make_plan(request, SearchContext(NOW)), found, NO_SAMPLE)[0])
        for request in (plain, replace(plain, brands=("a",)))
    }
    assert POPULAR not in asked[False]
    assert POPULAR in asked[True]
    assert asked[False].keys() == asked[True].keys() - {POPULAR}


def test_an_identifier_is_never_relaxed() -> None:
    assert decided("NX-450", probe(1, identified=True, unknown=("nx-450",))) == [("all", "nx-450")]


def test_strictness_does_not_depend_on_the_shoppers_filters_or_page() -> None:
    """Products that hold the words are counted by the same clauses, whatever is filtered."""
    plain = make_plan(SearchRequest(q="red shoe NX-450"), SearchContext(NOW))
    shopper = replace(plain.request, category="a/b", brands=("A",), price=Range(1, 2), in_stock=True, page=3)
    counted = [_counted(probe_body(make_plan(request, SearchContext(NOW)))) for request in (plain.request, shopper)]
    assert counted[0] == counted[1]
    for found in (0, ENOUGH - 1, ENOUGH):
        plans = (plain, make_plan(shopper, SearchContext(NOW)))
        chosen = [decide(plan, probe(found), NO_SAMPLE)[0].query.matching for plan in plans]
        assert chosen[0] == chosen[1]


def _counted(body: dict[str, Any]) -> Any:
    """What decides the strictness: the query, the products with all words, and those named by an identifier."""
    every = body["aggs"]["all"]
    return body["query"], every["filter"], every["aggs"]["identified"]


def test_the_category_chooses_the_attributes() -> None:
    body = probe_body(make_plan(SearchRequest(q="shoe", category="a/b"), SearchContext(NOW)))
    for aggs in (body["aggs"], body["aggs"]["all"]["aggs"]):
        assert aggs["profile"]["filter"] == {"term": {"category_paths": "a/b"}}


def test_a_selected_attribute_always_has_its_facet() -> None:
    request = SearchRequest(q="shoe", attributes=(("sole", ("rubber",)),), ranges=(("heel", Range(1, 2)),))
    assert named_attributes(request) == ("sole", "heel")


def test_browsing_with_named_facets_needs_no_first_look() -> None:
    assert not needs_probe(make_plan(SearchRequest(facets=("brand",)), SearchContext(NOW)))
    assert needs_probe(make_plan(SearchRequest(), SearchContext(NOW)))


def test_the_category_is_looked_up_where_it_is_shown() -> None:
    for facets, looked_up in ((("category",), True), (("brand",), False), ((), False)):
        plan = make_plan(SearchRequest(category="a", facets=facets), SearchContext(NOW))
        assert needs_probe(plan) == looked_up
        assert ("category" in probe_body(plan)["aggs"]) == looked_up


def test_identifiers() -> None:
    plan = make_plan(SearchRequest(q="case for NX-450"), SearchContext(NOW))
    assert (plan.query.identifier, plan.query.identifier_parts) == ("casefornx450", ("nx450",))
    assert make_plan(SearchRequest(q="NX-450"), SearchContext(NOW)).query.identifier_parts == ()


@pytest.mark.parametrize(
    ("word", "likely"),
    [("1440", False), ("1234567", False), ("12345678", True), ("400-6381-333931", True), ("a12", False), ("nx45", True),
     ("shoes", False), ("!!!", False)],
)  # fmt: skip
def test_which_words_of_a_longer_query_may_be_identifiers(word: str, likely: bool) -> None:
    assert bool(identifiers_in(("mouse", word))) == likely
