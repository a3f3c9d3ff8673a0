"""Runs side by side: counts, significance, saved files."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.compare import compare
from evaluation.result import Evaluation, QueryResult, summarise
from evaluation.saved import BaselineError, read, save
from evaluation.significance import bootstrap_interval, randomisation_p


def result(query: str, ndcg: float | None, total: int = 5) -> QueryResult:
    return QueryResult(query, total, ndcg, ndcg, 0.5, ndcg, ndcg, (), (), 3.0)


def evaluation(*queries: QueryResult, fingerprint: str = "same") -> Evaluation:
    return Evaluation(
        "judged.csv", fingerprint, "live", "2026-01-01T00:00:00+00:00", 100, summarise(queries, 0, [3.0]), queries
    )


def test_wins_losses_and_ties_with_the_greatest_loss_first() -> None:
    before = evaluation(result("a", 0.5), result("b", 0.5), result("c", 0.5), result("d", 0.3))
    after = evaluation(result("a", 0.5), result("b", 0.9), result("c", 0.2), result("d", 0.1 + 0.2))

    found = compare(before, after)

    assert (found.wins, found.losses, found.ties) == (1, 1, 2)
    assert [delta.query for delta in found.deltas] == ["c", "a", "d", "b"]
    assert found.difference == pytest.approx(0.025)
    assert found.before == pytest.approx(0.45)
    assert found.after == pytest.approx(0.475)


def test_only_queries_that_both_runs_measured_are_compared() -> None:
    before = evaluation(result("a", 0.5), result("gone", 0.9), result("unknown", None))
    after = evaluation(result("a", 0.6), result("new", 0.1), result("unknown", 0.7), fingerprint="other")

    found = compare(before, after)

    assert [delta.query for delta in found.deltas] == ["a"]
    assert (found.only_before, found.only_after, found.same_judgements) == (1, 2, False)


def test_a_run_beside_itself_has_no_difference() -> None:
    run = evaluation(result("a", 0.5), result("b", 0.7))

    found = compare(run, run)

    assert (found.ties, found.difference, found.p_value, found.interval) == (2, 0, 1, (0, 0))


def test_the_p_value_is_near_the_one_of_all_sign_patterns() -> None:
    deltas = [0.3, 0.1, -0.05, 0.2, 0.15, -0.1, 0.25, 0.02, 0.0, 0.12]
    sums = [abs(sum(signs)) for signs in itertools.product(*((delta, -delta) for delta in deltas))]
    exact = sum(value >= abs(sum(deltas)) - 1e-9 for value in sums) / len(sums)

    assert randomisation_p(deltas) == pytest.approx(exact, abs=0.01)


def test_a_clear_difference_is_significant_and_its_interval_lies_beside_zero() -> None:
    deltas = [0.1 + 0.01 * (number % 5) for number in range(40)]

    low, high = bootstrap_interval(deltas)

    assert randomisation_p(deltas) == pytest.approx(1 / 10_001)
    assert 0.1 < low < 0.12 < high < 0.14


def test_significance_is_the_same_in_every_run() -> None:
    deltas = [0.3, -0.2, 0.1, 0.05, -0.07]

    assert randomisation_p(deltas) == randomisation_p(deltas)
    assert bootstrap_interval(deltas) == bootstrap_interval(deltas)


def test_queries_without_a_positive_rating_are_counted_and_left_out_of_the_means() -> None:
    found = summarise([result("a", 0.5), result("b", None, total=0)], 3, [1.0, 9.0])

    assert (found.queries, found.without_positive, found.absent) == (2, 1, 3)
    assert (found.ndcg, found.reciprocal_rank, found.recall, found.unjudged) == (0.5, 0.5, 0.5, 0.5)
    assert found.zero_results == 0.5
    assert (found.latency.p50, found.latency.p99) == (1, 9)


def test_what_was_saved_is_read_again(tmp_path: Path) -> None:
    run = evaluation(result("a", 0.5), result("b", None))

    save(run, tmp_path / "run.json")

    assert read(tmp_path / "run.json") == run


@pytest.mark.parametrize("content", ["", "[]", '{"format": 1}', "query,sku,rating\n"])
def test_a_file_of_something_else_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "other.json").write_text(content)

    with pytest.raises(BaselineError, match=r"^other\.json is not an evaluation saved by `catalog evaluate --save`"):
        read(tmp_path / "other.json")


def test_a_run_saved_by_another_version_is_refused(tmp_path: Path) -> None:
    save(replace(evaluation(result("a", 0.5)), format=2), tmp_path / "run.json")

    with pytest.raises(BaselineError, match="format 2"):
        read(tmp_path / "run.json")
