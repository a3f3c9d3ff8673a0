"""What many ask for at once is computed once, and anew for who asks later."""

import asyncio
import gc

import pytest

from catalog import deadline
from catalog.single_flight import SingleFlight


class Computation:
    """Counts its calls, and ends each with `result`, or raises it, when it is `free`."""

    def __init__(self) -> None:
        self.calls = 0
        self.cancelled = False
        self.result: str | Exception = "a"
        self.begun, self.free = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> str:
        self.calls += 1
        self.begun.set()
        try:
            await self.free.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def compute() -> Computation:
    return Computation()


async def test_those_who_ask_meanwhile_get_the_same_result(compute: Computation) -> None:
    flight = SingleFlight[str, str]()
    asking = [asyncio.create_task(flight.get("key", compute)) for _ in range(10)]
    await compute.begun.wait()
    assert "key" in flight
    compute.free.set()
    assert await asyncio.gather(*asking) == ["a"] * 10
    assert compute.calls == 1
    assert "key" not in flight


async def test_who_asks_later_has_it_computed_anew(compute: Computation) -> None:
    flight = SingleFlight[str, str]()
    compute.free.set()
    assert await flight.get("key", compute) == "a"
    compute.result = "b"
    assert await flight.get("key", compute) == "b"
    assert compute.calls == 2


async def test_keys_are_computed_side_by_side(compute: Computation) -> None:
    flight, other = SingleFlight[str, str](), Computation()
    other.result = "b"
    asking = [asyncio.create_task(flight.get("one", compute)), asyncio.create_task(flight.get("two", other))]
    await asyncio.gather(compute.begun.wait(), other.begun.wait())
    compute.free.set()
    other.free.set()
    assert await asyncio.gather(*asking) == ["a", "b"]


async def test_the_first_caller_that_goes_away_does_not_take_it_from_the_others(compute: Computation) -> None:
    flight = SingleFlight[str, str]()
    asking = [asyncio.create_task(flight.get("key", compute)) for _ in range(3)]
    await compute.begun.wait()
    asking[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking[0]
    compute.free.set()
    assert await asyncio.gather(*asking[1:]) == ["a"] * 2
    assert compute.calls == 1


async def test_an_exception_reaches_all_and_is_not_remembered(compute: Computation) -> None:
    flight = SingleFlight[str, str]()
    compute.result = ValueError("away")
    asking = [asyncio.create_task(flight.get("key", compute)) for _ in range(3)]
    compute.free.set()
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert results == [compute.result] * 3
    compute.result = "a"
    assert await flight.get("key", compute) == "a"
    assert compute.calls == 2


async def test_an_exception_that_no_caller_waits_for_is_not_reported(compute: Computation) -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    flight = SingleFlight[str, str]()
    compute.result = ValueError("away")
    compute.free.set()
    await asyncio.wait({flight.begin("key", compute)})
    gc.collect()
    assert reported == []


async def test_a_computation_has_no_deadline_of_the_caller_that_began_it() -> None:
    async def remaining() -> float | None:
        return deadline.remaining()

    with deadline.within(1):
        assert await SingleFlight[str, float | None]().get("key", remaining) is None
        assert deadline.remaining() is not None


async def test_closing_ends_what_no_caller_waits_for(compute: Computation) -> None:
    flight, unbegun = SingleFlight[str, str](), Computation()
    asking = asyncio.create_task(flight.get("key", compute))
    await compute.begun.wait()
    asking.cancel()
    flight.begin("never begun", unbegun)
    await flight.close()
    assert compute.cancelled
    assert unbegun.calls == 0
    assert "key" not in flight
    assert "never begun" not in flight
    compute.free.set()
    assert await flight.get("key", compute) == "a"
    await flight.close()
