"""Whether a difference between two runs may be chance. Pure; the same seed gives the same answer."""

from collections.abc import Sequence
from itertools import compress
from random import Random
from statistics import fmean

TRIALS = 10_000
SEED = 20_071
# Sums of the same numbers in another order differ by less.
SAME = 1e-9


def randomisation_p(deltas: Sequence[float], trials: int = TRIALS, seed: int = SEED) -> float:
    """Two-sided p-value of the paired randomisation test: how often a sum at least as far from 0 comes of random signs.

    Source: M. Smucker, J. Allan, B. Carterette, "A comparison of statistical significance tests for information
    retrieval evaluation", CIKM 2007; the one added to both counts: B. Phipson, G. Smyth, "Permutation p-values should
    never be zero", 2010.
    """
    moved = [delta for delta in deltas if delta]  # a query without a difference is the same with either sign
    if not moved:
        return 1.0
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    total = sum(moved)
    as_far = 0
    for _ in range(trials):
        signs = map(int, format(random.getrandbits(len(moved)), f"0{len(moved)}b"))
        as_far += abs(total - 2 * sum(compress(moved, signs))) >= abs(total) - SAME
    return (1 + as_far) / (1 + trials)


def bootstrap_interval(
    deltas: Sequence[float], confidence: float = 0.95, trials: int = TRIALS, seed: int = SEED
) -> tuple[float, float]:
    """The percentile interval of the mean over queries drawn with replacement.

    Source: B. Efron, R. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
    """
    if not deltas:
        return 0.0, 0.0
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    means = sorted(fmean(random.choices(deltas, k=len(deltas))) for _ in range(trials))
    outside = round(trials * (1 - confidence) / 2)
    return means[outside], means[-1 - outside]
