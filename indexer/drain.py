"""Runs batch after batch until nothing is pending, the pause of an outage begins, or the time is up."""

import time
from contextlib import suppress
from typing import Any

import psycopg
import structlog
from elasticsearch import ApiError, Elasticsearch, TransportError

from catalog.settings import Settings
from indexer.backoff import Pressure
from indexer.ledger import waiting
from indexer.sync import sync_batch
from mappings.names import read_alias

log = structlog.get_logger()

# So many products are a burst: it is shown when it ends, and a refresh is little beside what it took to write.
BURST = 1000


def drain(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    pressure: Pressure,
    seconds: float,
) -> int:
    """The number of products settled. Returns early when Elasticsearch is away: the pump wakes us again."""
    settled = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not pressure.pause_left():
        started = time.monotonic()
        batch = sync_batch(connection, client, settings, pressure.batch_size)
        seconds = time.monotonic() - started
        if not batch.claimed:
            if settled >= BURST and waiting(connection, 1)[:2] == (0, False):
                _show(client, settings)
            break
        settled += batch.settled
        if batch.unavailable:
            pause = pressure.failed()
            log.warning("sync.unavailable", error=batch.unavailable, pause=round(pause, 3), batch=pressure.batch_size)
        else:
            pressure.succeeded(seconds)
            log.info(
                "sync.batch",
                claimed=batch.claimed,
                settled=batch.settled,
                refused=batch.refused,
                waiting=batch.waiting,
                seconds=round(seconds, 3),
            )
    return settled


def _show(client: Elasticsearch, settings: Settings) -> None:
    """Whatever Elasticsearch answers, the index refreshes itself within its interval."""
    with suppress(ApiError, TransportError):
        client.indices.refresh(index=read_alias(settings.index_prefix))
