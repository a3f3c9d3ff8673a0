"""Prometheus metrics of this process: requests as they happen, the sync ledger as it is when it is scraped."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from catalog.services.ledger import Lag

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


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

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        method = method if method in _METHODS else "OTHER"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def render(self, lag: Lag | None) -> bytes:
        """The text format. Without a ledger the gauges are NaN, so that nobody takes silence for zero lag."""
        self._up.set(0 if lag is None else 1)
        for name, gauge in self._lag.items():
            gauge.set(float("nan") if lag is None else getattr(lag, name))
        return generate_latest(self.registry)
