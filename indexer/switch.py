"""Moves the read alias: forward at the end of a rebuild, back by a rollback."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import structlog
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.errors import Conflict
from catalog.failpoints import failpoint
from catalog.models.job import REINDEX
from catalog.settings import Settings
from indexer import jobs, registry
from indexer.alias import alias_targets
from indexer.compare import format_differences, lasting_differences
from indexer.indexer import Indexer
from indexer.requeue import requeue_quarantined
from mappings.names import READ_FILTER, read_alias

log = structlog.get_logger()

# One rebuild or rollback at a time, in whichever process: "cata" as a number.
ADVISORY_LOCK = 0x63617461


@contextmanager
def locked(connection: psycopg.Connection[Any], *, wait: bool = False, key: int = ADVISORY_LOCK) -> Iterator[bool]:
    """Hold off every other process that begins, ends or undoes a rebuild; False when another one has the lock.

    Another `key` is a lock for something else. It ends with the connection, so a killed process leaves none behind.
    """
    take = "SELECT pg_advisory_lock(%s) IS NOT NULL" if wait else "SELECT pg_try_advisory_lock(%s)"
    row = connection.execute(take, (key,)).fetchone()
    if row != (True,):
        yield False
        return
    try:
        yield True
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (key,))


def switch(indexer: Indexer, name: str) -> None:
    """Move the read alias in one step, then record it. Killed in between, the next process that has the lock records
    it: the rebuild itself, or the maintenance. Quarantined products are tried again: another index may take them.

    Raises Conflict when `name` has missed a change: none can be noted while the alias moves.
    """
    alias = read_alias(indexer.settings.index_prefix)
    actions: list[dict[str, Any]] = [{"add": {"index": name, "alias": alias, "filter": READ_FILTER}}]
    actions += [{"remove": {"index": old, "alias": alias}} for old in alias_targets(indexer) if old != name]
    with indexer.connection.transaction():
        registry.lock(indexer.connection, name)
        indexer.client.indices.update_aliases(actions=actions)
        failpoint(indexer.settings, "switch.after_move")
        registry.promote(indexer.connection, name)
    requeue_quarantined(indexer.connection)
    log.info("index.switched", index=name)


def rollback(settings: Settings, client: Elasticsearch) -> str:
    """Make the index that was live before the live one again; its name. The other stays current as the standby.

    Raises Conflict when there is no standby, or when it differs from Postgres: then nothing is changed.
    """
    with (
        closing(connect(settings, "catalog-rollback", autocommit=True)) as connection,
        locked(connection) as mine,
    ):
        if not mine or jobs.active(connection, REINDEX):
            raise Conflict("A rebuild is running. Wait for it to end, or end it with `catalog reindex --cancel`.")
        row = connection.execute(
            "SELECT name FROM search_indexes WHERE state = 'standby' ORDER BY retired_at DESC LIMIT 1"
        ).fetchone()
        if row is None:
            raise Conflict(
                f"There is no index to go back to: it is kept for {settings.standby_hours:g} h after a swap."
            )
        name: str = row[0]
        target = next(target for target in registry.targets(connection) if target.name == name)
        if target.error:
            raise Conflict(f"{name} could not take every change: {target.error}. The live index is unchanged.")
        if target.failing:
            raise Conflict(f"{name} takes no writes now. The live index is unchanged. Try again in a minute.")
        indexer = Indexer(connection, client, settings)
        if differences := lasting_differences(indexer, name):
            text = format_differences(differences)
            raise Conflict(f"{name} differs from Postgres: {text}. The live index is unchanged.")
        switch(indexer, name)
    return name
