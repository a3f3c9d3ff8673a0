"""How searches and suggestions slow down as the catalogue grows: two sizes, each on servers of its own."""

from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.load import Measured
from bench.report import Report, against
from bench.run import BenchRun
from bench.search import SEARCH_COUNT
from bench.shop import WARM_UP_SECONDS, note, open_shop

SMALL, LARGE = 100_000, 1_000_000
SEARCH, SUGGEST = 4.0, 1.5


@dataclass(frozen=True, slots=True)
class Size:
    """What one size of the catalogue gave."""

    products: int
    machine: dict[str, Any]
    search: Measured
    suggest: Measured


def measure_size(
    run: BenchRun, *, seconds: float = 20.0, searches: int = SEARCH_COUNT, warm_up_seconds: float = WARM_UP_SECONDS
) -> Size:
    """Searches and keystrokes one by one through the API."""
    with open_shop(run) as shop:
        searched = [shop.search(one.parameters) for one in shop.shopper.searches(searches)]
        typed = [shop.autocomplete((("q", text),)) for text in shop.shopper.keystrokes(searches)]
        shop.warm_up((searched, typed), warm_up_seconds)
        run.progress.begin(f"measuring {run.products:,} products")
        measured = shop.load.in_turn((searched, typed), seconds)
        return Size(run.products, shop.machine, *measured)


def scale(small: Size, large: Size, seed: int) -> Report:
    """The larger catalogue beside the smaller."""
    report = Report(
        "search --scale", large.machine, {"products": large.products, "beside": small.products, "seed": seed}
    )
    for size in (small, large):
        note(report, f"{size.products:,} products", size.search, size.suggest)
        report.runs.append(
            {
                "products": size.products,
                "search_p50_ms": median(size.search.milliseconds or [0.0]),
                "suggest_p50_ms": median(size.suggest.milliseconds or [0.0]),
                "searches": len(size.search.milliseconds),
            }
        )
    before, after = report.runs
    if not all((before["search_p50_ms"], before["suggest_p50_ms"])):
        report.problems.append("There is nothing to compare: no request of one of the measurements succeeded.")
        return report
    for name, key, goal in (("search", "search_p50_ms", SEARCH), ("autocomplete", "suggest_p50_ms", SUGGEST)):
        report.figures.append(against(f"{name}, p50", "ms", [after[key]], [before[key]], at_most=goal))
    return report
