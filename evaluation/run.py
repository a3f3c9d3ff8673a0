"""Runs the judged queries through the live code path and measures what comes back."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

from evaluation import metrics
from evaluation.judgements import Judgements
from evaluation.result import RECALL_AT, TOP, Evaluation, Hit, Missing, QueryResult, summarise
from search.failover import FailoverSearch
from search.request import SearchRequest
from search.result import SearchResult

# Of each query's products with its best rating.
MOST_MISSING = 3
LATENCY_ROUNDS = 3


async def evaluate(
    engine: FailoverSearch,
    judgements: Judgements,
    names: Mapping[str, str],
    depth: int,
    report: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Search for every query, `depth` hits deep, and then as a shopper does, for the latency.

    `names` are those of the judged products that the catalogue has; `report` is told the number of searches done.
    Raises Unavailable when Elasticsearch does not answer.
    """
    results: list[QueryResult] = []
    for query, rated in judgements.ratings.items():
        result = await engine.search(SearchRequest(q=query, per_page=depth, facets=()))
        results.append(judge(query, rated, result, judgements.key, names))
        report(len(results))
    times = await _times(engine, list(judgements.ratings), lambda done: report(len(results) + done))
    results = [replace(item, milliseconds=round(median(times[item.query]), 1)) for item in results]
    judged = {key for rated in judgements.ratings.values() for key in rated}
    every = [milliseconds for measured in times.values() for milliseconds in measured]
    return Evaluation(
        judgements=judgements.name,
        fingerprint=judgements.fingerprint,
        ruleset="live",
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        depth=depth,
        summary=summarise(results, len(judged - names.keys()), every),
        queries=tuple(results),
    )


async def _times(
    engine: FailoverSearch, queries: Sequence[str], report: Callable[[int], None]
) -> dict[str, list[float]]:
    """Milliseconds of each query with a shopper's page and facets, LATENCY_ROUNDS times after a round that warms up."""
    times: dict[str, list[float]] = {query: [] for query in queries}
    for number in range(1 + LATENCY_ROUNDS):
        for at, query in enumerate(queries, 1):
            began = time.perf_counter()
            await engine.search(SearchRequest(q=query))
            if number:
                times[query].append((time.perf_counter() - began) * 1000)
            report(number * len(queries) + at)
    return times


def searches_of(judgements: Judgements) -> int:
    """How many searches an evaluation makes."""
    return len(judgements.ratings) * (2 + LATENCY_ROUNDS)


def judge(
    query: str, rated: Mapping[str, int], result: SearchResult, key: str, names: Mapping[str, str]
) -> QueryResult:
    """The measures of one result of the search."""
    keys = [hit.sku if key == "sku" else hit.id for hit in result.hits]
    hits = [Hit(key, hit.name, rated.get(key)) for key, hit in zip(keys, result.hits, strict=True)]
    ratings = [hit.rating for hit in hits]
    judged = rated.values()
    positive = any(judged)
    return QueryResult(
        query=query,
        total=result.total.value,
        ndcg=metrics.ndcg(ratings, judged, TOP),
        judged_ndcg=metrics.judged_ndcg(ratings, judged, TOP),
        unjudged=metrics.unjudged_share(ratings, TOP),
        reciprocal_rank=metrics.reciprocal_rank(ratings) if positive else None,
        recall=metrics.recall(ratings, judged, RECALL_AT),
        hits=tuple(hits[:TOP]),
        missing=_missing(hits, rated, names) if positive else (),
        corrected_to=result.query.corrected_to,
        dropped_terms=result.query.dropped_terms,
    )


def _missing(hits: Sequence[Hit], rated: Mapping[str, int], names: Mapping[str, str]) -> tuple[Missing, ...]:
    """Products with the query's best rating that are not at the top; those that came closest first."""
    best = max(rated.values())
    places = {hit.key: place for place, hit in enumerate(hits, 1)}
    missing = [key for key, rating in rated.items() if rating == best and places.get(key, TOP + 1) > TOP]
    # A top that is full of the best can't hold more of them.
    if sum(hit.rating == best for hit in hits[:TOP]) == TOP:
        return ()
    missing.sort(key=lambda key: (places.get(key, len(hits) + 1), key not in names))
    return tuple(Missing(key, best, names.get(key), places.get(key)) for key in missing[:MOST_MISSING])
