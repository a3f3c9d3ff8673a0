"""What is known from a moment ago, and what holds while the database is away."""

import time

import pytest

from catalog.errors import Unavailable
from catalog.services import recent
from catalog.services.recent import Recent


class Source:
    """Gives `value`, or raises it; counts how often it was asked."""

    def __init__(self, value: str | Exception | None) -> None:
        self.value = value
        self.asked = 0

    async def __call__(self) -> str | None:
        self.asked += 1
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


async def test_a_value_is_asked_for_once_in_its_time(clock: list[float]) -> None:
    held, source = Recent[str, str](5), Source("a")
    assert [await held.get("key", source) for _ in range(3)] == ["a"] * 3
    clock[0] += 5
    source.value = "b"
    assert await held.get("key", source) == "b"
    assert source.asked == 2


async def test_that_there_is_nothing_is_not_kept(clock: list[float]) -> None:
    held, source = Recent[str, str](5), Source(None)
    assert await held.get("key", source) is None
    source.value = "a"
    assert await held.get("key", source) == "a"


async def test_what_ended_is_forgotten_at_the_next_look(clock: list[float]) -> None:
    held, source = Recent[str, str](5), Source("a")
    await held.get("key", source)
    clock[0] += 5
    source.value = None
    assert await held.get("key", source) is None


async def test_in_an_outage_what_was_known_last_holds_for_a_while(clock: list[float]) -> None:
    held, source = Recent[str, str](5), Source("a")
    await held.get("key", source)
    source.value = Unavailable("away")
    clock[0] += 5
    assert await held.get("key", source) == "a"
    assert await held.get("key", source) == "a"
    assert source.asked == 2, "the database that is away is not asked by every request"
    clock[0] += recent.OUTAGE_SECONDS
    with pytest.raises(Unavailable):
        await held.get("key", source)


async def test_in_an_outage_the_unknown_is_what_the_caller_says(clock: list[float]) -> None:
    held, source = Recent[str, str](5), Source(Unavailable("away"))
    with pytest.raises(Unavailable):
        await held.get("key", source)
    assert await held.get("key", source, "from the token") == "from the token"
    source.value = "b"
    clock[0] += 5
    assert await held.get("key", source, "from the token") == "b"


async def test_the_oldest_go_when_there_is_no_room(clock: list[float]) -> None:
    held = Recent[str, str](5, size=2)
    sources = {name: Source(name) for name in "abc"}
    for name in "abc":
        await held.get(name, sources[name])
    for name in "bca":
        await held.get(name, sources[name])
    assert [source.asked for source in sources.values()] == [2, 1, 1]
