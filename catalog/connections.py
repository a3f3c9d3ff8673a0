"""Plain psycopg connections, for workers and commands: without what the API needs, they start in half the time."""

import psycopg
from psycopg.rows import TupleRow

from catalog.settings import Settings


def connect(
    settings: Settings, name: str = "catalog-worker", *, autocommit: bool = False
) -> psycopg.Connection[TupleRow]:
    """A connection of its own; `name` shows in pg_stat_activity."""
    return psycopg.connect(settings.database_url, autocommit=autocommit, connect_timeout=5, application_name=name)
