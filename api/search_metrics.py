"""What the search engine of this process tells Prometheus: where answers come from."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from search.cache import Counts
from search.failover import FailoverSearch

STATES = ("closed", "open", "half_open")


class SearchCollector(Collector):
    """Read off the engine when it is asked for, so that a search counts nothing twice."""

    def __init__(self, engine: FailoverSearch) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        breaker = self._engine.breaker
        state = GaugeMetricFamily("catalog_search_breaker", "1 for the state that the breaker is in", labels=["state"])
        for name in STATES:
            state.add_metric([name], float(breaker.state == name))
        yield state
        yield CounterMetricFamily("catalog_search_breaker_opened", "Times that it opened", value=breaker.opened)
        yield CounterMetricFamily(
            "catalog_search_degraded", "Searches and completions answered from Postgres", value=self._engine.degraded
        )
        counts = self._engine.cache.counts if self._engine.cache else Counts()
        family = CounterMetricFamily(
            "catalog_search_cache",
            "Searches by where their answer came from: hit / (hit + shared + miss) is the hit rate",
            labels=["outcome"],
        )
        for outcome, value in (
            ("hit", counts.hits),
            ("shared", counts.shared),
            ("miss", counts.misses),
            ("redis_failed", counts.failed),
        ):
            family.add_metric([outcome], value)
        yield family
