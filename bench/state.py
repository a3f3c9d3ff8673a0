"""The state that live sync is measured from: everything synced, one index, workers that have been at work."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg

from bench import catalogue
from bench.lag import wait_synced
from bench.processes import Peaks, running
from bench.progress import Progress
from bench.run import BenchRun
from bench.worker_pool import WorkerPool
from catalog.settings import Settings
from indexer.indexer import Indexer
from indexer.maintenance import expire_standby
from indexer.rebuild import ensure_index, result, start

WARM_UP_PRODUCTS = 2000


def prepare(run: BenchRun, indexer: Indexer, pool: WorkerPool, *, in_big_category: int = 0) -> list[UUID]:
    """A catalogue that live sync wrote and a rebuild wrote again; the ids.

    Live sync's part also warms Elasticsearch up: before some 100,000 documents no figure counts.
    """
    connection, progress = indexer.connection, run.progress
    ensure_index(indexer.settings, indexer.client)
    ids = catalogue.load(connection, run.products, run.seed, progress, in_big_category=in_big_category)
    progress.begin("syncing the catalogue")
    pool.drain()
    progress.begin("rebuilding the index")
    job = start(connection)
    pool.rebuild()
    result(connection, job)
    wait_synced(connection, progress)
    give_up_standby(indexer)
    catalogue.vacuum(connection)
    return ids


def give_up_standby(indexer: Indexer) -> None:
    """Drop the index before, as happens after a day: until then every change is written to both."""
    expire_standby(replace(indexer, settings=indexer.settings.model_copy(update={"standby_hours": 0.0})))


@contextmanager
def at_work(settings: Settings) -> Iterator[list[Peaks]]:
    """`catalog worker` and `catalog pump` while the block runs."""
    with ExitStack() as stack:
        yield [stack.enter_context(running(settings, command)) for command in ("worker", "pump")]


def warm_up(connection: psycopg.Connection[Any], ids: list[UUID], progress: Progress) -> None:
    """Give every worker process something to do, so that it has its connections and its code before it is measured."""
    connection.execute("UPDATE products SET price = price WHERE id = ANY (%s)", (ids[:WARM_UP_PRODUCTS],))
    wait_synced(connection, progress, "warming the workers up")
