"""The read alias and the registry say which index is live; this proves that they say the same, or makes them."""

from typing import Any

import psycopg
import structlog
from elasticsearch import NotFoundError

from indexer import registry
from indexer.indexer import Indexer
from mappings.names import READ_FILTER, read_alias

log = structlog.get_logger()

# Elasticsearch may give a filter back in its long form.
_READ_FILTERS = (READ_FILTER, {"term": {"deleted": {"value": False}}})


def alias_targets(indexer: Indexer) -> dict[str, Any]:
    """The indexes that readers see, each with its filter; none when the alias is missing."""
    alias = read_alias(indexer.settings.index_prefix)
    try:
        indexes = indexer.client.indices.get_alias(name=alias).body
    except NotFoundError:
        return {}
    return {name: index["aliases"][alias].get("filter") for name, index in indexes.items()}


def alias_problem(indexer: Indexer) -> str | None:
    """What is wrong with what readers see, in words; None when it is the live index and its living products only."""
    live = _live(indexer.connection)
    if live is None:
        return "No index is live: run `catalog reindex`."
    filters = alias_targets(indexer)
    alias = read_alias(indexer.settings.index_prefix)
    if not filters:
        return f"Searches find nothing: there is no alias {alias}, it should point at {live}."
    if list(filters) != [live]:
        return f"Searches read {', '.join(sorted(filters))}, and the live index is {live}."
    if filters[live] not in _READ_FILTERS:
        return f"Searches see deleted products: the alias {alias} has not its filter {READ_FILTER}."
    return None


def repair_alias(indexer: Indexer) -> None:
    """Have registry and alias agree again. Call it with the lock of rebuilds held, and while no rebuild is active.

    What readers see was compared before the alias moved: a switch that was killed before it was recorded is finished
    here, in the registry. An alias that is missing or leaks tombstones was changed by hand: it is put back.
    """
    connection, client = indexer.connection, indexer.client
    filters = alias_targets(indexer)
    live = _live(connection)
    if len(filters) == 1 and live not in filters:
        (name,) = filters
        row = connection.execute("SELECT 1 FROM search_indexes WHERE name = %s", (name,)).fetchone()
        if row is None:
            log.error("index.unregistered_is_read", index=name, remedy="run `catalog reindex`")
            return
        with connection.transaction():
            registry.promote(connection, name)
        log.error("index.register_mended", index=name, was=live)
        live = name
    if live is None:
        return
    aligned = list(filters) == [live] and filters[live] in _READ_FILTERS
    if aligned or not client.indices.exists(index=live):
        return
    alias = read_alias(indexer.settings.index_prefix)
    others = [{"remove": {"index": name, "alias": alias}} for name in filters if name != live]
    client.indices.update_aliases(actions=[{"add": {"index": live, "alias": alias, "filter": READ_FILTER}}, *others])
    log.error("index.alias_mended", index=live, was=sorted(filters))


def _live(connection: psycopg.Connection[Any]) -> str | None:
    return next((target.name for target in registry.targets(connection) if target.state == registry.LIVE), None)
