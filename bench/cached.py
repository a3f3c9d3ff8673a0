"""How many searches a second are answered from the cache in Redis, beside a service without it on the same index."""

from collections.abc import Sequence
from dataclasses import replace

from bench.load import Search
from bench.processes import running
from bench.progress import Progress
from bench.report import Report, against
from bench.shop import WARM_UP_SECONDS, note, open_shop, wait_for
from catalog.settings import Settings
from stack.ports import free_port

TIMES = 3.0
CLIENTS = 16
SEARCHES = 200
KEPT_SECONDS = 300.0


def cached(
    settings: Settings,
    progress: Progress,
    *,
    products: int,
    seed: int,
    seconds: float,
    rounds: int = 2,
    searches: int = SEARCHES,
    warm_up_seconds: float = WARM_UP_SECONDS,
) -> Report:
    """The same searches again and again, each run from the cache between two of the service without one."""
    with open_shop(settings, progress, products=products, seed=seed) as shop:
        report = Report(
            "cached", shop.machine, {"products": products, "searches": searches, "rounds": rounds, "seed": seed}
        )
        port = free_port()
        with running(shop.settings.model_copy(update={"cache_seconds": KEPT_SECONDS, "http_port": port}), "serve"):
            keeping = replace(shop, url=f"http://127.0.0.1:{port}")
            wait_for(f"{keeping.url}/health/ready")
            asked = [one.parameters for one in shop.shopper.searches(searches)]
            ours, plain = ([each.search(one) for one in asked] for each in (keeping, shop))
            shop.warm_up((ours, plain), warm_up_seconds, progress)
            found: list[tuple[float, float]] = []

            def rate(name: str, calls: Sequence[Search]) -> float:
                progress.begin(f"measuring searches {name}")
                measured = shop.load.closed(calls, CLIENTS, seconds)
                note(report, name, measured)
                return measured.per_second

            before = rate("without a cache", plain)
            for _ in range(rounds):
                own = rate("from the cache", ours)
                after = rate("without a cache", plain)
                found.append((own, (before + after) / 2))
                before = after
    if not all(own and reference for own, reference in found):
        report.problems.append("There is nothing to compare: no request of one of the measurements succeeded.")
        return report
    report.runs += [{"per_second": own, "without_per_second": reference} for own, reference in found]
    report.figures.append(
        against(
            f"searches from the cache, {CLIENTS} clients",
            "/s",
            [own for own, _ in found],
            [reference for _, reference in found],
            at_least=TIMES,
        )
    )
    return report
