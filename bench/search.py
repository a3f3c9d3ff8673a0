"""How fast searches are, beside the very same bodies sent straight to Elasticsearch by the same load program."""

from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

from bench.load import Load, Measured, Search
from bench.progress import Progress
from bench.recording import recorded_searches
from bench.report import Figure, Report, against, alone
from bench.shop import WARM_UP_SECONDS, Shop, note, open_shop
from bench.shopper import SHARES, Asked
from catalog.settings import Settings
from evaluation.metrics import percentile
from search.result import SearchResult

SEARCHES = 300
# More than the service and Elasticsearch can work on at the same time.
CLIENTS = 16
HALF = 0.5
LONGEST_SECONDS = 120.0
MORE_MS, TAIL, OF_RAW, FACETS, ROUND_TRIPS = 4.0, 3.0, 0.6, 2.0, 2.0


def search(
    settings: Settings,
    progress: Progress,
    *,
    products: int,
    seed: int,
    seconds: float = 20.0,
    rounds: int = 3,
    searches: int = SEARCHES,
    warm_up_seconds: float = WARM_UP_SECONDS,
) -> Report:
    """Each measurement lasts `seconds`; those at saturation are made `rounds` times, in turn with the reference."""
    with open_shop(settings, progress, products=products, seed=seed) as shop:
        report = Report(
            "search",
            shop.machine,
            {"products": products, "searches": searches, "seconds": seconds, "rounds": rounds, "seed": seed},
        )
        asked = shop.shopper.searches(searches)
        progress.begin("recording what is sent to Elasticsearch")
        recorded = recorded_searches(shop.settings, [one.parameters for one in asked])
        raw = [sent for sent, _ in recorded]
        full = [shop.search(one.parameters) for one in asked]
        plain = [shop.search((*one.parameters, ("facets", "none"))) for one in asked]
        shop.warm_up((full, raw, plain), warm_up_seconds, progress)
        progress.begin("measuring searches one by one")
        alone_ms = shop.load.in_turn((full, raw, plain), seconds)
        note(report, "one by one", *alone_ms)
        saturated = _saturate(shop.load, full, raw, seconds, rounds, report, progress)
        rate = max(1.0, HALF * median(item["per_second"] for item in saturated))
        progress.begin(f"measuring at half of the saturating load, {rate:.0f} searches a second")
        # A p99 of fewer searches than the mix has would be that of its slowest one.
        half = shop.load.paced(full, rate, max(seconds, min(searches / rate, LONGEST_SECONDS)))
        note(report, "at half load", half)
        report.runs += [_told(asked, recorded), *saturated]
        _summarise(report, asked, raw, alone_ms, saturated, half, rate)
        _add_memory(report, shop)
    return report


def _saturate(
    load: Load,
    full: Sequence[Search],
    raw: Sequence[Search],
    seconds: float,
    rounds: int,
    report: Report,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Searches a second of as many clients as keep both busy; each run of ours between two of the reference."""

    def reference() -> float:
        progress.begin("measuring Elasticsearch alone at saturation")
        measured = load.closed(raw, CLIENTS, seconds)
        note(report, "Elasticsearch alone at saturation", measured)
        return measured.per_second

    found: list[dict[str, Any]] = []
    before = reference()
    for _ in range(rounds):
        progress.begin("measuring the API at saturation")
        ours = load.closed(full, CLIENTS, seconds)
        note(report, "the API at saturation", ours)
        after = reference()
        found.append(
            {
                "per_second": ours.per_second,
                "raw_per_second": (before + after) / 2,
                "p50_ms": percentile(ours.milliseconds, 50),
                "p99_ms": percentile(ours.milliseconds, 99),
            }
        )
        before = after
    return found


def _told(asked: Sequence[Asked], recorded: Sequence[tuple[Search, SearchResult]]) -> dict[str, Any]:
    """What the searches were, so that the figures can be judged: kinds, and how many found nothing."""
    empty = [one.kind for one, (_, result) in zip(asked, recorded, strict=True) if not result.total.value]
    kinds = [one.kind for one in asked]
    return {
        "kinds": {kind: kinds.count(kind) for kind in SHARES},
        "without_result": {kind: empty.count(kind) for kind in SHARES},
        "round_trips": fmean(len(sent) for sent, _ in recorded),
        "most_round_trips": max(len(sent) for sent, _ in recorded),
    }


def _summarise(
    report: Report,
    asked: Sequence[Asked],
    raw: Sequence[Search],
    alone_ms: Sequence[Measured],
    saturated: Sequence[dict[str, Any]],
    half: Measured,
    rate: float,
) -> None:
    ours, reference, plain = (item.milliseconds for item in alone_ms)
    if not (ours and reference and plain and half.milliseconds and all(item["per_second"] for item in saturated)):
        report.problems.append("There is nothing to compare: no request of one of the measurements succeeded.")
        return
    report.figures += [
        _more("search, one by one, p50", median(ours), median(reference), MORE_MS),
        _more("search, one by one, p95", percentile(ours, 95) or 0, percentile(reference, 95) or 0),
        *_by_kind(asked, alone_ms),
        against("facets on, p50, beside facets off", "ms", [median(ours)], [median(plain)], at_most=FACETS),
        against(
            f"searches at saturation, {CLIENTS} clients",
            "/s",
            [item["per_second"] for item in saturated],
            [item["raw_per_second"] for item in saturated],
            at_least=OF_RAW,
        ),
        against(
            f"at half load, {rate:.0f}/s: p99 beside p50",
            "ms",
            [percentile(half.milliseconds, 99) or 0],
            [median(half.milliseconds)],
            at_most=TAIL,
        ),
        # Not the most: now and then an engine looks up for all searches what only few of them pay for.
        alone("to Elasticsearch, p99", "round trips", percentile(map(len, raw), 99) or 0, at_most=ROUND_TRIPS),
    ]


def _by_kind(asked: Sequence[Asked], alone_ms: Sequence[Measured]) -> list[Figure]:
    """Only whole rounds can be told apart, so with a failure there are none."""
    if any(item.failed for item in alone_ms):
        return []
    ours, reference, _ = (item.milliseconds for item in alone_ms)
    found = []
    for kind in SHARES:
        places = [place for place in range(len(ours)) if asked[place % len(asked)].kind == kind]
        if places:
            values = median(ours[place] for place in places)
            found.append(_more(f"    {kind}, p50", values, median(reference[place] for place in places)))
    return found


def _more(name: str, value: float, reference: float, at_most: float | None = None) -> Figure:
    """Milliseconds beside the reference's; the goal, if there is one, is for how many there are more."""
    goal = None if at_most is None else f"<= {at_most:g} ms more"
    met = None if at_most is None else value <= reference + at_most
    return Figure(name, value, "ms", reference, value / reference, goal, met)


def _add_memory(report: Report, shop: Shop) -> None:
    if peaks := shop.peaks.megabytes():
        report.figures.append(alone("largest process of the API", "MB", peaks[0]))
