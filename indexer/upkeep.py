"""Indexes that nobody needs any more: dropped when their time is up, or before the next rebuild."""

from typing import Any

import psycopg
import structlog
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer import registry
from mappings.names import index_name, read_alias

log = structlog.get_logger()


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
        drop(connection, client, name)
    return [name for (name,) in rows]


def clear_leftovers(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> None:
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
            drop(connection, client, target.name)
    registered = {target.name for target in registry.targets(connection)}
    for name, held in client.indices.get_alias(index=index_name(settings.index_prefix, "*")).body.items():
        if name not in registered and alias not in held["aliases"]:
            client.indices.delete(index=name, ignore_unavailable=True)


def drop(connection: psycopg.Connection[Any], client: Elasticsearch, name: str) -> None:
    """Delete an index that is not live, and forget it."""
    connection.execute("UPDATE search_indexes SET state = 'retired' WHERE name = %s AND state <> 'live'", (name,))
    client.indices.delete(index=name, ignore_unavailable=True)
    connection.execute("DELETE FROM search_indexes WHERE name = %s AND state = 'retired'", (name,))
