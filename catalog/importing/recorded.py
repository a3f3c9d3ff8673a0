"""A command's import in the audit log: one row, written before the first product and completed at the end."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from catalog.connections import connect
from catalog.errors import Unavailable
from catalog.services.audit import CLI, RUNNING
from catalog.settings import Settings

_BEGIN = """
    INSERT INTO audit_log (actor, action, target, after) VALUES (%s, 'products.import', 'products', %s) RETURNING id
"""
_COMPLETE = "UPDATE audit_log SET after = %s WHERE id = %s"
MAX_NAME = 300


@contextmanager
def recorded_import(settings: Settings, name: str, counts: Mapping[str, int]) -> Iterator[None]:
    """Around an import of the file `name`. One that goes on saying "running" was of a process that died.

    Raises Unavailable when the database does not answer, with nothing imported.
    """
    sent: dict[str, Any] = {"file": name[:MAX_NAME]}
    try:
        with closing(connect(settings, "catalog-import", autocommit=True)) as connection:
            row = connection.execute(_BEGIN, [CLI, Jsonb({**sent, "state": RUNNING})]).fetchone()
    except psycopg.OperationalError as error:
        raise Unavailable("The database does not answer. Nothing was imported.") from error
    state = "failed"
    try:
        yield
        state = "done"
    finally:
        # What broke the import off is worth more than why its row says "running" for ever.
        with suppress(psycopg.OperationalError), closing(connect(settings, autocommit=True)) as connection:
            connection.execute(_COMPLETE, [Jsonb({**sent, "state": state, **counts}), row[0] if row else None])
