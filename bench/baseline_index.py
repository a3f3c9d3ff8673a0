"""Indexes of the references: like the one that a rebuild makes, and written by no other process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from elasticsearch import Elasticsearch

from bench.worker_pool import WorkerPool
from catalog.settings import Settings
from mappings.names import write_alias
from mappings.schema import CURRENT, SCHEMAS

MERGES_SECONDS = 120.0


@contextmanager
def raw_index(client: Elasticsearch, settings: Settings, name: str) -> Iterator[str]:
    """An empty index like the one that a rebuild fills, gone at the end; its write alias."""
    index = f"{settings.index_prefix}-raw-{name}"
    schema = SCHEMAS[CURRENT]
    client.indices.create(
        index=index,
        aliases={write_alias(index): {"is_write_index": True}},
        mappings=dict(schema.mappings),
        settings={
            **schema.settings,
            "index": {
                "number_of_shards": settings.index_shards,
                "number_of_replicas": 0,
                "refresh_interval": "-1",
            },
        },
    )
    try:
        yield write_alias(index)
    finally:
        client.indices.delete(index=index)


@contextmanager
def copy_of_index(client: Elasticsearch, settings: Settings, pool: WorkerPool) -> Iterator[str]:
    """A second index, filled as the live one was and refreshed as often, that no other process writes to; its alias."""
    with raw_index(client, settings, "copy") as alias:
        pool.send(alias)
        client.indices.put_settings(index=alias, settings={"refresh_interval": settings.index_refresh_interval})
        settled(client)
        yield alias


def settled(client: Elasticsearch) -> None:
    """Wait until Elasticsearch merges no more, so that one measurement does not pay for the one before."""
    deadline = time.monotonic() + MERGES_SECONDS
    while client.indices.stats(metric="merge")["_all"]["total"]["merges"]["current"] and time.monotonic() < deadline:
        time.sleep(0.1)
