"""Words to clauses: what counts how much."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from search.clauses.text_clauses import OTHER_READING, boosts, matching
from search.clauses.weights import DIALS, FILTERING
from search.planning.plan import QueryInterpretation
from search.text.words import Span, Words, read_words

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def found(clause: Any, kind: str) -> Iterator[dict[str, Any]]:
    """Every clause of this kind in a query."""
    if isinstance(clause, dict):
        for name, inner in clause.items():
            if name == kind:
                yield inner
            yield from found(inner, kind)
    elif isinstance(clause, list):
        for inner in clause:
            yield from found(inner, kind)


def test_a_word_counts_in_the_name_by_itself_only_where_something_is_scored() -> None:
    words = read_words("red shoe")
    named = [each["name"] for each in found(matching(words, "all", DIALS), "match")]
    assert [each["query"] for each in named] == ["red", "shoe", "redshoe"]
    assert [each["boost"] for each in named] == pytest.approx([0.3, 0.3, 0.45])
    assert not list(found(matching(words, "all", FILTERING), "match"))


def test_a_synonym_never_counts_more_than_the_joined_word() -> None:
    two = read_words("head phones")
    words = Words(two.text, two.wanted, (Span(0, 2, "head phones", ("earbuds",)), *two.spans))
    boosts: dict[str, float] = {}
    for each in found(matching(words, "all", DIALS), "combined_fields"):
        boosts[each["query"]] = max(each["boost"], boosts.get(each["query"], 0))
    assert boosts["earbuds"] == pytest.approx(boosts["headphones"] * OTHER_READING)
    assert boosts["head"] < boosts["headphones"] < boosts["head"] + boosts["phones"]


@pytest.mark.parametrize(("q", "phrase"), [("we are family", True), ("the family", True), ("family", False)])
def test_words_side_by_side_count_also_where_all_but_one_mean_little(q: str, phrase: bool) -> None:
    raised = boosts(QueryInterpretation(read_words(q)), DIALS, NOW)
    assert bool(list(found(raised, "match_phrase"))) == phrase
