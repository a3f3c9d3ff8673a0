"""The measures of one ranked list. Pure.

`ratings` are those of the hits in their order, None for a hit that nobody has judged. `judged` are all ratings that
the query has. Sources: K. Järvelin, J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20,
2002, with the gain 2^rating - 1 of C. Burges et al., "Learning to rank using gradient descent", ICML 2005; lists of
judged hits alone: T. Sakai, "Alternatives to bpref", SIGIR 2007.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from math import ceil, log2

Ratings = Sequence[float | None]


def ndcg(ratings: Ratings, judged: Iterable[float], k: int) -> float | None:
    """nDCG of the first k hits, 0 to 1; a hit that nobody has judged gains nothing. None without a positive rating."""
    best = _dcg(sorted(judged, reverse=True)[:k])
    return _dcg(rating or 0 for rating in ratings[:k]) / best if best else None


def judged_ndcg(ratings: Ratings, judged: Iterable[float], k: int) -> float | None:
    """nDCG of the first k judged hits: unrated is unknown, not irrelevant, so those hits are left out of the list."""
    known = list(islice((rating for rating in ratings if rating is not None), k))
    return ndcg(known, judged, k)


def unjudged_share(ratings: Ratings, k: int) -> float:
    """The share of the first k hits that nobody has judged; 0 where there is no hit."""
    first = ratings[:k]
    return sum(rating is None for rating in first) / len(first) if first else 0.0


def reciprocal_rank(ratings: Ratings) -> float:
    """1 / place of the first hit with a positive rating; 0 without one."""
    return next((1 / place for place, rating in enumerate(ratings, 1) if rating), 0.0)


def recall(ratings: Ratings, judged: Iterable[float], k: int) -> float | None:
    """The share of all products with a positive rating that are among the first k hits. None where there is none."""
    relevant = sum(rating > 0 for rating in judged)
    return sum(bool(rating) for rating in ratings[:k]) / relevant if relevant else None


def percentile(values: Iterable[float], percent: float) -> float | None:
    """The smallest value that `percent` of all values do not exceed (nearest rank); None for no values."""
    ascending = sorted(values)
    return ascending[max(1, ceil(len(ascending) * percent / 100)) - 1] if ascending else None


def _dcg(ratings: Iterable[float]) -> float:
    """Discounted cumulative gain: (2^rating - 1) / log2(place + 1), summed."""
    return sum((2**rating - 1) / log2(place + 1) for place, rating in enumerate(ratings, 1))
