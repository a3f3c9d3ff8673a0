"""Searches while Elasticsearch is killed, hangs, and comes back; and how many more a second the cache answers."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from bench.load import Call
from bench.processes import running
from bench.report import Report, alone
from bench.run import BenchRun
from bench.shop import Shop, note, open_shop, wait_for
from evaluation.metrics import percentile
from stack.ephemeral import Ephemeral
from stack.ports import free_port

SEARCH_COUNT = 200
CLIENTS = 8
CACHED_CLIENTS = 16
WARM_SECONDS = 8.0
TIMEOUT_SECONDS = 120.0
POLL_INTERVAL_SECONDS = 0.02
CACHE_SECONDS = 300
MIN_CACHED_SPEEDUP = 3.0
BREAKER_CLOSED = 'catalog_search_breaker{state="closed"} 1.0'


@dataclass(slots=True)
class Phase:
    """What the requests of one phase came to."""

    #: Of the answers that were whole.
    milliseconds: list[float] = field(default_factory=list)
    #: How many of these Postgres gave.
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


def degraded(run: BenchRun, servers: Ephemeral, *, seconds: float = 15.0) -> Report:
    """Each phase lasts `seconds`. Elasticsearch is killed and started, then stopped and continued as a process."""
    with open_shop(run.with_settings(limits_enabled=False)) as shop:
        parameters = {"products": run.products, "seconds": seconds, "seed": run.seed}
        report = Report("degraded", shop.machine, parameters)
        calls = [shop.search(one.parameters)[0] for one in shop.shopper.searches(SEARCH_COUNT)]
        shop.warm_up(([(call,) for call in calls],), WARM_SECONDS)
        elasticsearch = servers.elasticsearch
        for outage in (
            Outage("killed", elasticsearch.kill, elasticsearch.start),
            Outage("hanging", elasticsearch.pause, elasticsearch.resume),
        ):
            asyncio.run(_measure(shop, calls, report, outage, seconds))
        _cache(shop, calls, report, seconds)
    return report


@dataclass(frozen=True, slots=True)
class Outage:
    """One way in which Elasticsearch goes away and comes back."""

    name: str
    begin: Callable[[], object]
    end: Callable[[], object]


async def _measure(shop: Shop, calls: Sequence[Call], report: Report, outage: Outage, seconds: float) -> None:
    phases = {step: Phase() for step in ("normal", "before it opened", "open", "coming back", "recovered")}
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        shoppers = Shoppers(session, calls, phases["normal"])
        tasks = [asyncio.create_task(shoppers.shop(place)) for place in range(CLIENTS)]

        async def during(step: str, what: str) -> None:
            shop.progress.begin(f"{outage.name}: {what}")
            shoppers.phase = phases[step]

        await during("normal", "searching")
        await asyncio.sleep(seconds)
        await during("before it opened", "Elasticsearch goes away")
        ended = time.perf_counter()
        await asyncio.to_thread(outage.begin)
        await _until(session, shop.url, closed=False)
        opened = time.perf_counter() - ended
        await during("open", "searching in Postgres")
        await asyncio.sleep(seconds)
        await during("coming back", "Elasticsearch comes back")
        await asyncio.to_thread(outage.end)
        begun = time.perf_counter()
        await _until(session, shop.url, closed=True)
        recovered = time.perf_counter() - begun
        await during("recovered", "searching")
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    report.figures += [
        alone(f"{outage.name}: breaker open after", "s", opened),
        alone(f"{outage.name}: back from Postgres after Elasticsearch answers", "s", recovered),
    ]
    _summarise(report, outage.name, phases)


def _summarise(report: Report, name: str, phases: Mapping[str, Phase]) -> None:
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
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            async with session.get(f"{url}/metrics") as answer:
                if (BREAKER_CLOSED in await answer.text()) == closed:
                    return
            await asyncio.sleep(POLL_INTERVAL_SECONDS)


def _cache(shop: Shop, calls: Sequence[Call], report: Report, seconds: float) -> None:
    """The same searches through two APIs, one that keeps its answers and one that does not."""
    port = free_port()
    own = {"http_port": port, "grpc_port": free_port(), "cache_seconds": CACHE_SECONDS}
    keeping = shop.settings.model_copy(update=own)
    url = f"http://127.0.0.1:{port}"
    plain = [(call,) for call in calls]
    cached_calls = [(Call("GET", call.url.replace(shop.url, url)),) for call in calls]
    with running(keeping, "serve"):
        wait_for(f"{url}/health/ready")
        shop.warm_up((plain, cached_calls), WARM_SECONDS)
        shop.progress.begin("measuring without and with the cache")
        before = shop.load.closed(plain, CACHED_CLIENTS, seconds)
        cached = shop.load.closed(cached_calls, CACHED_CLIENTS, seconds)
        after = shop.load.closed(plain, CACHED_CLIENTS, seconds)
    note(report, "the cache", before, cached, after)
    reference = (before.per_second + after.per_second) / 2
    report.figures += [
        alone("searches without the cache", "/s", reference),
        alone("searches from the cache", "/s", cached.per_second),
        alone(
            "cached beside uncached",
            "times",
            cached.per_second / reference if reference else 0,
            at_least=MIN_CACHED_SPEEDUP,
        ),
        alone("searches from the cache, p50", "ms", percentile(cached.milliseconds, 50) or 0),
    ]
