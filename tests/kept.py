"""The catalogue that a test begins with: none, or the one before when nobody has written to it since it was made.

To make an index and fill it takes longer than most tests that search it. So what a fixture has made is looked at once,
row by row and index by index, and again before the next test that begins with the same products. Indexes are kept when
nothing was written to them since. Tables that are not the very same any more, down to the transactions that wrote their
rows, are filled again from a copy, without triggers.

An empty index is a copy of the first that a worker made: one request in place of five. It is a new one all the same,
because an emptied index is no empty one: what was deleted still counts in the scores, and has its versions.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import redis
from elasticsearch import Elasticsearch
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Json

from catalog.connections import connect
from catalog.settings import Settings
from indexer.rebuild import ensure_index
from tests.support import live_index

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
# Triggers that fire in every role write to these whatever is done to another table: they are put back last.
WRITTEN_BY_TRIGGERS = ("product_sync", "fanout", "domain_events", "revisions")

# A row that was written again has another transaction or another place, also when it says what it said before.
_ROWS = "SELECT {name}, md5(string_agg(t::text || t.xmin || t.ctid, ',' ORDER BY t.ctid)) FROM {table} t"
_FILLED = "SELECT {name} WHERE EXISTS (SELECT FROM {table})"

Product = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Original:
    """The first index that was made and went live: its `body` as it is created, its rows by table, and when it was."""

    name: str
    body: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]
    made_at: datetime


class Kept:
    """What was made last, by this test worker."""

    def __init__(self, settings: Settings, es: Elasticsearch) -> None:
        self._settings = settings
        self._es = es
        self._original: Original | None = None
        self._rows: dict[str, str | None] = {}
        self._copies: dict[str, bytes] = {}
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
            self._copies = {table: _copied(db, table) for table, rows in self._rows.items() if rows}
        return self._ids

    def make_index(self, db: psycopg.Connection[Any]) -> None:
        """An empty index, live, as `ensure_index` makes it, unless there is one."""
        if db.execute("SELECT FROM search_indexes").fetchone() is not None:
            return
        if self._original is None:
            ensure_index(self._settings, self._es)
            self._original = _original(db, self._es)
        else:
            _copy(self._original, db, self._es)

    def _holds(self, products: Sequence[Product]) -> bool:
        return self._products is not None and list(self._products) == list(products)

    def begin(self, db: psycopg.Connection[Any], products: Sequence[Product] | None) -> None:
        """Leave what was made when it has these products and is as it was; otherwise leave nothing. None: nothing."""
        if products is not None and self._holds(products) and self._indexes == _indexes(self._settings, self._es):
            rows = _rows(db)
            if changed := [table for table in TABLES if rows[table] != self._rows[table]]:
                self._restore(db, changed)
            return
        self._products = None
        empty(self._settings, db, self._es)

    def _restore(self, db: psycopg.Connection[Any], changed: list[str]) -> None:
        tables = _last_by_triggers(changed)
        with _replica(db):
            _delete(db, changed)
            for table in tables:
                if table in self._copies:
                    if table in WRITTEN_BY_TRIGGERS:
                        db.execute(f"DELETE FROM {table}".encode())
                    with db.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
                        copy.write(self._copies[table])
        now = _rows(db)
        self._rows |= {table: now[table] for table in tables}


def empty(settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch) -> None:
    """Leave no row and no index."""
    # To see that a table is empty costs next to nothing, and most tests write few rows to few: TRUNCATE takes three
    # times as long as to delete them.
    if filled := _filled(db):
        with _replica(db):
            _delete(db, filled)
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


def _original(db: psycopg.Connection[Any], es: Elasticsearch) -> Original:
    ((name, index),) = es.indices.get(index=live_index(db)).body.items()
    described = index["settings"]["index"]
    # What belongs to this one index.
    own = ("creation_date", "provided_name", "uuid", "version")
    body = {
        "aliases": index["aliases"],
        "mappings": index["mappings"],
        "settings": {"index": {key: value for key, value in described.items() if key not in own}},
    }
    with db.cursor(row_factory=dict_row) as cursor:
        rows = {table: cursor.execute(f"SELECT * FROM {table}".encode()).fetchall() for table in sorted(OF_AN_INDEX)}
    return Original(name, body, rows, datetime.now(UTC))


def _copy(original: Original, db: psycopg.Connection[Any], es: Elasticsearch) -> None:
    name = original.name.rpartition("-")[0] + f"-{secrets.token_hex(4)}"
    later = datetime.now(UTC) - original.made_at

    def renewed(value: Any) -> Any:
        if isinstance(value, datetime):
            return value + later
        if isinstance(value, dict | list):
            return Json(json.loads(json.dumps(value).replace(original.name, name)))
        return name if value == original.name else value

    es.indices.create(index=name, **json.loads(json.dumps(original.body).replace(original.name, name)))
    with _replica(db):
        for table, rows in original.rows.items():
            for row in rows:
                statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, row)),
                    sql.SQL(", ").join(sql.Placeholder() * len(row)),
                )
                db.execute(statement, [renewed(value) for value in row.values()])


@contextmanager
def _replica(db: psycopg.Connection[Any]) -> Iterator[None]:
    """In the replica role: triggers refuse TRUNCATE, and rightly, but most of them do not fire here."""
    db.execute("SET session_replication_role = replica")
    yield
    db.execute("SET session_replication_role = origin")


def _delete(db: psycopg.Connection[Any], tables: list[str]) -> None:
    # One statement for each: they are sent together.
    db.execute("; ".join(f"DELETE FROM {table}" for table in _last_by_triggers(tables)).encode())


def _last_by_triggers(tables: list[str]) -> list[str]:
    return [table for table in tables if table not in WRITTEN_BY_TRIGGERS] + [*WRITTEN_BY_TRIGGERS]


def _copied(db: psycopg.Connection[Any], table: str) -> bytes:
    with db.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
        return b"".join(copy)


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
