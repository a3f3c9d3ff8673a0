"""How fast searches are, beside the very same bodies sent straight to Elasticsearch by the same load program."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from bench.load import Measured, Search
from bench.recording import recorded_searches
from bench.report import Figure, Report, against, alone
from bench.run import BenchRun
from bench.shop import WARM_UP_SECONDS, Shop, note, open_shop
from bench.shopper import SHARES, ShopperQuery
from evaluation.metrics import percentile
from search.result import SearchResult

SEARCH_COUNT = 300
# More than the service and Elasticsearch can work on at the same time.
CLIENTS = 16
HALF_LOAD = 0.5
MAX_SECONDS = 120.0
MORE_MS, TAIL, OF_RAW, FACETS, ROUND_TRIPS = 4.0, 3.0, 0.6, 2.0, 2.0


@dataclass(frozen=True, slots=True)
class Measurements:
    """What one run of the benchmark has measured."""

    queries: Sequence[ShopperQuery]
    #: For each of them what is sent to Elasticsearch.
    raw: Sequence[Search]
    #: One by one: the API with facets, Elasticsearch, the API without facets.
    alone_ms: Sequence[Measured]
    #: Each run at saturation, beside the reference.
    saturated: Sequence[dict[str, Any]]
    #: At half of the saturating load, which is `rate` searches a second.
    half: Measured
    rate: float


def search(
    run: BenchRun,
    *,
    seconds: float = 20.0,
    rounds: int = 3,
    searches: int = SEARCH_COUNT,
    warm_up_seconds: float = WARM_UP_SECONDS,
) -> Report:
    """Each measurement lasts `seconds`; those at saturation are made `rounds` times, in turn with the reference."""
    progress = run.progress
    with open_shop(run) as shop:
        report = Report(
            "search",
            shop.machine,
            {"products": run.products, "searches": searches, "seconds": seconds, "rounds": rounds, "seed": run.seed},
        )
        queries = shop.shopper.searches(searches)
        progress.begin("recording what is sent to Elasticsearch")
        recorded = recorded_searches(shop.settings, [one.parameters for one in queries])
        raw = [calls for calls, _ in recorded]
        full = [shop.search(one.parameters) for one in queries]
        plain = [shop.search((*one.parameters, ("facets", "none"))) for one in queries]
        shop.warm_up((full, raw, plain), warm_up_seconds)
        progress.begin("measuring searches one by one")
        alone_ms = shop.load.in_turn((full, raw, plain), seconds)
        note(report, "one by one", *alone_ms)
        saturated = _saturate(shop, full, raw, seconds, rounds, report)
        rate = max(1.0, HALF_LOAD * median(item["per_second"] for item in saturated))
        progress.begin(f"measuring at half of the saturating load, {rate:.0f} searches a second")
        # A p99 of fewer searches than the mix has would be that of its slowest one.
        half = shop.load.paced(full, rate, max(seconds, min(searches / rate, MAX_SECONDS)))
        note(report, "at half load", half)
        report.runs += [_describe(queries, recorded), *saturated]
        _summarise(report, Measurements(queries, raw, alone_ms, saturated, half, rate))
        _add_memory(report, shop)
    return report


def _saturate(
    shop: Shop, full: Sequence[Search], raw: Sequence[Search], seconds: float, rounds: int, report: Report
) -> list[dict[str, Any]]:
    """Searches a second of as many clients as keep both busy; each run of ours between two of the reference."""
    load, progress = shop.load, shop.progress

    def reference() -> float:
        progress.begin("measuring Elasticsearch alone at saturation")
        measured = load.closed(raw, CLIENTS, seconds)
        note(report, "Elasticsearch alone at saturation", measured)
        return measured.per_second

    runs: list[dict[str, Any]] = []
    before = reference()
    for _ in range(rounds):
        progress.begin("measuring the API at saturation")
        ours = load.closed(full, CLIENTS, seconds)
        note(report, "the API at saturation", ours)
        after = reference()
        runs.append(
            {
                "per_second": ours.per_second,
                "raw_per_second": (before + after) / 2,
                "p50_ms": percentile(ours.milliseconds, 50),
                "p99_ms": percentile(ours.milliseconds, 99),
            }
        )
        before = after
    return runs


def _describe(queries: Sequence[ShopperQuery], recorded: Sequence[tuple[Search, SearchResult]]) -> dict[str, Any]:
    """What the searches were, so that the figures can be judged: kinds, and how many found nothing."""
    empty = [one.kind for one, (_, result) in zip(queries, recorded, strict=True) if not result.total.value]
    kinds = [one.kind for one in queries]
    return {
        "kinds": {kind: kinds.count(kind) for kind in SHARES},
        "without_result": {kind: empty.count(kind) for kind in SHARES},
        "round_trips": fmean(len(calls) for calls, _ in recorded),
        "most_round_trips": max(len(calls) for calls, _ in recorded),
    }


def _summarise(report: Report, measurements: Measurements) -> None:
    alone_ms, saturated, half = measurements.alone_ms, measurements.saturated, measurements.half
    ours, reference, plain = (item.milliseconds for item in alone_ms)
    if not (ours and reference and plain and half.milliseconds and all(item["per_second"] for item in saturated)):
        report.problems.append("There is nothing to compare: no request of one of the measurements succeeded.")
        return
    report.figures += [
        _more("search, one by one, p50", median(ours), median(reference), MORE_MS),
        _more("search, one by one, p95", percentile(ours, 95) or 0, percentile(reference, 95) or 0),
        *_by_kind(measurements.queries, alone_ms),
        against("facets on, p50, beside facets off", "ms", [median(ours)], [median(plain)], at_most=FACETS),
        against(
            f"searches at saturation, {CLIENTS} clients",
            "/s",
            [item["per_second"] for item in saturated],
            [item["raw_per_second"] for item in saturated],
            at_least=OF_RAW,
        ),
        against(
            f"at half load, {measurements.rate:.0f}/s: p99 beside p50",
            "ms",
            [percentile(half.milliseconds, 99) or 0],
            [median(half.milliseconds)],
            at_most=TAIL,
        ),
        # Not the most: now and then an engine looks up for all searches what only few of them pay for.
        alone(
            "to Elasticsearch, p99", "round trips", percentile(map(len, measurements.raw), 99) or 0, at_most=ROUND_TRIPS
        ),
    ]


def _by_kind(queries: Sequence[ShopperQuery], alone_ms: Sequence[Measured]) -> list[Figure]:
    """Only whole rounds can be told apart, so with a failure there are none."""
    if any(item.failed for item in alone_ms):
        return []
    ours, reference, _ = (item.milliseconds for item in alone_ms)
    figures = []
    for kind in SHARES:
        places = [place for place in range(len(ours)) if queries[place % len(queries)].kind == kind]
        if places:
            values = median(ours[place] for place in places)
            figures.append(_more(f"    {kind}, p50", values, median(reference[place] for place in places)))
    return figures


def _more(name: str, value: float, reference: float, at_most: float | None = None) -> Figure:
    """Milliseconds beside the reference's; the goal, if there is one, is for how many there are more."""
    goal = None if at_most is None else f"<= {at_most:g} ms more"
    met = None if at_most is None else value <= reference + at_most
    return Figure(name, value, "ms", reference, value / reference, goal, met)


def _add_memory(report: Report, shop: Shop) -> None:
    if peaks := shop.peaks.megabytes():
        report.figures.append(alone("largest process of the API", "MB", peaks[0]))
