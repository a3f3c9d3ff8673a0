"""Drops the indexes that are of no use any more, and has the registry and the read alias agree.

All of it under the lock of rebuilds and rollbacks: with it, no other process is moving the alias.
"""

import structlog

from catalog.models.job import REINDEX
from indexer import jobs, registry
from indexer.alias import alias_targets, repair_alias
from indexer.indexer import Indexer
from indexer.switch import locked
from mappings.names import index_name

log = structlog.get_logger()

EXPIRED = """
UPDATE search_indexes SET state = 'retired' WHERE state = 'retired'
    OR (state = 'standby' AND retired_at < now() - make_interval(secs => %s))
    OR (state = 'building' AND %s)
RETURNING name
"""


def expire_standby(indexer: Indexer) -> list[str]:
    """Drop indexes that have been on standby for `standby_hours`, and what an ended rebuild left; their names.

    They leave the registry first: a writer that still has an older snapshot of it meets a missing alias, releases its
    rows and reads the registry again. Does nothing while a rebuild or a rollback begins or ends: it is called again.
    """
    connection = indexer.connection
    with locked(connection) as mine:
        if not mine:
            return []
        rebuilding = jobs.active(connection, REINDEX) is not None
        if not rebuilding:
            repair_alias(indexer)
        rows = connection.execute(EXPIRED, (indexer.settings.standby_hours * 3600, not rebuilding)).fetchall()
        return [name for (name,) in rows if drop_index(indexer, name)]


def align_alias(indexer: Indexer) -> None:
    """Repair what registry and read alias say differently, unless a rebuild or another process is at it."""
    with locked(indexer.connection) as mine:
        if mine and jobs.active(indexer.connection, REINDEX) is None:
            repair_alias(indexer)


def clear_leftovers(indexer: Indexer) -> None:
    """After a killed rebuild or a loss in Elasticsearch: have the registry say what is there, drop what is unused.

    Call it with the lock held.
    """
    connection, client = indexer.connection, indexer.client
    repair_alias(indexer)
    for target in registry.targets(connection):
        if not client.indices.exists(index=target.name):
            # Nothing can be written to it any more, and live sync would wait for it for ever.
            log.error("rebuild.index_lost", index=target.name, state=target.state)
            connection.execute("DELETE FROM search_indexes WHERE name = %s", (target.name,))
        elif target.state == registry.BUILDING:
            drop_index(indexer, target.name)
    registered = {target.name for target in registry.targets(connection)}
    read = alias_targets(indexer)
    for name in client.indices.get_alias(index=index_name(indexer.settings.index_prefix, "*")).body:
        if name not in registered and name not in read:
            client.indices.delete(index=name, ignore_unavailable=True)


def drop_index(indexer: Indexer, name: str) -> bool:
    """Delete an index and forget it; False when it is live or readers see it. Call it with the lock held."""
    connection = indexer.connection
    row = connection.execute(
        "UPDATE search_indexes SET state = 'retired' WHERE name = %s AND state <> 'live' RETURNING name", (name,)
    ).fetchone()
    if row is None:
        return False
    if name in alias_targets(indexer):
        log.error("index.read_but_retired", index=name, remedy="run `catalog reindex`")
        return False
    indexer.client.indices.delete(index=name, ignore_unavailable=True)
    connection.execute("DELETE FROM search_indexes WHERE name = %s AND state = 'retired'", (name,))
    return True
