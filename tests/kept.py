"""The catalogue that a test begins with: none, or the one before when nobody has written to it since it was made.

To make an index and fill it takes longer than most tests that search it. So what a fixture has made is looked at once,
row by row and index by index, and again before the next test that begins with the same products. Only what is still the
very same, down to the transactions that wrote its rows, is kept; whatever else was written meanwhile is taken away.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import redis
from elasticsearch import Elasticsearch
from psycopg import sql

from catalog.connections import connect
from catalog.settings import Settings

TABLES = (
    "products", "product_images", "product_variants", "skus", "categories", "brands", "users", "jobs",
    "reindex_chunks", "counters", "product_sync", "fanout", "search_indexes", "synonyms", "revisions",
    "sessions", "refresh_tokens", "api_keys", "audit_log", "domain_events",
    "event_relay", "event_consumers", "event_dead_letters", "webhooks", "webhook_deliveries",
    "orders", "order_lines", "idempotency_keys",
)  # fmt: skip
# What there is when there is an index and no product.
OF_AN_INDEX = {"search_indexes", "jobs", "reindex_chunks"}
# The trigger behind it fires in every role, so also when the synonyms are taken away.
ALWAYS = {"revisions"}

# A row that was written again has another transaction or another place, also when it says what it said before.
_ROWS = "SELECT {name}, md5(string_agg(t::text || t.xmin || t.ctid, ',' ORDER BY t.ctid)) FROM {table} t"
_FILLED = "SELECT {name} WHERE EXISTS (SELECT FROM {table})"

Product = dict[str, Any]


class Kept:
    """What was made last, by this test worker."""

    def __init__(self, settings: Settings, es: Elasticsearch) -> None:
        self._settings = settings
        self._es = es
        self._rows: dict[str, str | None] = {}
        self._indexes: Any = None
        self._products: Sequence[Product] | None = None
        self._ids: dict[str, UUID] = {}

    def make(
        self, db: psycopg.Connection[Any], products: Sequence[Product], fill: Callable[[], dict[str, UUID]]
    ) -> dict[str, UUID]:
        """The products' ids by sku. `fill` is called unless they are there already."""
        if not self._holds(products):
            alone = set(_filled(db)) <= OF_AN_INDEX | ALWAYS
            self._ids = fill()
            # What another fixture had written before can't be told from it later on.
            self._products = products if alone else None
            self._rows, self._indexes = _rows(db), _indexes(self._settings, self._es)
        return self._ids

    def _holds(self, products: Sequence[Product]) -> bool:
        return self._products is not None and list(self._products) == list(products)

    def begin(self, db: psycopg.Connection[Any], products: Sequence[Product] | None) -> None:
        """Leave what was made when it has these products and is as it was; otherwise leave nothing. None: nothing."""
        if products is not None and self._holds(products):
            rows = _rows(db)
            changed = [table for table in TABLES if rows[table] != self._rows[table]]
            if not any(self._rows[table] for table in changed) and self._indexes == _indexes(self._settings, self._es):
                if changed:
                    _untriggered(db, "; ".join(f"DELETE FROM {table}" for table in changed))
                return
        self._products = None
        empty(self._settings, db, self._es)


def empty(settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch) -> None:
    """Leave no row and no index."""
    # To cut a table costs milliseconds, to see that it is empty next to nothing; and most tests write to few.
    if filled := _filled(db):
        # Whatever refers to a table here is one of TABLES.
        _untriggered(db, f"TRUNCATE {', '.join(filled)} CASCADE")
    if indexes := list(es.indices.get(index=f"{settings.index_prefix}-*", expand_wildcards="all")):
        es.indices.delete(index=indexes)


@contextmanager
def emptied(settings: Settings, es: Elasticsearch) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection to an empty catalogue without any index."""
    with opened(settings) as connection:
        empty(settings, connection, es)
        yield connection


@contextmanager
def opened(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection to the catalogue as it is, and an empty Redis."""
    with (
        connect(settings, "test", autocommit=True) as connection,
        redis.Redis.from_url(settings.redis_url) as client,
    ):
        client.flushdb()
        yield connection


def _untriggered(db: psycopg.Connection[Any], statement: str) -> None:
    # Triggers refuse TRUNCATE, and rightly: in the replica role they do not fire.
    db.execute("SET session_replication_role = replica")
    db.execute(statement.encode())
    db.execute("SET session_replication_role = origin")


def _of_every_table(query: str) -> sql.Composed:
    queries = [sql.SQL(query).format(name=sql.Literal(name), table=sql.Identifier(name)) for name in TABLES]
    return sql.SQL(" UNION ALL ").join(queries)


def _filled(db: psycopg.Connection[Any]) -> list[str]:
    return [table for (table,) in db.execute(_of_every_table(_FILLED))]


def _rows(db: psycopg.Connection[Any]) -> dict[str, str | None]:
    """What is in each table; None when it is empty."""
    return dict(db.execute(_of_every_table(_ROWS)).fetchall())


def _indexes(settings: Settings, es: Elasticsearch) -> Any:
    """Every index with its aliases, mappings and settings, and the number of the last operation on each shard."""
    pattern = f"{settings.index_prefix}-*"
    shown = es.indices.get(index=pattern, expand_wildcards="all").body
    if any(index["settings"]["index"].get("verified_before_close") for index in shown.values()):
        return shown  # and a closed one has no shards to ask
    stats = es.indices.stats(index=pattern, metric="docs", level="shards", expand_wildcards="all")["indices"]
    operations = {
        name: {number: [copy["seq_no"]["max_seq_no"] for copy in copies] for number, copies in index["shards"].items()}
        for name, index in stats.items()
    }
    return shown, operations
