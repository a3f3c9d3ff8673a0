"""Round steps for numbers: 'under 25', '25-50', … from a sample of the values. Pure."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

Counts = Sequence[tuple[float, int]]

# Steps between these: fewer say too little, more are not read.
FEWEST, MOST = 4, 7
# What lies outside these quantiles of the sample does not decide where steps lie: there is one for "more" anyway.
_LOW, _HIGH = 0.03, 0.97
_LADDERS = ((1.0, 2.0, 5.0), (1.0, 2.5, 5.0), (1.0, 3.0), (1.0, 5.0), (1.0,))
_MULTIPLES = (1.0, 2.0, 2.5, 5.0)


class Sample:
    """Values with how often each was seen, counted by step in a few microseconds."""

    def __init__(self, counts: Counts) -> None:
        pairs = sorted(counts)
        self.values = [value for value, _ in pairs]
        self._below = [0, *accumulate(count for _, count in pairs)]

    @property
    def whole(self) -> bool:
        """Whether all values are whole numbers."""
        return all(map(float.is_integer, map(float, self.values)))

    def shares(self, edges: Sequence[float]) -> list[int]:
        """How much is in each step: below the first limit, between the limits, from the last on."""
        below = [0, *(self._below[bisect_left(self.values, edge)] for edge in edges), self._below[-1]]
        return [high - low for low, high in pairwise(below)]

    def between(self, low: float | None, high: float | None) -> int:
        """How much lies in the closed interval; None is no limit."""
        first = 0 if low is None else bisect_left(self.values, low)
        end = len(self.values) if high is None else bisect_right(self.values, high)
        return max(0, self._below[end] - self._below[first])

    def quantile(self, share: float) -> float:
        return self.values[bisect_left(self._below, share * self._below[-1], 1) - 1]


def steps_of(counts: Counts) -> tuple[float, ...]:
    """The limits between steps, rising; of all round ones those that share the sample most evenly. Empty: no choice.

    `counts` is values with how often each was seen.
    """
    if len(counts) < 2:
        return ()
    sample = Sample(counts)
    low, high = sample.quantile(_LOW), sample.quantile(_HIGH)
    if low == high:
        low, high = sample.values[0], sample.values[-1]
    whole = sample.whole
    ladders = [edges for edges in _candidates(low, high) if not whole or all(edge == int(edge) for edge in edges)]
    enough = [edges for edges in ladders if len(edges) >= FEWEST - 1]
    # The first of equals is the plainest: `max` keeps it.
    return max(enough or ladders, key=lambda edges: round(evenness(sample.shares(edges)), 2), default=())


def evenness(counts: Sequence[int]) -> float:
    """Shannon entropy in bits: how much it says in which of the steps something lies."""
    total = sum(counts)
    return -sum(count / total * math.log2(count / total) for count in counts if count) if total else 0.0


def last_before(limit: float, decimals: int) -> float:
    """The end of the step before `limit`, both ends included: two decimals finer than the values are written.

    A link with `249.99` is read and shared more easily than one with the next double, 249.99999999999997.
    """
    near = round(limit - 10.0 ** -(decimals + 2), decimals + 2)
    return near if near < limit else math.nextafter(limit, -math.inf)


def decimals_of(values: Sequence[float]) -> int:
    """The most decimals that any of the values is written with; 6 at most."""
    written = (format(value, ".6f").rstrip("0").partition(".")[2] for value in values if value != int(value))
    return max(map(len, written), default=0)


@lru_cache(1024)
def _candidates(low: float, high: float) -> tuple[tuple[float, ...], ...]:
    """Limits above `low` and up to `high`: multiples of one round step, or a ladder such as 10, 20, 50, 100.

    (The lowest and highest values of an attribute are the same in many results.)
    """
    return (*_multiples(low, high), *_climbed(low, high))


def _multiples(low: float, high: float) -> Iterator[tuple[float, ...]]:
    span = high - low
    for exponent in range(math.floor(math.log10(span)) - 1, math.floor(math.log10(span)) + 1):
        for multiple in _MULTIPLES:
            step = multiple * 10.0**exponent
            first, last = math.floor(low / step) + 1, math.floor(high / step)
            if 1 <= last - first + 1 < MOST:
                yield tuple(_round(number * step, exponent) for number in range(first, last + 1))


def _climbed(low: float, high: float) -> Iterator[tuple[float, ...]]:
    if high <= 0:
        return
    smallest = max(low, high / 1e6)
    for ladder in _LADDERS:
        rungs = [
            _round(rung * 10.0**exponent, exponent)
            for exponent in range(math.floor(math.log10(smallest)) - 1, math.floor(math.log10(high)) + 1)
            for rung in ladder
        ]
        edges = tuple(rung for rung in rungs if smallest < rung <= high)
        if 1 <= len(edges) < MOST:
            yield edges


def _round(value: float, exponent: int) -> float:
    """0.30000000000000004 -> 0.3; one decimal more than the exponent has, for the 2.5."""
    return round(value, max(0, 1 - exponent))
