"""The register of indexes (`search_indexes`): who is written to, who is read."""

from dataclasses import dataclass
from typing import Any

import psycopg

from mappings.names import write_alias

BUILDING, LIVE, STANDBY, RETIRED = "building", "live", "standby", "retired"


@dataclass(frozen=True, slots=True)
class Target:
    """An index that live sync keeps current."""

    name: str
    schema_version: int
    state: str

    @property
    def alias(self) -> str:
        return write_alias(self.name)


def targets(connection: psycopg.Connection[Any]) -> list[Target]:
    """Every index to write to. Read it in the same snapshot as the rows, or a new index can miss a change."""
    rows = connection.execute(
        "SELECT name, schema_version, state FROM search_indexes WHERE state <> 'retired' ORDER BY name"
    )
    return [Target(*row) for row in rows]


def register(connection: psycopg.Connection[Any], name: str, schema_version: int) -> None:
    connection.execute(
        "INSERT INTO search_indexes (name, schema_version, state) VALUES (%s, %s, 'building')", (name, schema_version)
    )


def promote(connection: psycopg.Connection[Any], name: str) -> None:
    """Make `name` the live index; the one that was live stays current as a standby."""
    connection.execute("UPDATE search_indexes SET state = 'standby', retired_at = now() WHERE state = 'live'")
    connection.execute(
        "UPDATE search_indexes SET state = 'live', live_at = now(), retired_at = NULL WHERE name = %s", (name,)
    )


def note_error(connection: psycopg.Connection[Any], name: str, error: str) -> None:
    """Keep the first failure on an index that is not live: it may not go live."""
    connection.execute("UPDATE search_indexes SET error = coalesce(error, %s) WHERE name = %s", (error, name))
