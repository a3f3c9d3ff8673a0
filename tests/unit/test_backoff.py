"""Batches shrink and pauses grow during an outage, within bounds, and recover."""

from hypothesis import given
from hypothesis import strategies as st

from indexer.backoff import FIRST_PAUSE, LONGEST_PAUSE, SMALLEST_BATCH, Pressure


def test_a_failure_pauses_and_halves() -> None:
    now = [0.0]
    pressure = Pressure(500, clock=lambda: now[0])
    pause = pressure.failed()
    assert FIRST_PAUSE / 2 <= pause <= FIRST_PAUSE
    assert pressure.batch_size == 250
    assert pressure.pause_left() == pause
    now[0] += pause
    assert pressure.pause_left() == 0


def test_success_recovers() -> None:
    pressure = Pressure(500, clock=lambda: 0.0)
    for _ in range(10):
        pressure.failed()
    assert pressure.batch_size == SMALLEST_BATCH
    for _ in range(10):
        pressure.succeeded()
    assert pressure.batch_size == 500
    assert pressure.failed() <= FIRST_PAUSE


@given(st.integers(1, 10_000), st.integers(1, 100))
def test_bounds_hold_however_long_the_outage(largest: int, failures: int) -> None:
    pressure = Pressure(largest, clock=lambda: 0.0)
    pauses = [pressure.failed() for _ in range(failures)]
    assert all(0 < pause <= LONGEST_PAUSE for pause in pauses)
    assert 1 <= pressure.batch_size <= largest


def test_a_slow_batch_halves_without_a_pause_and_a_middling_one_stays() -> None:
    pressure = Pressure(400, slow_seconds=4, clock=lambda: 0.0)
    pressure.succeeded(4.1)
    assert (pressure.batch_size, pressure.pause_left()) == (200, 0)
    pressure.succeeded(3)
    assert pressure.batch_size == 200
    pressure.succeeded(1)
    assert pressure.batch_size == 400


@given(st.lists(st.floats(0, 100), max_size=50), st.integers(1, 10_000))
def test_bounds_hold_however_slow_the_batches(durations: list[float], largest: int) -> None:
    pressure = Pressure(largest, clock=lambda: 0.0)
    for seconds in durations:
        pressure.succeeded(seconds)
        assert min(SMALLEST_BATCH, largest) <= pressure.batch_size <= largest


def test_workers_do_not_come_back_at_the_same_moment() -> None:
    """Twenty of them fail together: their pauses differ."""
    pauses = {Pressure(500, clock=lambda: 0.0).failed() for _ in range(20)}
    assert len(pauses) > 15
