"""Searches while Elasticsearch is killed, hangs, and comes back; and how many more a second the cache answers."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import aiohttp

from bench.load import Call
from bench.processes import running
from bench.progress import Progress
from bench.report import Report, alone
from bench.shop import Shop, note, open_shop, wait_for
from catalog.settings import Settings
from evaluation.metrics import percentile
from stack.ephemeral import Ephemeral
from stack.ports import free_port

SEARCHES = 200
CLIENTS = 8
CACHED_CLIENTS = 16
WARM_SECONDS = 8.0
PATIENCE = 120.0
POLL = 0.02
KEPT_SECONDS = 300
CACHED_GOAL = 3.0
CLOSED = 'catalog_search_breaker{state="closed"} 1.0'


@dataclass(slots=True)
class Phase:
    """Milliseconds of the answers that were whole; how many of these Postgres gave, and how many requests failed."""

    milliseconds: list[float] = field(default_factory=list)
    degraded: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)


class Shoppers:
    """Clients that search one after the other without a pause, and note each answer in the phase that is on."""

    def __init__(self, session: aiohttp.ClientSession, calls: Sequence[Call], phase: Phase) -> None:
        self.phase = phase
        self._session = session
        self._calls = calls

    async def shop(self, first: int) -> None:
        place = first
        while True:
            phase, begun = self.phase, time.perf_counter()
            try:
                async with self._session.get(self._calls[place % len(self._calls)].url) as answer:
                    body = await answer.read()
                    if answer.status == 200:
                        phase.milliseconds.append((time.perf_counter() - begun) * 1000)
                        phase.degraded += b'"degraded":true' in body
                    else:
                        phase.failed += 1
                        phase.errors.append(f"{answer.status}: {body[:200].decode(errors='replace')}")
            except (aiohttp.ClientError, TimeoutError) as error:
                phase.failed += 1
                phase.errors.append(f"{type(error).__name__}: {error}")
            place += CLIENTS


def degraded(
    settings: Settings, servers: Ephemeral, progress: Progress, *, products: int, seed: int, seconds: float = 15.0
) -> Report:
    """Each phase lasts `seconds`. Elasticsearch is killed and started, then stopped and continued as a process."""
    settings = settings.model_copy(update={"limits_enabled": False})
    with open_shop(settings, progress, products=products, seed=seed) as shop:
        report = Report("degraded", shop.machine, {"products": products, "seconds": seconds, "seed": seed})
        calls = [shop.search(one.parameters)[0] for one in shop.shopper.searches(SEARCHES)]
        shop.warm_up(([(call,) for call in calls],), WARM_SECONDS, progress)
        elasticsearch = servers.elasticsearch
        asyncio.run(_outage(shop, calls, report, progress, "killed", elasticsearch.kill, elasticsearch.start, seconds))
        asyncio.run(
            _outage(shop, calls, report, progress, "hanging", elasticsearch.pause, elasticsearch.resume, seconds)
        )
        _cache(shop, calls, report, progress, seconds)
    return report


async def _outage(
    shop: Shop,
    calls: Sequence[Call],
    report: Report,
    progress: Progress,
    name: str,
    end: Callable[[], object],
    begin: Callable[[], object],
    seconds: float,
) -> None:
    phases = {step: Phase() for step in ("normal", "before it opened", "open", "coming back", "recovered")}
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        shoppers = Shoppers(session, calls, phases["normal"])
        tasks = [asyncio.create_task(shoppers.shop(place)) for place in range(CLIENTS)]

        async def during(step: str, what: str) -> None:
            progress.begin(f"{name}: {what}")
            shoppers.phase = phases[step]

        await during("normal", "searching")
        await asyncio.sleep(seconds)
        await during("before it opened", "Elasticsearch goes away")
        ended = time.perf_counter()
        await asyncio.to_thread(end)
        await _until(session, shop.url, closed=False)
        opened = time.perf_counter() - ended
        await during("open", "searching in Postgres")
        await asyncio.sleep(seconds)
        await during("coming back", "Elasticsearch comes back")
        await asyncio.to_thread(begin)
        begun = time.perf_counter()
        await _until(session, shop.url, closed=True)
        recovered = time.perf_counter() - begun
        await during("recovered", "searching")
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    report.figures += [
        alone(f"{name}: breaker open after", "s", opened),
        alone(f"{name}: back from Postgres after Elasticsearch answers", "s", recovered),
    ]
    for step, phase in phases.items():
        goal = None if step == "before it opened" else 0
        report.figures.append(alone(f"{name}, {step}: failed requests", "", phase.failed, at_most=goal))
        if phase.milliseconds:
            for share in (50, 99):
                value = percentile(phase.milliseconds, share) or 0
                report.figures.append(alone(f"{name}, {step}: p{share}", "ms", value))
        report.runs.append(
            {
                "outage": name,
                "phase": step,
                "answers": len(phase.milliseconds),
                "degraded": phase.degraded,
                "failed": phase.failed,
            }
        )
        if phase.failed:
            report.problems.append(f"{name}, {step}: {phase.failed} failed: {'; '.join(phase.errors[:3])}")


async def _until(session: aiohttp.ClientSession, url: str, *, closed: bool) -> None:
    """Wait until the breaker of the API is closed, or is not. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with session.get(f"{url}/metrics") as answer:
                if (CLOSED in await answer.text()) == closed:
                    return
            await asyncio.sleep(POLL)


def _cache(shop: Shop, calls: Sequence[Call], report: Report, progress: Progress, seconds: float) -> None:
    """The same searches through two APIs, one that keeps its answers and one that does not."""
    port = free_port()
    own = {"http_port": port, "grpc_port": free_port(), "cache_seconds": KEPT_SECONDS}
    keeping = shop.settings.model_copy(update=own)
    url = f"http://127.0.0.1:{port}"
    plain = [(call,) for call in calls]
    kept = [(Call("GET", call.url.replace(shop.url, url)),) for call in calls]
    with running(keeping, "serve"):
        wait_for(f"{url}/health/ready")
        shop.warm_up((plain, kept), WARM_SECONDS, progress)
        progress.begin("measuring without and with the cache")
        before = shop.load.closed(plain, CACHED_CLIENTS, seconds)
        cached = shop.load.closed(kept, CACHED_CLIENTS, seconds)
        after = shop.load.closed(plain, CACHED_CLIENTS, seconds)
    note(report, "the cache", before, cached, after)
    reference = (before.per_second + after.per_second) / 2
    report.figures += [
        alone("searches without the cache", "/s", reference),
        alone("searches from the cache", "/s", cached.per_second),
        alone(
            "cached beside uncached", "times", cached.per_second / reference if reference else 0, at_least=CACHED_GOAL
        ),
        alone("searches from the cache, p50", "ms", percentile(cached.milliseconds, 50) or 0),
    ]
