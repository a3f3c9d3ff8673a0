"""What the limiter adds to a request: the time of `Limiter.spend` on a Redis of its own, beside a bare PING.

Not in `bench`, which imports no front door.
"""

import asyncio
import time
from statistics import median, quantiles

import typer
from redis.asyncio import Redis

from api.limits import Limiter
from catalog.principals import ANYBODY
from catalog.settings import Settings
from stack import ephemeral

GOAL_MS = 1.0


async def measure(redis_url: str, calls: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each `spend` and of each PING, in turns on one connection each."""
    limiter = Limiter(Settings(redis_url=redis_url, limits_per_address=1_000_000))
    address = limiter.address("203.0.113.7")
    spent, pinged = [], []
    async with Redis.from_url(redis_url) as redis:
        for _ in range(calls):
            started = time.perf_counter()
            await limiter.spend(ANYBODY, address, 4, "search")
            between = time.perf_counter()
            await redis.execute_command("PING")  # type: ignore[no-untyped-call]
            spent.append(1000 * (between - started))
            pinged.append(1000 * (time.perf_counter() - between))
    await limiter.close()
    return spent, pinged


def run(calls: int) -> None:
    with ephemeral(servers=["redis"]) as servers:
        spent, pinged = asyncio.run(measure(servers.redis_url, calls))
    for name, took in (("limiter", spent), ("bare PING", pinged)):
        cut = quantiles(took, n=100)
        typer.echo(f"{name:10} p50 {median(took):.3f} ms   p95 {cut[94]:.3f} ms   p99 {cut[98]:.3f} ms")
    typer.echo(f"goal: p50 at most {GOAL_MS:g} ms: {'met' if median(spent) <= GOAL_MS else 'MISSED'}")
