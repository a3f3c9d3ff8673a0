"""The read alias and the register say which index is live; this proves that they say the same, or makes them."""

from typing import Any

import psycopg
import structlog
from elasticsearch import Elasticsearch, NotFoundError

from catalog.settings import Settings
from indexer import registry
from mappings.names import READ_FILTER, read_alias

log = structlog.get_logger()


def holders(client: Elasticsearch, settings: Settings) -> dict[str, Any]:
    """The indexes that readers see, each with its filter; none when the alias is missing."""
    alias = read_alias(settings.index_prefix)
    try:
        found = client.indices.get_alias(name=alias).body
    except NotFoundError:
        return {}
    return {name: held["aliases"][alias].get("filter") for name, held in found.items()}


def wrong_alias(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> str | None:
    """What is wrong with what readers see, in words; None when it is the live index and its living products only."""
    live = _live(connection)
    if live is None:
        return "No index is live: run `catalog reindex`."
    seen = holders(client, settings)
    alias = read_alias(settings.index_prefix)
    if not seen:
        return f"Searches find nothing: there is no alias {alias}, it should point at {live}."
    if list(seen) != [live]:
        return f"Searches read {', '.join(sorted(seen))}, and the live index is {live}."
    if not _same(seen[live]):
        return f"Searches see deleted products: the alias {alias} has not its filter {READ_FILTER}."
    return None


def mend_alias(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> None:
    """Have register and alias agree again. Call it with the lock of rebuilds held, and while no rebuild is active.

    What readers see was compared before the alias moved: whoever was killed before it was recorded is finished here, by
    the register. An alias that is missing or leaks tombstones was changed by hand: it is put back.
    """
    seen = holders(client, settings)
    live = _live(connection)
    if len(seen) == 1 and live not in seen:
        (name,) = seen
        row = connection.execute("SELECT 1 FROM search_indexes WHERE name = %s", (name,)).fetchone()
        if row is None:
            log.error("index.unregistered_is_read", index=name, remedy="run `catalog reindex`")
            return
        with connection.transaction():
            registry.promote(connection, name)
        log.error("index.register_mended", index=name, was=live)
        live = name
    if live is None or (list(seen) == [live] and _same(seen[live])) or not client.indices.exists(index=live):
        return
    alias = read_alias(settings.index_prefix)
    others = [{"remove": {"index": name, "alias": alias}} for name in seen if name != live]
    client.indices.update_aliases(actions=[{"add": {"index": live, "alias": alias, "filter": READ_FILTER}}, *others])
    log.error("index.alias_mended", index=live, was=sorted(seen))


def _live(connection: psycopg.Connection[Any]) -> str | None:
    return next((target.name for target in registry.targets(connection) if target.state == registry.LIVE), None)


def _same(held: Any) -> bool:
    """Elasticsearch may give a filter back in its long form."""
    return bool(held in (READ_FILTER, {"term": {"deleted": {"value": False}}}))
