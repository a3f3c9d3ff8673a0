"""What a benchmark found: figures beside their references and goals, and whether the work was right at all.

A missed goal is a figure like every other. Work that is unfinished or not equal to Postgres makes a report fail.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from rich.table import Table

# Of the ids that differ, in the table; the JSON has all of them.
MAX_IDS = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report."""

    name: str
    value: float
    unit: str
    #: What it is compared with, and value / reference.
    reference: float | None = None
    ratio: float | None = None
    #: In words.
    goal: str | None = None
    #: None where there is no goal.
    met: bool | None = None


@dataclass(slots=True)
class Report:
    """What a benchmark has measured."""

    #: Its name.
    bench: str
    #: What it ran on.
    machine: dict[str, Any]
    parameters: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)
    #: The single measurements behind the figures.
    runs: list[dict[str, Any]] = field(default_factory=list)
    #: Sentences: each is a failure.
    problems: list[str] = field(default_factory=list)
    #: The ids of products whose documents are wrong at the end: each is a failure.
    differing: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems and not self.differing

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ok": self.ok}


def against(
    name: str,
    unit: str,
    values: Sequence[float],
    references: Sequence[float],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """The median of several measurements, each beside the reference taken next to it: machines drift by a quarter.

    The goal is one for the ratio.
    """
    ratio = median(value / reference for value, reference in zip(values, references, strict=True))
    goal, met = _goal(ratio, at_least, at_most, " x")
    return Figure(name, median(values), unit, median(references), ratio, goal, met)


def alone(
    name: str,
    unit: str,
    value: float,
    *,
    beside: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """A figure whose goal, if it has one, is for the value itself; what is `beside` it says how fast the machine is."""
    goal, met = _goal(value, at_least, at_most, f" {unit}")
    return Figure(name, value, unit, beside, value / beside if beside else None, goal, met)


def _goal(value: float, at_least: float | None, at_most: float | None, unit: str) -> tuple[str | None, bool | None]:
    if at_least is not None:
        return f">= {at_least:g}{unit}", value >= at_least
    if at_most is not None:
        return f"<= {at_most:g}{unit}", value <= at_most
    return None, None


def table(report: Report) -> Table:
    parameters = ", ".join(f"{name} {value:,}" for name, value in report.parameters.items())
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    table = Table(title=f"catalog bench {report.bench}: {parameters}", caption=machine)
    for column in ("figure", "ours", "reference", "ratio", "goal", "met"):
        table.add_column(column, justify="left" if column in ("figure", "goal", "met") else "right")
    for figure in report.figures:
        table.add_row(
            figure.name,
            f"{number(figure.value)} {figure.unit}",
            "" if figure.reference is None else number(figure.reference),
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            figure.goal or "",
            "" if figure.met is None else "yes" if figure.met else "no",
            style="yellow" if figure.met is False else None,
        )
    return table


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def verdict(report: Report) -> list[str]:
    """What was wrong with the work itself, a line each; empty when nothing was."""
    lines = list(report.problems)
    if report.differing:
        ids = ", ".join(report.differing[:MAX_IDS])
        more = len(report.differing) - MAX_IDS
        lines.append(f"NOT equal to Postgres: {ids}" + (f" and {more} more" if more > 0 else ""))
    return lines
