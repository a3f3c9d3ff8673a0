"""What an evaluation found: frozen, and the same in memory, in a saved file and in JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from evaluation.metrics import percentile

# The first page that people look at; nDCG@10 is about these.
TOP = 10
RECALL_AT = 50
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Hit:
    """`key` is the sku or id that the judgements go by; `rating` is None where nobody has judged the product."""

    key: str
    name: str
    rating: int | None


@dataclass(frozen=True, slots=True)
class Missing:
    """One of the query's best-rated products that is not among the top hits.

    `name` is None where the catalogue does not have it, `place` where it was not found at all.
    """

    key: str
    rating: int
    name: str | None
    place: int | None


@dataclass(frozen=True, slots=True)
class QueryResult:
    """One query. The measures that need a positive rating are None where the judgements have none.

    `milliseconds` is the median of its searches as a shopper sends them.
    """

    query: str
    total: int
    ndcg: float | None
    judged_ndcg: float | None
    unjudged: float
    reciprocal_rank: float | None
    recall: float | None
    hits: tuple[Hit, ...]
    missing: tuple[Missing, ...]
    milliseconds: float = 0.0
    corrected_to: str | None = None
    dropped_terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of the engine, on this machine, warm, of searches as a shopper sends them."""

    searches: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Means over the queries with a positive rating; `unjudged` and `zero_results` are shares of all queries.

    `absent` judged products are not in the catalogue, so no search can find them.
    """

    queries: int
    without_positive: int
    absent: int
    ndcg: float | None
    judged_ndcg: float | None
    unjudged: float
    reciprocal_rank: float | None
    recall: float | None
    zero_results: float
    latency: Latency


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`queries` stand in the order of the judgements; `fingerprint` is that of the judgements."""

    judgements: str
    fingerprint: str
    ruleset: str
    created_at: str
    depth: int
    summary: Summary
    queries: tuple[QueryResult, ...]
    format: int = FORMAT


def summarise(queries: Sequence[QueryResult], absent: int, milliseconds: Sequence[float]) -> Summary:
    def mean(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return fmean(known) if known else None

    p50, p95, p99 = (percentile(milliseconds, percent) or 0.0 for percent in (50, 95, 99))
    return Summary(
        queries=len(queries),
        without_positive=sum(item.ndcg is None for item in queries),
        absent=absent,
        ndcg=mean([item.ndcg for item in queries]),
        judged_ndcg=mean([item.judged_ndcg for item in queries]),
        unjudged=mean([item.unjudged for item in queries]) or 0.0,
        reciprocal_rank=mean([item.reciprocal_rank for item in queries]),
        recall=mean([item.recall for item in queries]),
        zero_results=mean([float(not item.total) for item in queries]) or 0.0,
        latency=Latency(len(milliseconds), p50, p95, p99),
    )


def worst_first(queries: Sequence[QueryResult]) -> list[QueryResult]:
    """By nDCG@10, then judged-only; those without a positive rating come last."""
    return sorted(queries, key=lambda item: (item.ndcg is None, item.ndcg or 0, item.judged_ndcg or 0, item.query))
