"""Writing a chunk in spite of other writers and of lines that the database refuses."""

import random
import time
from collections.abc import Sequence

import psycopg

from catalog.database import MAX_ATTEMPTS, RETRYABLE
from catalog.errors import FieldError, Unavailable
from catalog.importing.parse import ProductLine, rejected
from catalog.importing.records import WHOLE_LINE
from catalog.importing.taxonomy import Connection
from catalog.importing.write import Overtaken, Results, write

# Besides deadlocks: a sku, or the loss of a brand, that another writer committed after this chunk had looked for it.
_CAUSED_BY_OTHERS = (*RETRYABLE, "23505", "23503")
# Data exception, integrity constraint, transaction rollback, program limit, raised by a trigger: what one line can
# cause. Any other error (a full disk, a server that shuts down) would reject every line of the file for no fault of its
# own.
_CAUSED_BY_A_LINE = ("22", "23", "40", "54", "P0")


def write_or_split(connection: Connection, lines: Sequence[ProductLine]) -> Results:
    """Write all of them; when a line spoils the chunk, halve it until that line stands alone and is rejected.

    Raises Unavailable when the connection is lost or the error is not one of the lines.
    """
    results: Results = {}
    while left := [line for line in lines if line.line not in results]:
        try:
            results |= _write_again(connection, left)
        except (psycopg.Error, Overtaken) as error:
            if len(left) > 1:
                middle = len(left) // 2
                results |= write_or_split(connection, left[:middle]) | write_or_split(connection, left[middle:])
            else:
                refused = FieldError(WHOLE_LINE, f"the database refused it: {_reason(error)}")
                results[left[0].line] = rejected(left[0].line, left[0].sku, [refused])
    return results


def _write_again(connection: Connection, lines: Sequence[ProductLine]) -> Results:
    attempt = 1
    while True:
        try:
            return write(connection, lines)
        except Overtaken:
            if attempt == MAX_ATTEMPTS:
                raise
        except psycopg.Error as error:
            if connection.closed:
                message = "The connection to the database was lost. What was written stays; run the import again."
                raise Unavailable(message) from error
            if not (error.sqlstate or "").startswith(_CAUSED_BY_A_LINE):
                raise Unavailable(
                    f"The database can not go on: {_reason(error)}. Run the import again later."
                ) from error
            if error.sqlstate not in _CAUSED_BY_OTHERS or attempt == MAX_ATTEMPTS:
                raise
        time.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
        attempt += 1


def _reason(error: Exception) -> str:
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return primary or str(error)
