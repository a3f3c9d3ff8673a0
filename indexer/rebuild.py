"""Builds a new index beside the live one and moves the read alias, while live sync writes to both.

Order matters: the index is registered before the backfill reads a row, so a change is either seen by the backfill or
written by live sync, which reads the register in the snapshot of its rows. Versions make the overlap harmless.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from elasticsearch import Elasticsearch

from catalog.database import connect
from catalog.errors import Conflict
from catalog.settings import Settings
from indexer import registry
from indexer.bulk import Document, Outcome, write
from indexer.compare import lasting_differences, listed
from indexer.pressure import Pressure
from indexer.rows import Snapshot, read_after
from indexer.switch import only_one, switch
from indexer.sync import document_of
from mappings.names import index_name, read_alias, write_alias
from mappings.schema import CURRENT, SCHEMAS

log = structlog.get_logger()

CHUNK = 1000
OUTAGE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of about `total` documents are in `index`; `phase` is what is going on."""

    index: str
    phase: str
    done: int
    total: int


Report = Callable[[Progress], None]


def rebuild(settings: Settings, client: Elasticsearch, report: Report = lambda progress: None) -> str:
    """Build, fill, compare and switch to a new index; its name.

    Raises Conflict when another rebuild is running or when the comparison finds a difference: the live index stays.
    """
    with closing(connect(settings, "catalog-rebuild", autocommit=True)) as connection:
        only_one(connection)
        _clear_leftovers(connection, client, settings)
        name = _create(connection, client, settings)
        try:
            total = _backfill(connection, client, name, report)
            _ready_for_search(client, settings, name)
            report(Progress(name, "comparing", total, total))
            _refuse_if_different(connection, client, name)
            switch(connection, client, settings, name)
        except BaseException:
            # Once readers look at it, it stays: if only the record is missing, the next rebuild makes it.
            if not client.indices.exists_alias(name=read_alias(settings.index_prefix), index=name):
                _drop(connection, client, name)
            raise
        report(Progress(name, "live", total, total))
        return name


def ensure_index(settings: Settings, client: Elasticsearch) -> str | None:
    """Create an index when there is none that is registered and live; its name, or None."""
    with closing(connect(settings, "catalog-rebuild", autocommit=True)) as connection:
        live = [target.name for target in registry.targets(connection) if target.state == registry.LIVE]
    there = live and client.indices.exists_alias(name=read_alias(settings.index_prefix), index=live[0])
    return None if there else rebuild(settings, client)


