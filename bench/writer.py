"""Writers of the benchmarks: prices of random products, in short transactions on one connection."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

ROWS_PER_TRANSACTION = 100
UPDATE = "UPDATE products SET price = price + 0.01 WHERE id = ANY (%s)"

# As each is to fire again: some of them also fire in the replica role.
TRIGGERS = """
SELECT tgname, CASE tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END
FROM pg_trigger WHERE tgrelid = 'products'::regclass AND NOT tgisinternal AND tgenabled <> 'D'
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer did; moments are of the monotonic clock, which all processes of a machine share."""

    began: float
    first_commit: float
    last_commit: float
    rows: int

    @property
    def per_second(self) -> float:
        return self.rows / (self.last_commit - self.began)


def write(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> Written:
    """A cent more for each product, in transactions of 100, as fast as Postgres takes them."""
    began = time.monotonic()
    first = 0.0
    for start in range(0, len(ids), ROWS_PER_TRANSACTION):
        connection.execute(UPDATE, (list(ids[start : start + ROWS_PER_TRANSACTION]),))  # autocommit: a transaction each
        first = first or time.monotonic()
    return Written(began, first, time.monotonic(), len(ids))


@contextmanager
def without_triggers(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Products as they would be without a ledger; what is written here is not seen by live sync."""
    fires = connection.execute(TRIGGERS).fetchall()
    connection.execute("ALTER TABLE products DISABLE TRIGGER USER")
    try:
        yield
    finally:
        for name, how in fires:
            connection.execute(SQL("ALTER TABLE products {} TRIGGER {}").format(SQL(how), Identifier(name)))
