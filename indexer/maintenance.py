"""Indexes that nobody needs any more are dropped, and the register and the read alias are made to agree.

All of it under the lock of rebuilds and rollbacks: whoever holds it knows that nobody is moving the alias.
"""

from typing import Any

import psycopg
import structlog
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer import jobs, registry
from indexer.alias import holders, mend_alias
from indexer.switch import locked
from mappings.names import index_name

log = structlog.get_logger()

EXPIRED = """
UPDATE search_indexes SET state = 'retired' WHERE state = 'retired'
    OR (state = 'standby' AND retired_at < now() - make_interval(secs => %s))
    OR (state = 'building' AND %s)
RETURNING name
"""


def expire_standby(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> list[str]:
    """Drop indexes that have been on standby for `standby_hours`, and what an ended rebuild left; their names.

    They leave the register first: a writer that still holds an older snapshot of it meets a missing alias, releases its
    rows and reads the register again. Does nothing while a rebuild or a rollback begins or ends: it is called again.
    """
    with locked(connection) as mine:
        if not mine:
            return []
        rebuilding = jobs.active(connection, jobs.REINDEX) is not None
        if not rebuilding:
            mend_alias(connection, client, settings)
        rows = connection.execute(EXPIRED, (settings.standby_hours * 3600, not rebuilding)).fetchall()
        return [name for (name,) in rows if drop(connection, client, settings, name)]


def agree(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> None:
    """Mend what register and read alias say differently, unless somebody is at it."""
    with locked(connection) as mine:
        if mine and jobs.active(connection, jobs.REINDEX) is None:
            mend_alias(connection, client, settings)


def clear_leftovers(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> None:
    """After a killed rebuild or a loss in Elasticsearch: make the register say what is there, drop what nobody uses.

    Call it with the lock held.
    """
    mend_alias(connection, client, settings)
    for target in registry.targets(connection):
        if not client.indices.exists(index=target.name):
            # Nothing can be written to it any more, and live sync would wait for it for ever.
            log.error("rebuild.index_lost", index=target.name, state=target.state)
            connection.execute("DELETE FROM search_indexes WHERE name = %s", (target.name,))
        elif target.state == registry.BUILDING:
            drop(connection, client, settings, target.name)
    registered = {target.name for target in registry.targets(connection)}
    seen = holders(client, settings)
    for name in client.indices.get_alias(index=index_name(settings.index_prefix, "*")).body:
        if name not in registered and name not in seen:
            client.indices.delete(index=name, ignore_unavailable=True)


def drop(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings, name: str) -> bool:
    """Delete an index and forget it; False when it is live or readers see it. Call it with the lock held."""
    row = connection.execute(
        "UPDATE search_indexes SET state = 'retired' WHERE name = %s AND state <> 'live' RETURNING name", (name,)
    ).fetchone()
    if row is None:
        return False
    if name in holders(client, settings):
        log.error("index.read_but_retired", index=name, remedy="run `catalog reindex`")
        return False
    client.indices.delete(index=name, ignore_unavailable=True)
    connection.execute("DELETE FROM search_indexes WHERE name = %s AND state = 'retired'", (name,))
    return True
