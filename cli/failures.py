"""What a server's refusal means to somebody at a prompt.

Imported only after a failure: the clients take a third of a second to import, which every other command would wait for.
"""

import psycopg
from elastic_transport import TransportError
from elasticsearch import ApiError


def sentence(error: Exception) -> str | None:
    """One sentence for a failure of Postgres or Elasticsearch; None for anything else, which is a defect of ours."""
    # What SQLAlchemy raises holds the driver's own error.
    error = getattr(error, "orig", None) or error
    if isinstance(error, psycopg.errors.UndefinedTable):
        return "The database has no schema yet: run `catalog migrate`."
    if isinstance(error, psycopg.OperationalError):
        return f"Postgres does not answer: {_first_line(error)}. Is it up? See `catalog status`."
    if isinstance(error, ApiError | TransportError):
        return f"Elasticsearch does not answer as it should: {_first_line(error)}"
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
