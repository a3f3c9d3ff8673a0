"""What a search asks for besides, where no product holds the words as they are typed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from search.elasticsearch.zero_results import POPULAR, build_suggestions, zero_results_bodies
from search.planning.context import SearchContext
from search.planning.plan import Evidence, SearchPlan, make_plan
from search.request import SearchRequest
from search.text.words import change

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def missed(q: str, left: str = "", *, certain: bool = True, **corrected: str) -> SearchPlan:
    """A search that found nothing as it is typed, with words that were taken for others.

    `left` is a word that was left out. `certain`: products hold the other words.
    """
    plan = make_plan(SearchRequest(q), SearchContext(NOW))
    words = change(plan.query.words, corrected, ())
    dropped = (left,) if left else ()
    query = replace(plan.query, words=words, corrections=tuple(corrected.items()), dropped=dropped)
    return replace(plan, evidence=Evidence(missed=True, certain=certain), query=query)


def split(plan: SearchPlan, word: str) -> SearchPlan:
    """The same with a word that is read as two."""
    return replace(plan, query=replace(plan.query, split=(word,)))


@pytest.mark.parametrize(
    ("plan", "looked_for"),
    [
        (missed("black hedphones"), True),
        (missed("black hedphones", hedphones="headphones"), False),
        # "Dress" may have been meant as well, and the desk may be none that anybody sees.
        (missed("dess", certain=False, dess="desk"), True),
        # The word that is left unknown may still be mistyped.
        (missed("black wireles qedphones", "qedphones", wireles="wireless"), True),
        (split(missed("black wireles setbag", wireles="wireless"), "setbag"), True),
    ],
)
def test_errors_are_looked_for_once(plan: SearchPlan, looked_for: bool) -> None:
    bodies = zero_results_bodies(plan)
    assert "products" in bodies
    assert ("mistyped" in bodies) == looked_for


def test_what_is_found_as_typed_needs_no_help() -> None:
    assert zero_results_bodies(make_plan(SearchRequest("mug"), SearchContext(NOW))) == {}


def test_neither_what_was_typed_nor_what_it_was_taken_for_is_offered() -> None:
    plan = missed("wirelss", wirelss="wireless")
    hit = {"fields": {"id": ["1"], "name.folded": ["aero wireless headphones"]}, "sort": [1.0]}
    samples = {name: {"hits": {"hits": [hit] if name == "products" else []}} for name in zero_results_bodies(plan)}
    found = {"hits": {"total": {"value": 1}}, "aggregations": {}}
    suggestions = build_suggestions(plan, found, samples, "USD")
    assert suggestions is not None
    offered = [item.text for item in suggestions.queries]
    assert "wireless headphones" in offered
    assert not {"wirelss", "wireless"} & set(offered)


def test_what_others_like_is_asked_for_where_nothing_may_be_found() -> None:
    assert POPULAR in zero_results_bodies(missed("dess", certain=False))
    assert POPULAR not in zero_results_bodies(missed("black dess"))