def expire_standby(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> list[str]:
    """Drop indexes that have been on standby for `standby_hours`; their names.

    They leave the register first: a writer that still holds an older snapshot of it meets a missing alias, releases its
    rows and reads the register again.
    """
    rows = connection.execute(
        "UPDATE search_indexes SET state = 'retired' WHERE state = 'retired' OR "
        "(state = 'standby' AND retired_at < now() - make_interval(secs => %s)) RETURNING name",
        (settings.standby_hours * 3600,),
    ).fetchall()
    for (name,) in rows:
        _drop(connection, client, name)
    return [name for (name,) in rows]


def _clear_leftovers(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> None:
    """After a killed rebuild or a loss in Elasticsearch: make the register say what is there, drop what nobody uses."""
    alias = read_alias(settings.index_prefix)
    for target in registry.targets(connection):
        if not client.indices.exists(index=target.name):
            # Nothing can be written to it any more, and live sync would wait for it for ever.
            log.error("rebuild.index_lost", index=target.name, state=target.state)
            connection.execute("DELETE FROM search_indexes WHERE name = %s", (target.name,))
        elif target.state == registry.BUILDING and client.indices.exists_alias(name=alias, index=target.name):
            with connection.transaction():
                registry.promote(connection, target.name)
        elif target.state == registry.BUILDING:
            _drop(connection, client, target.name)
    registered = {target.name for target in registry.targets(connection)}
    for name, held in client.indices.get_alias(index=index_name(settings.index_prefix, "*")).body.items():
        if name not in registered and alias not in held["aliases"]:
            client.indices.delete(index=name, ignore_unavailable=True)


def _create(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> str:
    name = index_name(settings.index_prefix, f"{datetime.now(UTC):%Y%m%dt%H%M%S}-{secrets.token_hex(2)}")
    schema = SCHEMAS[CURRENT]
    client.indices.create(
        index=name,
        # The write alias comes with the index: there is no moment at which a write with require_alias would fail.
        aliases={write_alias(name): {"is_write_index": True}},
        mappings=dict(schema.mappings),
        settings={
            **schema.settings,
            "index": {"number_of_shards": settings.index_shards, "number_of_replicas": 0, "refresh_interval": "-1"},
        },
    )
    registry.register(connection, name, schema.version)
    return name


def _backfill(connection: psycopg.Connection[Any], client: Elasticsearch, name: str, report: Report) -> int:
    row = connection.execute("SELECT count(*) FROM products").fetchone()
    total = int(row[0]) if row else 0
    done, after = 0, UUID(int=0)
    while True:
        report(Progress(name, "filling", done, max(total, done)))
        chunk = read_after(connection, after, CHUNK)
        if not chunk:
            return done
        _write_chunk(connection, client, name, chunk)
        after = chunk[-1].product_id
        done += len(chunk)


def _write_chunk(
    connection: psycopg.Connection[Any], client: Elasticsearch, name: str, chunk: Sequence[Snapshot]
) -> None:
    """Write a chunk, waiting out an outage; raises Conflict when a document is refused that live sync took."""
    waiting, refused = _documents(chunk)
    pressure = Pressure(len(chunk))
    give_up = time.monotonic() + OUTAGE_SECONDS
    while waiting:
        results = write(client, write_alias(name), waiting)
        refused |= {
            result.document.product_id: (result.document.version, result.error)
            for result in results
            if result.outcome is Outcome.REFUSED
        }
        waiting = [result.document for result in results if result.outcome is Outcome.UNAVAILABLE]
        if waiting and time.monotonic() > give_up:
            raise Conflict(f"Elasticsearch took no writes for {OUTAGE_SECONDS:.0f} s. The live index is unchanged.")
        if waiting:
            time.sleep(pressure.failed())
    _refuse_unless_quarantined(connection, refused)


Refused = dict[UUID, tuple[int, str | None]]


def _documents(chunk: Sequence[Snapshot]) -> tuple[list[Document], Refused]:
    documents: list[Document] = []
    refused: Refused = {}
    for item in chunk:
        try:
            documents.append(document_of(item, CURRENT))
        except Exception as error:
            refused[item.product_id] = (item.version, f"{type(error).__name__}: {error}")
    return documents, refused


def _refuse_unless_quarantined(connection: psycopg.Connection[Any], refused: Refused) -> None:
    """A product that live sync has given up on at this very version must not keep every other from being rebuilt."""
    if not refused:
        return
    rows = connection.execute(
        "SELECT product_id, version FROM product_sync WHERE product_id = ANY (%s) AND next_attempt_at = 'infinity'",
        (list(refused),),
    )
    quarantined = {row[0] for row in rows if refused[row[0]][0] == row[1]}
    if quarantined:
        log.warning("rebuild.quarantined_left_out", count=len(quarantined))
    faults = [f"{key}: {error}" for key, (_, error) in refused.items() if key not in quarantined]
    if faults:
        listed = "; ".join(faults[:5])
        raise Conflict(f"{len(faults)} documents do not fit the new index: {listed}. The live index is unchanged.")


def _ready_for_search(client: Elasticsearch, settings: Settings, name: str) -> None:
    client.indices.put_settings(
        index=name,
        settings={
            "index": {
                "refresh_interval": settings.index_refresh_interval,
                "number_of_replicas": settings.index_replicas,
            }
        },
    )


def _refuse_if_different(connection: psycopg.Connection[Any], client: Elasticsearch, name: str) -> None:
    found = lasting_differences(connection, client, name)
    row = connection.execute("SELECT error FROM search_indexes WHERE name = %s", (name,)).fetchone()
    if row and row[0]:
        raise Conflict(f"A live write did not fit the new index: {row[0]}. The live index is unchanged.")
    if found:
        raise Conflict(f"The new index differs from Postgres: {listed(found)}. The live index is unchanged.")


def _drop(connection: psycopg.Connection[Any], client: Elasticsearch, name: str) -> None:
    connection.execute("UPDATE search_indexes SET state = 'retired' WHERE name = %s AND state <> 'live'", (name,))
    client.indices.delete(index=name, ignore_unavailable=True)
    connection.execute("DELETE FROM search_indexes WHERE name = %s AND state = 'retired'", (name,))
