"""One shard of the live index is away: products of the others are written as fast as ever (I4)."""

from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer import bulk, registry, sync
from indexer.backoff import Backoff
from indexer.drain import drain
from indexer.indexer import Indexer
from mappings.names import index_name, write_alias
from mappings.schema import CURRENT
from tests.support import store

Db = psycopg.Connection[Any]


@pytest.fixture
def half(settings: Settings, db: Db, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> str:
    """A live index of two shards, of which one is nowhere: its only copy would have to be on a node that is not."""
    monkeypatch.setattr(bulk, "SHARD_TIMEOUT", "100ms")
    name = index_name(settings.index_prefix, "half")
    es.indices.create(
        index=name,
        aliases={write_alias(name): {}},
        mappings={"dynamic": False},
        settings={"number_of_shards": 2, "number_of_replicas": 0, "routing.allocation.total_shards_per_node": 1},
        wait_for_active_shards=0,
    )
    es.cluster.health(index=name, wait_for_active_shards=1, timeout="30s")
    registry.register(db, name, CURRENT)
    registry.promote(db, name)
    return name


def test_a_red_shard_does_not_slow_the_others_down(
    settings: Settings, db: Db, es: Elasticsearch, half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backoff = Backoff(20)
    store(settings, [{"sku": f"p{number}"} for number in range(40)])
    written = drain(Indexer(db, es, settings), backoff, 30)
    assert 0 < written < 40
    assert (backoff.batch_size, backoff.pause_left()) == (20, 0.0)
    # Nor do products that are all of that shard, and that are older than every other.
    monkeypatch.setattr(sync, "MISSED_WRITE_PAUSE_SECONDS", 60.0)
    db.execute("UPDATE product_sync SET next_attempt_at = NULL")
    assert drain(Indexer(db, es, settings), backoff, 30) == 0
    assert (backoff.batch_size, backoff.pause_left()) == (20, 0.0)
    store(settings, [{"sku": f"new{number}"} for number in range(20)])
    assert drain(Indexer(db, es, settings), backoff, 30) > 0
    es.indices.put_settings(index=half, settings={"index.routing.allocation.total_shards_per_node": 2})
    es.cluster.health(index=half, wait_for_status="green", timeout="30s")
    db.execute("UPDATE product_sync SET next_attempt_at = NULL")
    drain(Indexer(db, es, settings), backoff, 30)
    refused = "SELECT count(*) FROM product_sync WHERE version > synced_version OR attempts > 0 OR error IS NOT NULL"
    assert db.execute(refused).fetchone() == (0,)
