"""Round steps from a sample of numbers."""

import math
from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from search.planning.bucket_edges import FEWEST, MOST, Sample, decimals_of, last_before, steps_of


def sample(values: list[float]) -> list[tuple[float, int]]:
    return [(value, 1) for value in values]


def test_even_values_have_even_steps() -> None:
    assert steps_of(sample([float(value) for value in range(101)])) == (20, 40, 60, 80)


def test_skewed_values_have_growing_steps() -> None:
    chance = Random(1)
    edges = steps_of(sample([10 ** chance.uniform(0, 4) for _ in range(500)]))
    widths = [high / low for low, high in pairwise(edges)]
    assert min(widths) >= 1.9
    assert max(Sample(sample([10 ** chance.uniform(0, 4) for _ in range(500)])).shares(edges)) < 250


def test_no_choice_has_no_steps() -> None:
    assert steps_of([]) == steps_of([(5, 100)]) == ()


@pytest.mark.parametrize("seed", range(40))
def test_steps_are_round_rising_and_few(seed: int) -> None:
    chance = Random(seed)
    scale = 10 ** chance.uniform(-3, 6)
    draws: list[Callable[[], float]] = [
        chance.random,
        lambda: chance.lognormvariate(0, 1),
        lambda: chance.gauss(0, 1),
        lambda: chance.expovariate(1),
    ]
    draw = chance.choice(draws)
    edges = steps_of(sample([draw() * scale for _ in range(300)]))
    assert FEWEST <= len(edges) + 1 <= MOST
    assert list(edges) == sorted(set(edges))
    for edge in edges:
        digits = f"{abs(edge):.3e}".partition("e")[0].rstrip("0").rstrip(".").replace(".", "")
        assert len(digits) <= 3, edge


def test_whole_numbers_have_whole_steps() -> None:
    assert all(edge == int(edge) for edge in steps_of([(value, value) for value in range(1, 10)]))


def test_shares_are_of_half_open_steps() -> None:
    held = Sample([(3, 5), (1, 2), (2, 10)])
    assert held.shares((2, 3)) == [2, 10, 5]
    assert held.shares((0.5, 9)) == [0, 17, 0]
    assert [held.quantile(share) for share in (0, 0.1, 0.5, 0.97, 1)] == [1, 1, 2, 3, 3]


def test_an_outlier_does_not_stretch_the_steps() -> None:
    assert steps_of([*sample([float(value) for value in range(100)]), (1e9, 1)])[-1] <= 100


def test_the_end_of_a_step_is_finer_than_any_value() -> None:
    assert last_before(250, 0) == 249.99
    assert last_before(2.5, 1) == 2.499
    assert last_before(1e17, 0) == math.nextafter(1e17, 0)


def test_decimals_are_those_that_are_written() -> None:
    assert [decimals_of(values) for values in ([], [1.0, 12], [1.0, 2.5], [0.125], [1 / 3])] == [0, 0, 1, 3, 6]


def test_counts_between_two_values_hold_both_ends() -> None:
    held = Sample([(1, 2), (2, 3), (3, 5), (8, 7)])
    assert held.between(2, 3) == 8
    assert held.between(None, 2) == 5
    assert held.between(2.5, None) == 12
    assert held.between(None, None) == 17
    assert held.between(3.5, 7) == 0
    assert held.between(9, 4) == 0
