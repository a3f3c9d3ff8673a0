"""Prometheus metrics of this door, beside those of the other ones."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class CallMetrics:
    """`method` is always a name of ours: what no service knows is answered before anything is counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter("catalog_grpc_calls", "Calls answered", ["method", "code"], registry=registry)
        self._seconds = Histogram(
            "catalog_grpc_call_seconds",
            "Time until the call ended",
            ["method"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.watchers = Gauge("catalog_grpc_watchers", "Open calls of WatchProducts", registry=registry)

    def observe(self, method: str, code: str, seconds: float) -> None:
        self._calls.labels(method, code).inc()
        self._seconds.labels(method).observe(seconds)
