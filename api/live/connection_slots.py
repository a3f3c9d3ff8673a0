"""How many sockets are open, in all and of each client."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Gauge

from catalog.errors import TooManyRequests
from catalog.settings import Settings

RETRY_AFTER = 5


class Places:
    """One instance serves a whole process."""

    def __init__(self, settings: Settings, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._open: Counter[str] = Counter()
        self._gauge = Gauge("catalog_live_sockets", "Open sockets of /api/v1/live", registry=registry)

    @contextmanager
    def one(self, client: str | None = None) -> Iterator[None]:
        """A place in all, or one of a client's. Raises TooManyRequests."""
        key = client or ""
        most = self._settings.live_max_sockets if client is None else self._settings.live_max_sockets_per_client
        if self._open[key] >= most:
            whose = "here" if client is None else "of yours"
            raise TooManyRequests(f"There are {most} sockets {whose} already. Close one, or try later.", RETRY_AFTER)
        self._open[key] += 1
        self._gauge.set(self._open[""])
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]
            self._gauge.set(self._open[""])
