"""Runs batch after batch until nothing is pending, the pause of an outage begins, or the time is up."""

import time
from contextlib import suppress

import structlog
from elasticsearch import ApiError, TransportError

from indexer.backoff import Backoff
from indexer.indexer import Indexer
from indexer.ledger import waiting
from indexer.sync import sync_batch
from mappings.names import read_alias

log = structlog.get_logger()

# So many products are a burst: it is visible when it ends, and a refresh is little beside what it took to write.
MIN_BURST_PRODUCTS = 1000


def drain(indexer: Indexer, backoff: Backoff, seconds: float) -> int:
    """The number of products settled. Returns early when Elasticsearch is away: the pump wakes us again."""
    settled = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not backoff.pause_left():
        started = time.monotonic()
        batch = sync_batch(indexer, backoff.batch_size)
        seconds = time.monotonic() - started
        if not batch.claimed:
            if settled >= MIN_BURST_PRODUCTS and waiting(indexer.connection, 1)[:2] == (0, False):
                _refresh(indexer)
            break
        settled += batch.settled
        if batch.unavailable:
            pause = backoff.failed()
            log.warning("sync.unavailable", error=batch.unavailable, pause=round(pause, 3), batch=backoff.batch_size)
        else:
            backoff.succeeded(seconds)
            log.info(
                "sync.batch",
                claimed=batch.claimed,
                settled=batch.settled,
                refused=batch.refused,
                waiting=batch.waiting,
                seconds=round(seconds, 3),
            )
    return settled


def _refresh(indexer: Indexer) -> None:
    """Have a burst be visible at once. Without an answer the index refreshes itself, within its interval."""
    with suppress(ApiError, TransportError):
        indexer.client.indices.refresh(index=read_alias(indexer.settings.index_prefix))
