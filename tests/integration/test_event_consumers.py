"""Subscribers: order within an aggregate, retries, dead letters and their replay, and nothing lost with the broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import redis

from catalog.services.events import Event
from catalog.settings import Settings
from tests.commands import invoke
from tests.integration.test_event_relay import append, relayed
from tests.processes import wait_until
from workers.consumers import Later, Reject, consume
from workers.retention import forget

Db = psycopg.Connection[Any]
GROUP = "tests"


@pytest.fixture
def quick(settings: Settings) -> Settings:
    return settings.model_copy(update={"event_retry_seconds": 0.01, "event_max_attempts": 3})


@asynccontextmanager
async def consuming(
    settings: Settings, handler: Callable[[Event], Awaitable[None]], **more: Any
) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(consume(settings, GROUP, handler, stop=stop, **more))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition)


def done(db: Db) -> int:
    row = db.execute("SELECT position FROM event_consumers WHERE name = %s", (GROUP,)).fetchone()
    return int(row[0]) if row else 0


async def test_every_event_comes_in_order_and_the_group_goes_on_where_it_was(quick: Settings, db: Db) -> None:
    seen: list[int] = []

    async def take(event: Event) -> None:
        seen.append(event.position)

    one = uuid4()
    for _ in range(5):
        append(db, aggregate=one)
    await relayed(quick)
    async with consuming(quick, take):
        await until(lambda: done(db) == 5)
    assert seen == [1, 2, 3, 4, 5]
    append(db, aggregate=one)
    await relayed(quick)
    async with consuming(quick, take):
        await until(lambda: done(db) == 6)
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_only_the_wanted_types_come(quick: Settings, db: Db) -> None:
    seen: list[str] = []

    async def take(event: Event) -> None:
        seen.append(event.type)

    append(db)
    append(db, "OrderCreated", currency="USD")
    append(db)
    await relayed(quick)
    async with consuming(quick, take, types={"OrderCreated"}):
        await until(lambda: done(db) == 3)
    assert seen == ["OrderCreated"]


async def test_a_failing_event_holds_back_its_own_aggregate_only_and_dies_after_some_attempts(
    quick: Settings, db: Db
) -> None:
    bad, good = uuid4(), uuid4()
    seen: list[tuple[UUID, int]] = []

    async def take(event: Event) -> None:
        seen.append((event.aggregate_id, event.position))
        if event.position == 1:
            raise RuntimeError("no")

    for aggregate in (bad, good, bad):
        append(db, aggregate=aggregate)
    await relayed(quick)
    async with consuming(quick, take):
        await until(lambda: done(db) == 3)
    assert [position for aggregate, position in seen if aggregate == bad] == [1, 1, 1, 3]
    assert [position for aggregate, position in seen if aggregate == good] == [2]
    [(error, attempts)] = db.execute("SELECT error, attempts FROM event_dead_letters").fetchall()
    assert (error, attempts) == ("RuntimeError: no", 3)


async def test_a_rejected_event_dies_at_once_and_can_be_replayed(quick: Settings, db: Db) -> None:
    mended, seen = False, list[int]()

    async def take(event: Event) -> None:
        seen.append(event.position)
        if not mended:
            raise Reject("no such mailbox")

    append(db)
    await relayed(quick)
    async with consuming(quick, take):
        await until(lambda: done(db) == 1)
        listed = await asyncio.to_thread(invoke, quick, "events", "dead", "list")
        assert "no such mailbox" in listed.stdout
        mended = True
        replayed = await asyncio.to_thread(invoke, quick, "events", "dead", "replay", "--all")
        assert replayed.returncode == 0
        await until(lambda: db.execute("SELECT count(*) FROM event_dead_letters").fetchone() == (0,))
    assert seen == [1, 1]


async def test_a_server_that_is_away_is_waited_for_and_never_counted(quick: Settings, db: Db) -> None:
    tries = 0

    async def take(event: Event) -> None:
        nonlocal tries
        tries += 1
        if tries <= 6:  # twice as often as an event may fail
            raise Later("the mail server is away")

    append(db)
    await relayed(quick)
    async with consuming(quick, take):
        await until(lambda: done(db) == 1)
    assert db.execute("SELECT count(*) FROM event_dead_letters").fetchone() == (0,)


async def test_what_the_broker_has_lost_is_read_from_postgres(quick: Settings, db: Db) -> None:
    seen: list[int] = []

    async def take(event: Event) -> None:
        seen.append(event.position)

    for _ in range(3):
        append(db)
    await relayed(quick)
    with redis.Redis.from_url(quick.redis_url) as client:
        client.xdel(quick.events_stream, "1-0", "2-0")
        async with consuming(quick, take):
            await until(lambda: done(db) == 3)
            client.flushdb()
            append(db)
            await relayed(quick)
            await until(lambda: done(db) == 4)
    assert sorted(seen) == [1, 2, 3, 4]


async def test_of_two_processes_of_a_group_one_is_at_work(quick: Settings, db: Db) -> None:
    seen: list[int] = []

    async def take(event: Event) -> None:
        seen.append(event.position)

    for _ in range(10):
        append(db)
    await relayed(quick)
    async with consuming(quick, take), consuming(quick, take):
        await until(lambda: done(db) == 10)
    assert sorted(seen) == list(range(1, 11))


async def test_published_events_are_forgotten_when_they_are_old_and_every_subscriber_has_read_them(
    quick: Settings, db: Db
) -> None:
    async def take(event: Event) -> None: ...

    append(db)
    append(db)
    await relayed(quick)
    db.execute("INSERT INTO event_consumers (name) VALUES (%s)", (GROUP,))
    at_once = quick.model_copy(update={"event_retention_days": 1e-9})
    assert forget(db, at_once, 10) == 0  # nobody has read them
    async with consuming(quick, take):
        await until(lambda: done(db) == 2)
    append(db)  # not published yet
    assert forget(db, quick, 10) == 0
    assert forget(db, at_once, 10) == 2
    assert db.execute("SELECT position FROM domain_events").fetchall() == [(None,)]
