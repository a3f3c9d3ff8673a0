"""The tasks. Each is a few lines: what it does is decided in `indexer`."""

import time

from catalog.settings import get_settings
from indexer.drain import drain
from indexer.fanout import spread_chunk
from indexer.rebuild import expire_standby
from workers import resources
from workers.app import DRAIN_SECONDS, app


@app.task(name="sync.drain")
def sync_drain() -> None:
    """Write everything that is pending."""
    drain(resources.connection(), resources.client(), get_settings(), resources.pressure(), DRAIN_SECONDS)


@app.task(name="background.spread")
def spread() -> None:
    """Bump the products of changed categories and brands, for a bounded time."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline and spread_chunk(resources.connection()):
        pass


@app.task(name="background.expire_standby")
def expire() -> None:
    """Drop indexes that were kept long enough after a swap."""
    expire_standby(resources.connection(), resources.client(), get_settings())
