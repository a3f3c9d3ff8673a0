"""A failing event holds back its own aggregate alone, in whatever batch, and nothing is lost or done side by side."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from catalog.services.events import Event
from catalog.settings import Settings
from tests.integration.test_event_consumers import GROUP, consuming, done
from tests.integration.test_event_relay import append, relayed
from tests.processes import wait_until
from workers import consumers, in_flight
from workers.consumers import HANDLER_CONCURRENCY, Later, Reject

Db = psycopg.Connection[Any]


@pytest.fixture
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(consumers, "BATCH_SIZE", 2)
    monkeypatch.setattr(consumers, "MAX_PAUSE_SECONDS", 0.05)
    return settings.model_copy(update={"event_retry_seconds": 0.01, "event_max_attempts": 3})


class Shop:
    """A handler. It fails at the positions in `broken`, and keeps what it did, and what came side by side."""

    def __init__(self, *broken: int) -> None:
        self.broken = set(broken)
        self.done: list[int] = []
        self.tried: Counter[int] = Counter()
        self.side_by_side: list[int] = []
        self.gates: dict[int, asyncio.Event] = {}
        self._at_work: Counter[UUID] = Counter()

    async def __call__(self, event: Event) -> None:
        self.tried[event.position] += 1
        self._at_work[event.aggregate_id] += 1
        if self._at_work[event.aggregate_id] > 1:
            self.side_by_side.append(event.position)
        try:
            await asyncio.sleep(0.001)
            if event.position in self.broken:
                raise Later("not yet")
            if event.position in self.gates:
                await self.gates[event.position].wait()
            self.done.append(event.position)
        finally:
            self._at_work[event.aggregate_id] -= 1


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition, 10)


async def test_later_batches_go_on_while_an_event_fails_and_come_again_after_a_restart(quick: Settings, db: Db) -> None:
    for _ in range(7):
        append(db)
    await relayed(quick)
    shop = Shop(2)
    async with consuming(quick, shop):
        await until(lambda: len(shop.done) == 6)
        assert shop.tried[2] > 1
    assert sorted(shop.done) == [1, 3, 4, 5, 6, 7]
    assert done(db) == 1, "the last before the first that is not done"
    mended = Shop()
    async with consuming(quick, mended):
        await until(lambda: done(db) == 7)
    assert sorted(mended.done) == [2, 3, 4, 5, 6, 7]


async def test_more_failing_aggregates_than_handlers_at_work_hold_back_nobody(quick: Settings, db: Db) -> None:
    for _ in range(HANDLER_CONCURRENCY * 2 + 1):
        append(db)
    await relayed(quick)
    shop = Shop(*range(1, HANDLER_CONCURRENCY * 2 + 1))
    async with consuming(quick, shop):
        await until(lambda: shop.done == [HANDLER_CONCURRENCY * 2 + 1])
        shop.broken.clear()
        await until(lambda: done(db) == HANDLER_CONCURRENCY * 2 + 1)
    assert db.execute("SELECT count(*) FROM event_dead_letters").fetchone() == (0,)


async def test_the_events_of_an_aggregate_keep_their_order_across_batches(quick: Settings, db: Db) -> None:
    bad, good = uuid4(), uuid4()
    for _ in range(10):
        append(db, aggregate=bad)
        append(db, aggregate=good)
    await relayed(quick)
    shop = Shop(1, 9)
    async with consuming(quick, shop):
        await until(lambda: len(shop.done) == 10)
        assert shop.done == list(range(2, 21, 2))
        shop.broken = {9}
        await until(lambda: len(shop.done) == 14)
        assert done(db) == 8
        shop.broken = set()
        await until(lambda: done(db) == 20)
    assert shop.done[10:] == list(range(1, 21, 2))
    assert shop.side_by_side == []


@pytest.mark.parametrize(("limit", "broken"), [("MAX_IN_FLIGHT", {1, 2, 3, 4, 5}), ("MAX_LEAD", {1})])
async def test_it_reads_ahead_so_far_only(
    quick: Settings, db: Db, monkeypatch: pytest.MonkeyPatch, limit: str, broken: set[int]
) -> None:
    monkeypatch.setattr(in_flight, limit, 5)
    for _ in range(12):
        append(db)
    await relayed(quick)
    shop = Shop(*broken)
    async with consuming(quick, shop):
        await until(lambda: shop.tried.keys() >= {1, 2, 3, 4, 5})
        await asyncio.sleep(0.3)
        assert max(shop.tried) == 6, "the batch that reaches the limit is the last"
        shop.broken.clear()
        await until(lambda: done(db) == 12)
    assert sorted(shop.done) == list(range(1, 13))


async def test_it_stops_at_once_while_events_pause(settings: Settings, db: Db) -> None:
    for _ in range(20):
        append(db)
    await relayed(settings)
    shop = Shop(*range(2, 20))
    async with consuming(settings.model_copy(update={"event_retry_seconds": 40}), shop):
        await until(lambda: len(shop.tried) == 20)
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    assert (sorted(shop.done), done(db)) == ([1, 20], 1)


async def test_dead_letters_are_tried_again_while_others_fail(quick: Settings, db: Db) -> None:
    shop, mended = Shop(2), False

    async def take(event: Event) -> None:
        if event.position == 1 and not mended:
            raise Reject("no such mailbox")
        await shop(event)

    append(db)
    append(db)
    await relayed(quick)
    async with consuming(quick, take):
        await until(lambda: done(db) == 1 and shop.tried[2] > 1)
        mended = True
        db.execute("UPDATE event_dead_letters SET replay = true")
        await until(lambda: db.execute("SELECT count(*) FROM event_dead_letters").fetchone() == (0,))
        assert shop.done == [1]


def pauses(logged: Iterable[Any]) -> list[float]:
    """Of `consume`, when Postgres had refused something."""
    return [line["seconds"] for line in logged if line["event"] == "events.consumer_waiting"]


async def test_without_its_connection_it_begins_nothing_until_what_is_at_work_has_ended(
    quick: Settings, db: Db
) -> None:
    shop = Shop(3)
    shop.gates = {1: asyncio.Event(), 2: asyncio.Event()}
    for _ in range(4):
        append(db)
    await relayed(quick)
    with capture_logs() as logged:
        async with consuming(quick, shop):
            await until(lambda: shop.done == [4] and shop.tried[1] == shop.tried[2] == 1 < shop.tried[3])
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = %s AND datname = current_database()",
                (f"catalog-{GROUP}",),
            )
            shop.gates[1].set()
            await until(lambda: len(pauses(logged)) == 1)
            tried = shop.tried.copy()
            await asyncio.sleep(0.5)
            assert shop.tried == tried, "not even the event that paused"
            assert (shop.done, done(db)) == ([4, 1], 0)
            shop.broken.clear()
            shop.gates[2].set()
            await until(lambda: done(db) == 4)
    assert Counter(shop.done) == {1: 2, 2: 2, 3: 1, 4: 2}, "what was done and not remembered comes again"
    assert shop.side_by_side == []


@pytest.fixture
def unwritable(db: Db) -> Iterator[None]:
    """Postgres takes no position."""
    db.execute("ALTER TABLE event_consumers ADD CONSTRAINT test_unwritable CHECK (position = 0)")
    yield
    db.execute("ALTER TABLE event_consumers DROP CONSTRAINT IF EXISTS test_unwritable")


@pytest.mark.usefixtures("unwritable")
async def test_when_postgres_takes_no_position_the_pauses_grow_and_nothing_is_lost(
    quick: Settings, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "MAX_PAUSE_SECONDS", 60)
    append(db)
    append(db)
    await relayed(quick)
    shop = Shop()
    with capture_logs() as logged:
        async with consuming(quick, shop):
            await until(lambda: len(pauses(logged)) == 3)
            db.execute("ALTER TABLE event_consumers DROP CONSTRAINT test_unwritable")
            await until(lambda: done(db) == 2)
    assert pauses(logged) == [0.2, 0.4, 0.8]
    assert set(shop.done) == {1, 2}
    assert shop.side_by_side == []
