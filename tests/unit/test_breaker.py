"""The circuit breaker by a clock of its own: when it opens, who may probe, how the pauses grow."""

from search.breaker import Breaker, Limits

LIMITS = Limits(failures=3, share=0.5, least=10, window=60, pause=1, longest_pause=4)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_breaker(clock: Clock, limits: Limits = LIMITS) -> Breaker:
    return Breaker(limits, now=clock, jitter=lambda: 1.0)


def opened(clock: Clock) -> Breaker:
    breaker = a_breaker(clock)
    for _ in range(LIMITS.failures):
        breaker.failed()
    assert breaker.state == "open"
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = a_breaker(Clock())
    for _ in range(LIMITS.failures - 1):
        breaker.failed()
    assert breaker.closed
    breaker.failed()
    assert (breaker.state, breaker.opened) == ("open", 1)


def test_a_success_between_failures_begins_the_row_anew() -> None:
    breaker = a_breaker(Clock())
    for _ in range(3):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.closed


def test_a_share_of_failures_opens_it() -> None:
    breaker = a_breaker(Clock())
    for _ in range(4):
        breaker.failed()
        breaker.succeeded()
    assert breaker.closed
    breaker.succeeded()
    breaker.failed()
    assert breaker.state == "open"


def test_calls_before_the_window_are_forgotten() -> None:
    clock = Clock()
    breaker = a_breaker(clock)
    for _ in range(4):
        breaker.failed()
        breaker.succeeded()
    clock.now = LIMITS.window
    for _ in range(2):
        breaker.succeeded()
        breaker.failed()
    assert breaker.closed


def test_nobody_probes_before_the_pause_is_over() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 0.9
    assert not breaker.begin_probe()
    clock.now = 1.0
    assert breaker.begin_probe()


def test_only_one_probes_at_a_time() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 1.0
    assert [breaker.begin_probe() for _ in range(100)].count(True) == 1
    assert breaker.state == "half_open"


def test_a_probe_that_goes_well_closes_it_and_forgets_everything() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 1.0
    assert breaker.begin_probe()
    breaker.end_probe(well=True)
    breaker.failed()
    breaker.failed()
    assert breaker.closed


def test_each_probe_that_fails_doubles_the_pause_up_to_the_longest() -> None:
    clock = Clock()
    breaker = opened(clock)
    waited = []
    for _ in range(5):
        begun = clock.now
        while not breaker.begin_probe():
            clock.now += 0.5
        waited.append(clock.now - begun)
        breaker.end_probe(well=False)
    assert waited == [1, 2, 4, 4, 4]


def test_a_first_pause_over_the_longest_stays_as_it_is() -> None:
    clock = Clock()
    breaker = a_breaker(clock, Limits(failures=1, pause=10, longest_pause=4))
    breaker.failed()
    for now in (10, 20):
        clock.now = now - 0.5
        assert not breaker.begin_probe()
        clock.now = now
        assert breaker.begin_probe()
        breaker.end_probe(well=False)


def test_after_a_recovery_the_pause_is_short_again() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 1.0
    assert breaker.begin_probe()
    breaker.end_probe(well=False)
    clock.now = 3.0
    assert breaker.begin_probe()
    breaker.end_probe(well=True)
    for _ in range(LIMITS.failures):
        breaker.failed()
    clock.now = 4.0
    assert breaker.begin_probe()


def test_calls_of_before_change_nothing_while_it_is_open() -> None:
    clock = Clock()
    breaker = opened(clock)
    breaker.succeeded()
    breaker.failed()
    assert (breaker.state, breaker.opened) == ("open", 1)
    clock.now = 1.0
    assert breaker.begin_probe()
    breaker.succeeded()
    breaker.failed()
    assert breaker.state == "half_open"


def test_the_pause_is_spread_by_chance() -> None:
    clock = Clock()
    breaker = Breaker(LIMITS, now=clock, jitter=lambda: 1.2)
    for _ in range(LIMITS.failures):
        breaker.failed()
    clock.now = 1.1
    assert not breaker.begin_probe()
    clock.now = 1.2
    assert breaker.begin_probe()
