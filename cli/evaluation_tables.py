"""An evaluation on the terminal: its figures, the comparison with a baseline, the queries worst first."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from textwrap import shorten

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evaluation.compare import Comparison
from evaluation.result import Evaluation, Hit, Missing, QueryResult, worst_first

# Where nobody says how wide the lines may be.
WIDTH = 160
SHOWN_HITS = 3
NAME = 60
SHOWN_CHANGES = 5
MEASURES = {"ndcg": "nDCG@10", "judged_ndcg": "judged-only nDCG@10"}


def tell(evaluation: Evaluation, comparisons: Sequence[Comparison], as_json: bool, worst: int) -> None:
    """Print a run, and what has changed since the baseline; with `worst` queries, or all for 0."""
    if as_json:
        compared = {item.measure: asdict(item) for item in comparisons}
        typer.echo(json.dumps(asdict(evaluation) | {"comparison": compared or None}, ensure_ascii=False))
        return
    out = Console(width=None if sys.stdout.isatty() else WIDTH)
    out.print(_figures(evaluation))
    if comparisons:
        out.print(_compared(comparisons))
        for line in _changes(comparisons[0]):
            out.print(line, soft_wrap=True)
    queries = worst_first(evaluation.queries)[: worst or None]
    out.print(_queries(queries, evaluation.depth))
    if more := len(evaluation.queries) - len(queries):
        out.print(f"and {more:,} better queries; `--worst 0` shows all, `--html FILE` with all of their hits")


def _figures(evaluation: Evaluation) -> Table:
    summary, latency = evaluation.summary, evaluation.summary.latency
    title = (
        f"{evaluation.judgements}: {summary.queries:,} queries, {evaluation.depth} hits deep, "
        f"rule set {evaluation.ruleset}"
    )
    notes = []
    if summary.without_positive:
        notes.append(f"{summary.without_positive:,} without a positive rating, left out of nDCG, MRR and recall")
    if summary.absent:
        notes.append(f"{summary.absent:,} judged products are not in the catalogue")
    table = Table(title=escape(title), caption="; ".join(notes) or None)
    figures = {
        "nDCG@10": _measure(summary.ndcg),
        "judged-only nDCG@10": _measure(summary.judged_ndcg),
        "unjudged in top 10": f"{summary.unjudged:.1%}",
        "MRR": _measure(summary.reciprocal_rank),
        "recall@50": _measure(summary.recall),
        "zero results": f"{summary.zero_results:.1%}",
        "p50 / p95 / p99, ms": f"{latency.p50:.1f} / {latency.p95:.1f} / {latency.p99:.1f}",
    }
    for column in figures:
        table.add_column(column, justify="right")
    table.add_row(*figures.values())
    return table


def _compared(comparisons: Sequence[Comparison]) -> Table:
    first = comparisons[0]
    notes = ["p: paired randomisation test, 10,000 sign flips"]
    if first.only_before or first.only_after:
        notes.append(f"{first.only_before:,} queries are only in the baseline, {first.only_after:,} only in this run")
    if not first.same_judgements:
        notes.append("the judgements are not those of the baseline")
    table = Table(title="against the baseline", caption="; ".join(notes))
    for column in ("measure", "before", "after", "difference", "95 % interval", "wins", "losses", "ties", "p"):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for item in comparisons:
        table.add_row(
            MEASURES[item.measure],
            _measure(item.before),
            _measure(item.after),
            f"{item.difference:+.3f}",
            f"{item.interval[0]:+.3f} to {item.interval[1]:+.3f}",
            *(f"{count:,}" for count in (item.wins, item.losses, item.ties)),
            f"{item.p_value:.4f}",
        )
    return table


def _changes(comparison: Comparison) -> list[str]:
    """The queries that lost and won most."""
    lost = [delta for delta in comparison.deltas[:SHOWN_CHANGES] if delta.difference < 0]
    won = [delta for delta in comparison.deltas[: -SHOWN_CHANGES - 1 : -1] if delta.difference > 0]
    return [
        f"{name}: " + ", ".join(f"{escape(delta.query)} {delta.difference:+.3f}" for delta in deltas)
        for name, deltas in (("greatest losses", lost), ("greatest wins", won))
        if deltas
    ]


def _queries(queries: Sequence[QueryResult], depth: int) -> Table:
    table = Table(title="queries, worst first", show_lines=True)
    for column in ("nDCG@10", "judged", "unjudged", "total", "ms"):
        table.add_column(column, justify="right")
    for column, ratio in (("query", 2), ("top hits", 5), ("best-rated, not in the top 10", 4)):
        table.add_column(column, ratio=ratio)
    for item in queries:
        table.add_row(
            _measure(item.ndcg),
            _measure(item.judged_ndcg),
            f"{item.unjudged:.0%}",
            f"{item.total:,}",
            f"{item.milliseconds:.0f}",
            "\n".join([escape(item.query), *_notes(item)]),
            "\n".join(map(_hit, item.hits[:SHOWN_HITS])) or "none",
            "\n".join(_missing(one, depth) for one in item.missing),
        )
    return table


def _notes(item: QueryResult) -> list[str]:
    notes = [f"corrected to {escape(item.corrected_to)}"] if item.corrected_to else []
    return notes + ([f"dropped {escape(', '.join(item.dropped_terms))}"] if item.dropped_terms else [])


def _hit(hit: Hit) -> str:
    return f"{'?' if hit.rating is None else hit.rating} {_short(hit.name)}"


def _missing(item: Missing, depth: int) -> str:
    if item.name is None:
        return f"{item.rating} {escape(item.key)}: not in the catalogue"
    where = f"at {item.place}" if item.place else f"not in the first {depth}"
    return f"{item.rating} {_short(item.name)}: {where}"


def _short(name: str) -> str:
    return escape(shorten(name, NAME, placeholder="…"))


def _measure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
