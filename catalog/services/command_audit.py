"""What commands change, in the audit log. They have no session and no principal: their actor is CLI."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from catalog.connections import connect
from catalog.services.audit import CLI, RUNNING
from catalog.settings import Settings

_RECORD = "INSERT INTO audit_log (actor, action, target, after) VALUES (%s, %s, %s, %s) RETURNING id"
_COMPLETE = "UPDATE audit_log SET after = %s WHERE id = %s"


def record(connection: psycopg.Connection[Any], action: str, target: str, after: Mapping[str, Any]) -> int:
    """Add a row in the transaction of the change; its id."""
    row = connection.execute(_RECORD, [CLI, action, target, Jsonb(dict(after))]).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def recorded(
    settings: Settings, action: str, target: str, details: dict[str, Any], counts: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Around a change that is not one transaction: a row written before it begins, and completed at its end.

    `told` is in the row from the beginning, `counts` as they are at the end. A row that goes on saying "running" was of
    a process that died. Raises psycopg.OperationalError when the database does not answer, with nothing changed.
    """
    with closing(connect(settings, "catalog-cli", autocommit=True)) as connection:
        entry = record(connection, action, target, {**details, "state": RUNNING})
    state = "failed"
    try:
        yield
        state = "done"
    finally:
        # What broke it off is worth more than why its row says "running" for ever.
        with (
            suppress(psycopg.OperationalError),
            closing(connect(settings, "catalog-cli", autocommit=True)) as connection,
        ):
            connection.execute(_COMPLETE, [Jsonb({**details, "state": state, **(counts or {})}), entry])
