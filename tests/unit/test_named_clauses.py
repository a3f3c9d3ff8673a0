"""Which clauses of a search are named: to say which of them a hit matches, Elasticsearch runs each once more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from search.clauses.text_clauses import covered, split_of
from search.elasticsearch.query import facets_body, probe_body, search_body
from search.planning.attribute_types import Kinds
from search.planning.context import SearchContext
from search.planning.plan import SearchPlan, make_plan
from search.request import Range, SearchRequest
from search.text.synonyms import NO_SYNONYMS
from search.text.words import change

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = Kinds({"color": frozenset("to"), "depth": frozenset("n")})
# Words, and a part that looks like an identifier: each kind of clause is in it that can be named.
Q = "head phones nx450"
FILTERED = SearchRequest(
    Q,
    category="a/b",
    brands=("A",),
    attributes=(("color", ("red",)),),
    ranges=(("depth", Range(1, 2)),),
    price=Range(1, 2),
    in_stock=True,
    on_sale=True,
)


def planned(request: SearchRequest, **changes: Any) -> SearchPlan:
    plan = make_plan(request, SearchContext(NOW, KINDS), NO_SYNONYMS)
    return replace(plan, query=replace(plan.query, category_shares=(("a/b", 0.5),), **changes))


def split() -> SearchPlan:
    """A plan in which a word is read as two."""
    plan = planned(SearchRequest("red laptopbag"))
    words = change(plan.query.words, {}, (), ("laptopbag",))
    return replace(plan, query=replace(plan.query, words=words, split=("laptopbag",)))


def names(body: Any) -> Iterator[str]:
    """The name of every named clause in a body."""
    if isinstance(body, dict):
        if "_name" in body:
            yield body["_name"]
        body = list(body.values())
    if isinstance(body, list):
        for inner in body:
            yield from names(inner)


@pytest.mark.parametrize(
    "asked",
    [SearchRequest(Q), FILTERED, replace(FILTERED, sort="price_asc"), replace(FILTERED, page=2), SearchRequest()],
)
def test_an_ordinary_search_names_no_clause(asked: SearchRequest) -> None:
    assert list(names(search_body(planned(asked)))) == []


def test_a_search_for_some_of_the_words_names_each() -> None:
    found = set(names(search_body(planned(SearchRequest(Q), matching="some"))))
    assert covered(found) == {0, 1, 2}
    assert not any(name.startswith("gain:") for name in found)


def test_a_search_for_a_split_word_names_the_two() -> None:
    assert split_of(names(search_body(split()))).keys() == {"laptopbag"}


def test_an_explained_search_names_what_raises_a_score_too() -> None:
    found = set(names(search_body(planned(SearchRequest(Q, explain=True)))))
    assert covered(found) == {0, 1, 2}
    assert found >= {"exact_name", "identifier", "identifier_prefix", "identifier_part", "gain:phrase", "gain:in_stock"}


@pytest.mark.parametrize(
    "plan",
    [planned(SearchRequest(Q)), planned(FILTERED), planned(SearchRequest(Q), matching="some"), split(),
     planned(SearchRequest(Q, explain=True))],
    ids=["all", "filtered", "some", "split", "explained"],
)  # fmt: skip
def test_what_has_no_hits_names_no_clause(plan: SearchPlan) -> None:
    for body in (facets_body(plan), probe_body(plan)):
        assert body is not None
        assert list(names(body)) == []
