"""The state that live sync is measured from: everything synced, one index, workers that have been at work."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import psycopg
from elasticsearch import Elasticsearch

from bench import catalogue
from bench.lag import wait_synced
from bench.processes import Peaks, running
from bench.progress import Progress
from bench.worker_pool import Crew
from catalog.settings import Settings
from indexer.indexer import Indexer
from indexer.maintenance import expire_standby
from indexer.rebuild import ensure_index, result, start

WARM_UP_PRODUCTS = 2000


def prepare(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    crew: Crew,
    progress: Progress,
    *,
    products: int,
    seed: int,
    in_big_category: int = 0,
) -> list[UUID]:
    """A catalogue that live sync wrote and a rebuild wrote again; the ids.

    Live sync's part also warms Elasticsearch up: before some 100,000 documents no figure counts.
    """
    ensure_index(settings, client)
    ids = catalogue.load(connection, products, seed, progress, in_big_category=in_big_category)
    progress.begin("syncing the catalogue")
    crew.drain()
    progress.begin("rebuilding the index")
    job = start(connection)
    crew.rebuild()
    result(connection, job)
    wait_synced(connection, progress)
    give_up_standby(connection, client, settings)
    catalogue.vacuum(connection)
    return ids


def give_up_standby(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> None:
    """Drop the index before, as happens after a day: until then every change is written to both."""
    expire_standby(Indexer(connection, client, settings.model_copy(update={"standby_hours": 0.0})))


@contextmanager
def at_work(settings: Settings) -> Iterator[list[Peaks]]:
    """`catalog worker` and `catalog pump` while the block runs."""
    with ExitStack() as stack:
        yield [stack.enter_context(running(settings, command)) for command in ("worker", "pump")]


def warm_up(connection: psycopg.Connection[Any], ids: list[UUID], progress: Progress) -> None:
    """Give every worker process something to do, so that it has its connections and its code before it is measured."""
    connection.execute("UPDATE products SET price = price WHERE id = ANY (%s)", (ids[:WARM_UP_PRODUCTS],))
    wait_synced(connection, progress, "warming the workers up")
