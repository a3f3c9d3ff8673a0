"""An evaluation as one HTML file that needs nothing else: no network, no script. Pure."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evaluation.compare import Comparison
from evaluation.plots import Bar, bars, nice_top
from evaluation.result import Evaluation, worst_first

_templates = Environment(
    loader=PackageLoader("evaluation"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(evaluation: Evaluation, comparisons: Sequence[Comparison] = ()) -> str:
    """The report; with comparisons (the first is for nDCG@10) also what has changed since the baseline."""
    deltas = comparisons[0].deltas if comparisons else ()
    return _templates.get_template("report.html").render(
        run=evaluation,
        summary=evaluation.summary,
        comparisons=comparisons,
        differences={delta.query: delta.difference for delta in deltas},
        queries=worst_first(evaluation.queries),
        plots=_plots(evaluation, comparisons),
    )


def _plots(evaluation: Evaluation, comparisons: Sequence[Comparison]) -> list[tuple[str, Markup]]:
    before = {delta.query: delta.before for delta in comparisons[0].deltas} if comparisons else {}
    measured = [item for item in worst_first(evaluation.queries) if item.ndcg is not None]
    plots: list[tuple[str, Markup]] = []

    def add(title: str, items: list[Bar], low: float, high: float, unit: str = "") -> None:
        plots.append((title, bars(title, items, low, high, unit)))

    mark = " (line: before)" if comparisons else ""
    add(
        f"nDCG@10 of each query, worst first{mark}",
        [Bar(item.query, item.ndcg or 0, mark=before.get(item.query)) for item in measured],
        0,
        1,
    )
    if comparisons:
        deltas = comparisons[0].deltas
        reach = nice_top(max((abs(delta.difference) for delta in deltas), default=0.1) * 100) / 100
        add(
            "Change of nDCG@10 of each query, greatest loss first",
            [Bar(delta.query, delta.difference, _kind(delta.difference)) for delta in deltas],
            -reach,
            reach,
        )
    add(
        "Judged-only nDCG@10 of each query, in the order of the first plot",
        [Bar(item.query, item.judged_ndcg or 0) for item in measured],
        0,
        1,
    )
    slowest = sorted(evaluation.queries, key=lambda item: -item.milliseconds)
    add(
        "Median time of each query, slowest first",
        [Bar(item.query, item.milliseconds, "time") for item in slowest],
        0,
        nice_top(max((item.milliseconds for item in slowest), default=1.0)),
        " ms",
    )
    return plots


def _kind(difference: float) -> str:
    return "win" if difference > 0 else "loss" if difference < 0 else "tie"
