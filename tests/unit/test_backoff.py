"""Batches shrink and pauses grow during an outage, within bounds, and recover."""

from hypothesis import given
from hypothesis import strategies as st

from indexer.backoff import FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS, MIN_BATCH_SIZE, Backoff


def test_a_failure_pauses_and_halves() -> None:
    now = [0.0]
    backoff = Backoff(500, clock=lambda: now[0])
    pause = backoff.failed()
    assert FIRST_PAUSE_SECONDS / 2 <= pause <= FIRST_PAUSE_SECONDS
    assert backoff.batch_size == 250
    assert backoff.pause_left() == pause
    now[0] += pause
    assert backoff.pause_left() == 0


def test_success_recovers() -> None:
    backoff = Backoff(500, clock=lambda: 0.0)
    for _ in range(10):
        backoff.failed()
    assert backoff.batch_size == MIN_BATCH_SIZE
    for _ in range(10):
        backoff.succeeded()
    assert backoff.batch_size == 500
    assert backoff.failed() <= FIRST_PAUSE_SECONDS


@given(st.integers(1, 10_000), st.integers(1, 100))
def test_bounds_hold_however_long_the_outage(largest: int, failures: int) -> None:
    backoff = Backoff(largest, clock=lambda: 0.0)
    pauses = [backoff.failed() for _ in range(failures)]
    assert all(0 < pause <= MAX_PAUSE_SECONDS for pause in pauses)
    assert 1 <= backoff.batch_size <= largest


def test_a_slow_batch_halves_without_a_pause_and_a_middling_one_stays() -> None:
    backoff = Backoff(400, slow_seconds=4, clock=lambda: 0.0)
    backoff.succeeded(4.1)
    assert (backoff.batch_size, backoff.pause_left()) == (200, 0)
    backoff.succeeded(3)
    assert backoff.batch_size == 200
    backoff.succeeded(1)
    assert backoff.batch_size == 400


@given(st.lists(st.floats(0, 100), max_size=50), st.integers(1, 10_000))
def test_bounds_hold_however_slow_the_batches(durations: list[float], largest: int) -> None:
    backoff = Backoff(largest, clock=lambda: 0.0)
    for seconds in durations:
        backoff.succeeded(seconds)
        assert min(MIN_BATCH_SIZE, largest) <= backoff.batch_size <= largest


def test_workers_do_not_come_back_at_the_same_moment() -> None:
    """Twenty of them fail together: their pauses differ."""
    pauses = {Backoff(500, clock=lambda: 0.0).failed() for _ in range(20)}
    assert len(pauses) > 15
