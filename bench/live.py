"""200 sockets, 100 changes a second: how long after COMMIT a change has reached a socket.

`python -m bench.live URL` against a service that runs with its relay and the database of `CATALOG_DATABASE_URL`. It
changes the inventory of products there, and puts it back in the end. Exit code 1 when a goal is missed.
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
import psycopg
from websockets.asyncio.client import connect

from catalog.settings import get_settings
from evaluation.metrics import percentile

SOCKETS, RATE, SECONDS, PRODUCTS, WATCHED = 200, 100, 20, 400, 24
MAX_MS = 1500.0
# A machine that can't make the changes in time says nothing about who is told of them.
MIN_RATE_SHARE = 0.95
# After the last change, for the last message.
REST_SECONDS = 3.0
_CHANGE = "UPDATE products SET inventory = %s WHERE id = %s"


class Delivery(NamedTuple):
    """A change as it came by one socket."""

    #: Its number.
    socket: int
    product_id: str
    inventory: int
    #: The moment of the monotonic clock.
    at: float


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


async def _watch(place: int, url: str, ids: list[str], ready: asyncio.Semaphore, deliveries: list[Delivery]) -> None:
    async with connect(f"{url.replace('http', 'ws', 1)}/api/v1/live", proxy=None, max_queue=None) as socket:
        await socket.send(orjson.dumps({"type": "subscribe", "ids": ids}).decode())
        answer = orjson.loads(await socket.recv())
        if answer["type"] != "subscribed":
            raise RuntimeError(f"The service refused the subscription: {answer}")
        ready.release()
        async for text in socket:
            message: dict[str, Any] = orjson.loads(text)
            if message["type"] == "change":
                deliveries.append(Delivery(place, message["id"], message["inventory"], time.monotonic()))
    raise RuntimeError("The service closed a socket.")


async def _change(db: psycopg.AsyncConnection[Any], ids: list[str]) -> tuple[dict[tuple[str, int], float], float]:
    """When each inventory of each product was sent to be committed, and how many changes a second that were."""
    sent_at: dict[tuple[str, int], float] = {}
    started = time.monotonic()
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
        key = (ids[number % len(ids)], 1_000_000 + number)
        # Before the statement and not after its COMMIT: a message may be here before we are told of that.
        sent_at[key] = time.monotonic()
        await db.execute(_CHANGE, (key[1], key[0]))
    return sent_at, len(sent_at) / (time.monotonic() - started)


def missing(watched: list[list[str]], last: Mapping[str, int], deliveries: list[Delivery]) -> int:
    """How many sockets times products never showed the last inventory. (Changes in between may come as one message.)"""
    received = {(item.socket, item.product_id, item.inventory) for item in deliveries}
    return sum((place, key, last[key]) not in received for place, ids in enumerate(watched) for key in ids)


async def main(url: str) -> bool:
    """Whether every goal was met."""
    async with await psycopg.AsyncConnection.connect(get_settings().database_url, autocommit=True) as db:
        cursor = await db.execute(
            "SELECT id::text, inventory FROM products p WHERE status = 'active' AND publish_from IS NULL AND NOT EXISTS"
            " (SELECT FROM product_variants v WHERE v.product_id = p.id) ORDER BY id LIMIT %s",
            (PRODUCTS,),
        )
        before = await cursor.fetchall()
        ids = [row[0] for row in before]
        if len(ids) < WATCHED:
            raise SystemExit(f"{len(ids)} products without variants are too few to watch: import some.")
        deliveries: list[Delivery] = []
        ready = asyncio.Semaphore(0)
        watched = [[ids[(place * 7 + step) % len(ids)] for step in range(WATCHED)] for place in range(SOCKETS)]
        tasks = [
            asyncio.create_task(_watch(place, url, these, ready, deliveries)) for place, these in enumerate(watched)
        ]
        try:
            await asyncio.wait_for(asyncio.gather(*(ready.acquire() for _ in tasks)), 30)
            sent_at, rate = await _change(db, ids)
            await asyncio.sleep(REST_SECONDS)
        finally:
            ended = [task for task in tasks if task.done()]
            for task in tasks:
                task.cancel()
            for product_id, inventory in before:
                await db.execute(_CHANGE, (inventory, product_id))
    for task in ended:
        _say(f"a socket ended early: {task.exception()}")
    lost = missing(watched, dict(sent_at.keys()), deliveries)
    late = [1000 * (item.at - sent_at[item[1:3]]) for item in deliveries if item[1:3] in sent_at]
    p50, p99 = percentile(late, 50), percentile(late, 99)
    _say(f"{rate:.0f} changes/s made (goal: {RATE})")
    _say(f"{len(deliveries):,} messages to {SOCKETS} sockets, {len(deliveries) / SECONDS:.0f} a second")
    _say(f"last states never told: {lost} (goal: 0)")
    if p50 is None or p99 is None:
        _say("nothing was delivered: does the relay run?")
        return False
    _say(f"after COMMIT: p50 {p50:.0f} ms, p99 {p99:.0f} ms (goal: {MAX_MS:.0f} ms)")
    return not ended and not lost and p99 <= MAX_MS and rate >= MIN_RATE_SHARE * RATE


if __name__ == "__main__":
    raise SystemExit(0 if asyncio.run(main(sys.argv[1])) else 1)
