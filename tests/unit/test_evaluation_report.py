"""The HTML report, and what is said of each query."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from evaluation.compare import compare
from evaluation.plots import nice_top
from evaluation.report import page
from evaluation.result import Evaluation, Missing, QueryResult, summarise, worst_first
from evaluation.run import judge
from search.result import SearchResult
from tests.results import a_hit, a_query, a_result

EVIL = '<img src=x onerror="alert(1)">'


def response(*skus: str, total: int | None = None, **query: Any) -> SearchResult:
    """What the search answers, as far as it is judged."""
    return a_result(*map(a_hit, skus), total=total, query=a_query("lamp", **query))


def evaluation(*queries: QueryResult) -> Evaluation:
    return Evaluation(EVIL, "f", "live", "2026-01-01T00:00:00+00:00", 100, summarise(queries, 2, [3.0]), queries)


def test_the_best_rated_products_below_the_top_are_named_with_their_place() -> None:
    others = [f"X-{number}" for number in range(10)]

    found = judge(
        "lamp", {"A": 3, "B": 3, "C": 3, "D": 2}, response(*others, "D", "B"), "sku", {"A": "Lamp A", "B": "Lamp B"}
    )

    assert found.missing == (
        Missing("B", 3, "Lamp B", 12),
        Missing("A", 3, "Lamp A", None),
        Missing("C", 3, None, None),
    )
    assert (found.ndcg, found.unjudged) == (0, 1)
    assert found.reciprocal_rank == pytest.approx(1 / 11)
    assert len(found.hits) == 10


def test_a_top_full_of_the_best_misses_nothing() -> None:
    best = [f"A-{number}" for number in range(12)]

    assert judge("lamp", dict.fromkeys(best, 3), response(*best[:10]), "sku", {}).missing == ()


def test_products_are_found_by_id_where_the_judgements_name_ids() -> None:
    found = judge("lamp", {"id of A": 2}, response("A"), "product_id", {})

    assert (found.ndcg, found.hits[0].key, found.hits[0].rating) == (1, "id of A", 2)


def test_a_query_without_any_positive_rating_is_not_measured() -> None:
    found = judge("lamp", {"A": 0}, response("A", "B"), "sku", {"A": "Lamp"})

    assert (found.ndcg, found.judged_ndcg, found.reciprocal_rank, found.recall) == (None, None, None, None)
    assert (found.unjudged, found.missing) == (0.5, ())


def test_the_worst_query_comes_first_and_the_unmeasured_last() -> None:
    queries = [
        judge("none", {"A": 0}, response("A"), "sku", {}),
        judge("good", {"A": 3}, response("A"), "sku", {}),
        judge("bad", {"A": 3}, response("B"), "sku", {}),
    ]

    assert [item.query for item in worst_first(queries)] == ["bad", "good", "none"]


def test_the_report_is_one_file_that_asks_nobody_for_anything() -> None:
    before = evaluation(judge("lamp", {"A": 3}, response("B"), "sku", {"A": "Lamp"}))
    after = evaluation(judge("lamp", {"A": 3}, response("A"), "sku", {"A": "Lamp"}))

    text = page(after, [compare(before, after), compare(before, after, "judged_ndcg")])

    assert "default-src 'none'" in text
    assert not re.search(r"<(script|link|img|iframe|object|base|form)|url\(|@import|https?://", text)
    assert text.count("<svg") == 4


def test_the_report_is_well_formed_and_everything_foreign_in_it_is_text() -> None:
    rated = {"A": 3, EVIL: 3}
    answer = response("A", EVIL, corrected_to=EVIL, dropped_terms=[EVIL])
    run = evaluation(
        judge(EVIL, rated, answer, "sku", {}), judge("other", {EVIL: 3}, response("B"), "sku", {EVIL: EVIL})
    )

    text = page(run, [compare(run, run)])

    assert "<img" not in text
    assert text.count("&lt;img src=x onerror=") >= 8
    parser = _Balanced()
    parser.feed(text)
    assert parser.open == []


def test_an_evaluation_of_nothing_measurable_still_makes_a_report() -> None:
    run = evaluation(judge("lamp", {"A": 0}, response(), "sku", {}))

    text = page(run, [compare(run, run)])

    assert "no result" in text
    assert "1 without a positive rating" in text


@pytest.mark.parametrize(("value", "top"), [(0.03, 1), (1, 1), (3, 4), (7, 10), (23, 25), (180, 200), (501, 1000)])
def test_axes_end_at_round_numbers(value: float, top: float) -> None:
    assert nice_top(value) == top


class _Balanced(HTMLParser):
    """Which elements are still open at the end; fails at an end tag that closes another element."""

    VOID = ("meta", "line", "rect")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag
