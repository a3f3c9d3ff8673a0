"""A burst is shown when it ends, single changes by the periodic refresh (docs/decisions/0010-refresh-strategy.md)."""

from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer.backoff import Backoff
from indexer.drain import MIN_BURST_PRODUCTS, drain
from indexer.indexer import Indexer
from mappings.names import read_alias
from tests.support import live_index, store, writer

Db = psycopg.Connection[Any]

pytestmark = pytest.mark.usefixtures("no_periodic_refresh")


@pytest.fixture
def no_periodic_refresh(index: str, db: Db, es: Elasticsearch) -> None:
    es.indices.put_settings(index=live_index(db), settings={"refresh_interval": "-1"})


def drained(settings: Settings, db: Db, es: Elasticsearch) -> int:
    """How many products searches find after everything was written."""
    drain(Indexer(db, es, settings), Backoff(settings.sync_batch_size), 60)
    return int(es.count(index=read_alias(settings.index_prefix))["count"])


def test_a_burst_is_shown_when_nothing_is_pending_any_more(settings: Settings, db: Db, es: Elasticsearch) -> None:
    store(settings, [{"sku": f"p{number}"} for number in range(MIN_BURST_PRODUCTS)])
    assert drained(settings, db, es) == MIN_BURST_PRODUCTS


def test_single_changes_make_no_refresh_of_their_own(settings: Settings, db: Db, es: Elasticsearch) -> None:
    store(settings, [{"sku": f"p{number}"} for number in range(MIN_BURST_PRODUCTS - 1)])
    assert drained(settings, db, es) == 0


def test_a_burst_goes_on_while_a_fan_out_waits(settings: Settings, db: Db, es: Elasticsearch) -> None:
    store(settings, [{"sku": f"p{number}", "category": "A"} for number in range(MIN_BURST_PRODUCTS)])
    with writer(settings) as busy:
        # Nobody can spread it while its row is locked: it waits.
        db.execute("UPDATE categories SET name = 'B'")
        busy.execute("SELECT FROM fanout FOR UPDATE")
        assert drained(settings, db, es) == 0
