"""The chunks of a rebuild, as rows in Postgres: planned once, claimed by short tasks, done one by one.

A killed worker's chunk is claimed again when its lease has run out; documents that it wrote twice do no harm.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

# Products in a chunk.
CHUNK_SIZE = 2000
LEASE_SECONDS = 60.0

# A chunk begins at every CHUNK_SIZE-th key, the first one at the lowest possible key and the last one has no end, so
# that together they contain every key there can be.
PLAN = """
INSERT INTO reindex_chunks (job_id, number, first_id, end_id)
SELECT %(job)s, row_number() OVER (ORDER BY first_id), first_id, lead(first_id) OVER (ORDER BY first_id)
FROM (SELECT '00000000-0000-0000-0000-000000000000'::uuid AS first_id
      UNION
      SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM products) AS placed
      WHERE place > 1 AND place %% %(size)s = 1) AS borders
ON CONFLICT DO NOTHING
"""

CLAIM = """
UPDATE reindex_chunks SET claimed_until = statement_timestamp() + make_interval(secs => %(lease)s)
WHERE job_id = %(job)s AND number = (
    SELECT number FROM reindex_chunks
    WHERE job_id = %(job)s AND done_at IS NULL AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
    ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING number, first_id, end_id, EXISTS (
    SELECT FROM reindex_chunks AS other
    WHERE other.job_id = %(job)s AND other.number <> reindex_chunks.number
      AND other.done_at IS NULL AND other.claimed_until > clock_timestamp()
)
"""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A range of products that one worker has claimed."""

    job_id: UUID
    #: Its place in the job, from 1.
    number: int
    #: The range of ids, both included.
    first: UUID
    last: UUID
    #: Whether no other worker has claimed another chunk of the job now.
    alone: bool


@dataclass(frozen=True, slots=True)
class ChunkCounts:
    """How far a job is."""

    #: In all.
    chunks: int
    #: Still to do.
    left: int
    #: Those of them that can be claimed now.
    free: int
    #: Documents written so far.
    documents: int


def plan(connection: psycopg.Connection[Any], job_id: UUID, size: int = CHUNK_SIZE) -> None:
    """Cut the keys of all products into chunks of about `size`; a second call changes nothing."""
    planned = connection.execute("SELECT FROM reindex_chunks WHERE job_id = %s LIMIT 1", (job_id,)).fetchone()
    if planned is None:
        connection.execute(PLAN, {"job": job_id, "size": size})


def claim(connection: psycopg.Connection[Any], job_id: UUID) -> Chunk | None:
    """The next chunk that no worker has claimed; None when there is none, done or not."""
    row = connection.execute(CLAIM, {"job": job_id, "lease": LEASE_SECONDS}).fetchone()
    if row is None:
        return None
    number, first, end, others = row
    return Chunk(job_id, number, first, UUID(int=(end.int if end else 2**128) - 1), not others)


def done(connection: psycopg.Connection[Any], chunk: Chunk, documents: int) -> None:
    """Note that a chunk is written, and in how many documents."""
    connection.execute(
        "UPDATE reindex_chunks SET done_at = clock_timestamp(), claimed_until = NULL, documents = %s "
        "WHERE job_id = %s AND number = %s",
        (documents, chunk.job_id, chunk.number),
    )


def release(connection: psycopg.Connection[Any], chunk: Chunk) -> None:
    """Give a chunk back at once."""
    connection.execute(
        "UPDATE reindex_chunks SET claimed_until = NULL WHERE job_id = %s AND number = %s AND done_at IS NULL",
        (chunk.job_id, chunk.number),
    )


def count(connection: psycopg.Connection[Any], job_id: UUID) -> ChunkCounts:
    """How far the job is."""
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE done_at IS NULL), "
        "count(*) FILTER (WHERE done_at IS NULL AND coalesce(claimed_until < clock_timestamp(), true)), "
        "coalesce(sum(documents), 0)::bigint FROM reindex_chunks WHERE job_id = %s",
        (job_id,),
    ).fetchone()
    return ChunkCounts(*row) if row else ChunkCounts(0, 0, 0, 0)
