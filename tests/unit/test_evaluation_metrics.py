"""The measures, by hand and beside an independent implementation."""

from math import log2

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import RR, Measure, R, nDCG

from evaluation.metrics import judged_ndcg, ndcg, percentile, recall, reciprocal_rank, unjudged_share

GAINS = {rating: 2**rating - 1 for rating in range(5)}

# Products by number: which of them are judged and how, and a ranking of some of them.
RATED = st.dictionaries(st.integers(0, 60), st.integers(0, 4), max_size=40)
RANKED = st.lists(st.integers(0, 60), unique=True, max_size=60)


def theirs(measure: Measure, rated: dict[int, int], ranked: list[int]) -> float:
    """What ir-measures says; where it has nothing to say of the query, 0."""
    qrels = [ir_measures.Qrel("q", str(key), rating) for key, rating in rated.items()]
    # Scores that fall with the place: it breaks ties of score by name, while our lists are already in order.
    run = [ir_measures.ScoredDoc("q", str(key), -float(place)) for place, key in enumerate(ranked)]
    return float(sum(found.value for found in ir_measures.iter_calc([measure], qrels, run)))


@given(RATED, RANKED)
@settings(deadline=None)
def test_all_measures_agree_with_ir_measures(rated: dict[int, int], ranked: list[int]) -> None:
    ratings = [rated.get(key) for key in ranked]
    judged = list(rated.values())

    assert theirs(nDCG(gains=GAINS) @ 10, rated, ranked) == pytest.approx(ndcg(ratings, judged, 10) or 0)
    # Theirs drops a query whose list has no judged hit; that is a 0 as well.
    expected = theirs(nDCG(gains=GAINS, judged_only=True) @ 10, rated, ranked)
    assert expected == pytest.approx(judged_ndcg(ratings, judged, 10) or 0)
    assert theirs(RR, rated, ranked) == pytest.approx(reciprocal_rank(ratings))
    assert theirs(R @ 50, rated, ranked) == pytest.approx(recall(ratings, judged, 50) or 0)


def test_ndcg_by_hand() -> None:
    # Gains 7, 0 (unrated), 1 at places 1, 2, 3; the best order has 7, 7, 1.
    found = ndcg([3, None, 1], [3, 3, 1, 0], 10)

    assert found == pytest.approx((7 + 1 / log2(4)) / (7 + 7 / log2(3) + 1 / log2(4)))


def test_hits_that_nobody_judged_leave_the_judged_only_list() -> None:
    found = judged_ndcg([None, 1, None, 3], [3, 1], 10)

    assert found == pytest.approx((1 + 7 / log2(3)) / (7 + 1 / log2(3)))


def test_the_judged_only_list_reaches_past_the_tenth_hit() -> None:
    ratings = [None] * 60 + [2]

    assert (ndcg(ratings, [2], 10), judged_ndcg(ratings, [2], 10)) == (0, 1)


def test_equal_ratings_in_any_order_are_equally_good() -> None:
    assert ndcg([2, 2, 0], [0, 2, 2], 10) == ndcg([2, 2], [2, 2, 0], 10) == 1


def test_more_good_products_than_places_can_still_be_a_perfect_page() -> None:
    assert ndcg([3] * 10, [3] * 25, 10) == 1


@pytest.mark.parametrize("judged", [[], [0, 0]])
def test_without_a_positive_rating_there_is_no_ndcg_and_no_recall(judged: list[int]) -> None:
    assert ndcg([0, None], judged, 10) is None
    assert judged_ndcg([0, None], judged, 10) is None
    assert recall([0, None], judged, 50) is None


def test_the_share_of_unjudged_hits_is_that_of_the_hits_there_are() -> None:
    assert unjudged_share([None, 0, 3, None], 10) == 0.5
    assert unjudged_share([3] * 10 + [None] * 90, 10) == 0
    assert unjudged_share([], 10) == 0


def test_a_rating_of_zero_is_no_first_good_hit() -> None:
    assert reciprocal_rank([0, None, 1, 3]) == pytest.approx(1 / 3)
    assert reciprocal_rank([0, None]) == 0


def test_recall_counts_positive_products_up_to_its_depth() -> None:
    assert recall([None] * 49 + [1, 3], [1, 3, 2, 0], 50) == pytest.approx(1 / 3)


def test_percentiles_are_values_that_were_measured() -> None:
    assert [percentile(range(1, 101), percent) for percent in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([7.0], 50) == 7
    assert percentile([], 50) is None
