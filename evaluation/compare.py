"""A run beside a saved baseline, query by query. Pure."""

from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from evaluation.result import Evaluation
from evaluation.significance import SAME, bootstrap_interval, randomisation_p

Measure = Literal["ndcg", "judged_ndcg"]


@dataclass(frozen=True, slots=True)
class Delta:
    query: str
    before: float
    after: float

    @property
    def difference(self) -> float:
        """0 for what differs by no more than the rounding of a sum."""
        difference = self.after - self.before
        return difference if abs(difference) > SAME else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """`deltas` begin with the greatest loss. `interval` holds the mean difference with 95 % confidence.

    Queries that only one of the runs can measure are left out of it and counted.
    """

    measure: Measure
    before: float
    after: float
    wins: int
    losses: int
    ties: int
    difference: float
    p_value: float
    interval: tuple[float, float]
    deltas: tuple[Delta, ...]
    only_before: int
    only_after: int
    same_judgements: bool


def compare(before: Evaluation, after: Evaluation, measure: Measure = "ndcg") -> Comparison:
    """`after` against `before`, over the queries that both have measured."""
    old, new = _values(before, measure), _values(after, measure)
    deltas = [Delta(query, old[query], value) for query, value in new.items() if query in old]
    deltas.sort(key=lambda delta: (delta.difference, delta.query))
    differences = [delta.difference for delta in deltas]
    return Comparison(
        measure=measure,
        before=fmean(delta.before for delta in deltas) if deltas else 0.0,
        after=fmean(delta.after for delta in deltas) if deltas else 0.0,
        wins=sum(difference > 0 for difference in differences),
        losses=sum(difference < 0 for difference in differences),
        ties=differences.count(0.0),
        difference=fmean(differences) if differences else 0.0,
        p_value=randomisation_p(differences),
        interval=bootstrap_interval(differences),
        deltas=tuple(deltas),
        only_before=len(old.keys() - new.keys()),
        only_after=len(new.keys() - old.keys()),
        same_judgements=before.fingerprint == after.fingerprint,
    )


def _values(run: Evaluation, measure: Measure) -> dict[str, float]:
    values = {item.query: item.ndcg if measure == "ndcg" else item.judged_ndcg for item in run.queries}
    return {query: value for query, value in values.items() if value is not None}
