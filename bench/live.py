"""200 sockets, 100 changes a second: how long after COMMIT a change has reached a socket.

`python -m bench.live URL` against a service that runs with its relay and the database of `CATALOG_DATABASE_URL`. It
changes the inventory of products there, and puts it back in the end.
"""

import asyncio
import sys
import time
from typing import Any

import orjson
import psycopg
from websockets.asyncio.client import connect

from catalog.settings import get_settings
from search.evaluation.metrics import percentile

SOCKETS, RATE, SECONDS, PRODUCTS, WATCHED = 200, 100, 20, 400, 24
_CHANGE = "UPDATE products SET inventory = %s WHERE id = %s"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


async def _watch(url: str, ids: list[str], ready: asyncio.Semaphore, heard: list[tuple[str, int, float]]) -> None:
    async with connect(f"{url.replace('http', 'ws', 1)}/api/v1/live", proxy=None, max_queue=None) as socket:
        await socket.send(orjson.dumps({"type": "subscribe", "ids": ids}).decode())
        await socket.recv()
        ready.release()
        async for text in socket:
            told: dict[str, Any] = orjson.loads(text)
            if told["type"] == "change":
                heard.append((told["id"], told["inventory"], time.monotonic()))


async def _change(db: psycopg.AsyncConnection[Any], ids: list[str]) -> dict[tuple[str, int], float]:
    committed: dict[tuple[str, int], float] = {}
    started = time.monotonic()
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
        key = (ids[number % len(ids)], 1_000_000 + number)
        await db.execute(_CHANGE, (key[1], key[0]))
        committed[key] = time.monotonic()
    _say(f"{RATE * SECONDS / (time.monotonic() - started):.0f} changes/s made")
    return committed


async def main(url: str) -> None:
    db = await psycopg.AsyncConnection.connect(get_settings().database_url, autocommit=True)
    async with db:
        found = await db.execute(
            "SELECT id::text, inventory FROM products p WHERE status = 'active' AND publish_from IS NULL AND NOT EXISTS"
            " (SELECT FROM product_variants v WHERE v.product_id = p.id) ORDER BY id LIMIT %s",
            (PRODUCTS,),
        )
        before = await found.fetchall()
        ids = [row[0] for row in before]
        heard: list[tuple[str, int, float]] = []
        ready = asyncio.Semaphore(0)
        watched = [[ids[(place * 7 + step) % len(ids)] for step in range(WATCHED)] for place in range(SOCKETS)]
        tasks = [asyncio.create_task(_watch(url, these, ready, heard)) for these in watched]
        for _ in tasks:
            await asyncio.wait_for(ready.acquire(), 30)
        try:
            committed = await _change(db, ids)
            await asyncio.sleep(3)
        finally:
            for task in tasks:
                task.cancel()
            for product_id, inventory in before:
                await db.execute(_CHANGE, (inventory, product_id))
    due = sum(sum(key[0] in these for these in map(set, watched)) for key in committed)
    # A message has the product as it is when it is read, so two changes of one product may show the same.
    late = [
        1000 * (at - committed[product_id, held]) for product_id, held, at in heard if (product_id, held) in committed
    ]
    _say(f"{len(heard):,} of {due:,} messages delivered to {SOCKETS} sockets, {len(heard) / SECONDS:.0f} a second")
    if not late:
        raise SystemExit("nothing was delivered: does the relay run?")
    _say(f"after COMMIT: p50 {percentile(late, 50):.0f} ms, p99 {percentile(late, 99):.0f} ms (goal: 1500 ms)")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
