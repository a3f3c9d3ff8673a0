"""How fast suggestions are while many people type, beside the same bodies sent straight to Elasticsearch."""

from bench.recording import recorded_completions
from bench.report import Report, against, alone
from bench.run import BenchRun
from bench.shop import WARM_UP_SECONDS, note, open_shop
from evaluation.metrics import percentile
from search.result import Sections

KEYSTROKES_PER_SECOND = 50.0
P50_MS, P99_MS = 8.0, 25.0
# The same keys are pressed again after so many.
MAX_KEYSTROKES = 2000


def suggest(
    run: BenchRun,
    *,
    seconds: float = 30.0,
    rate: float = KEYSTROKES_PER_SECOND,
    keystrokes: int = MAX_KEYSTROKES,
    warm_up_seconds: float = WARM_UP_SECONDS,
) -> Report:
    """Autocomplete after every key of realistic queries, at fixed moments, whether or not answers are late."""
    progress = run.progress
    with open_shop(run) as shop:
        report = Report(
            "suggest",
            shop.machine,
            {"products": run.products, "seconds": seconds, "per second": rate, "seed": run.seed},
        )
        typed = shop.shopper.keystrokes(min(keystrokes, max(1, round(rate * seconds))))
        parameters = [(("q", text),) for text in typed]
        progress.begin("recording what is sent to Elasticsearch")
        recorded = recorded_completions(shop.settings, parameters)
        # A key that is answered without Elasticsearch has nothing to be compared with.
        raw = [calls for calls, _ in recorded if calls]
        ours = [shop.autocomplete(one) for one in parameters]
        shop.warm_up((ours, raw), warm_up_seconds)
        progress.begin("measuring Elasticsearch alone")
        reference = shop.load.paced(raw, rate, seconds)
        progress.begin(f"measuring {rate:g} suggestions a second")
        measured = shop.load.paced(ours, rate, seconds)
        note(report, "Elasticsearch alone", reference)
        note(report, "autocomplete", measured)
        report.runs.append(
            {
                "requests": len(measured.milliseconds),
                "without_suggestion": sum(_is_empty(answer.sections) for _, answer in recorded),
                "keystrokes": len(recorded),
                "round_trips": max((len(calls) for calls, _ in recorded), default=0),
            }
        )
        if not (measured.milliseconds and reference.milliseconds):
            report.problems.append("There is nothing to compare: no request of one of the measurements succeeded.")
            return report
        for percent, goal in ((50, P50_MS), (99, P99_MS)):
            value = percentile(measured.took, percent) or 0.0
            report.figures.append(alone(f"autocomplete, server-side, p{percent}", "ms", value, at_most=goal))
        for percent in (50, 99):
            values, references = ([percentile(item.milliseconds, percent) or 0.0] for item in (measured, reference))
            report.figures.append(against(f"autocomplete, seen by a client, p{percent}", "ms", values, references))
        if peaks := shop.peaks.megabytes():
            report.figures.append(alone("largest process of the API", "MB", peaks[0]))
    return report


def _is_empty(sections: Sections) -> bool:
    return not (sections.queries or sections.products or sections.categories or sections.brands)
