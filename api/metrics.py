"""Prometheus metrics: this process's requests as they happen, and what Postgres knows when they are scraped."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric

from api.event_metrics import EventCollector
from catalog.services.ledger import Lag
from catalog.services.reconciliation import Reconciliation

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Counts:
    """Counters that live in Postgres; nothing at all while it is away, because a counter can't be NaN."""

    reconciliation: Reconciliation | None = None

    def collect(self) -> Iterator[Metric]:
        if self.reconciliation is None:
            return
        for name, value, help_text in (
            ("rounds", self.reconciliation.rounds, "Finished comparisons of every index with Postgres"),
            ("repairs", self.reconciliation.repairs, "Products that differed and were written again: 0 is right"),
        ):
            yield CounterMetricFamily(f"catalog_reconcile_{name}", help_text, value=value)


class Metrics:
    """One set per application, so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "catalog_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "catalog_http_request_seconds",
            "Time until the answer was sent",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._running = Gauge("catalog_http_requests_in_flight", "Requests being answered", registry=self.registry)
        self._refused = Counter(
            "catalog_rate_limited",
            "Calls refused because a budget is spent",
            ["policy", "kind"],
            registry=self.registry,
        )
        self._shared = Gauge(
            "catalog_rate_limits_shared",
            "1 while budgets are counted in Redis for all processes, 0 while each process counts for itself",
            registry=self.registry,
        )
        self._shared.set(1)
        self._up = Gauge("catalog_postgres_up", "1 when the ledger could be read", registry=self.registry)
        self._lag = {
            name: Gauge(f"catalog_sync_{name}", help_text, registry=self.registry)
            for name, help_text in (
                ("pending", "Products whose newest version is not in the index yet"),
                ("oldest_seconds", "Age of the oldest change that is not in the index yet"),
                ("quarantined", "Products that Elasticsearch refused and that wait for a repair"),
                ("fanout", "Category and brand changes that are still to be spread to their products"),
            )
        }
        self._state = {
            name: Gauge(f"catalog_{name}", help_text, registry=self.registry)
            for name, help_text in (
                ("index_ahead", "Documents of the live index that are newer than Postgres: run `catalog reindex`"),
                ("index_given_up", "Standby or building indexes that took no writes and can't go live"),
                ("reconcile_last_finished_timestamp_seconds", "When the last comparison with Postgres finished"),
            )
        }
        self._counts = Counts()
        self.registry.register(self._counts)
        self.events = EventCollector()
        self.registry.register(self.events)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        method = method if method in METHODS else "OTHER"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def in_flight(self) -> AbstractContextManager[object]:
        """Around the answering of a request."""
        return self._running.track_inprogress()

    def rejected(self, policy: str, kind: str) -> None:
        """A budget is spent: `policy` and `kind` are names of `api.limits`, and never what a client sent."""
        self._refused.labels(policy, kind).inc()

    def limits_shared(self, shared: bool) -> None:
        self._shared.set(1 if shared else 0)

    def render(self, lag: Lag | None, state: Reconciliation | None) -> bytes:
        """The text format. Without Postgres the gauges are NaN, so that nobody takes silence for zero lag."""
        self._up.set(0 if lag is None else 1)
        for name, gauge in self._lag.items():
            gauge.set(float("nan") if lag is None else getattr(lag, name))
        finished = state and state.last_finished_at
        self._state["index_ahead"].set(float("nan") if state is None else state.ahead)
        self._state["index_given_up"].set(float("nan") if state is None else state.given_up)
        self._state["reconcile_last_finished_timestamp_seconds"].set(finished.timestamp() if finished else float("nan"))
        self._counts.reconciliation = state
        return generate_latest(self.registry)
