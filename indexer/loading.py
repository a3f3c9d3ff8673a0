"""Fills a new index: reads a range of products, builds their documents, and keeps some bulk requests on the way.

Building goes on while Elasticsearch works, which nearly doubles what one process loads. (docs/decisions/0008-…)
"""

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg
import structlog
from elasticsearch import Elasticsearch

from catalog.errors import Conflict
from indexer.bulk import Document, Outcome, Result, write
from indexer.chunks import Chunk
from indexer.registry import Target
from indexer.rows import Snapshot, read_between
from indexer.sync import document_of

log = structlog.get_logger()

BULK = 500
# Requests on the way while the next one is built: more than two in all cost Elasticsearch more than they give.
ALONE, BESIDE_OTHERS = 2, 1


class Unavailable(Exception):
    """Elasticsearch takes no writes now; what was not written has to be written again."""


@dataclass(slots=True)
class Loaded:
    """`refused` holds the version and the error of documents that don't fit, by product."""

    documents: int = 0
    refused: dict[UUID, tuple[int, str | None]] = field(default_factory=dict)


def load(connection: psycopg.Connection[Any], client: Elasticsearch, target: Target, chunk: Chunk) -> Loaded:
    """Write the documents of all living products of `chunk` into `target`.

    Raises Unavailable when Elasticsearch takes no writes, and Conflict when documents do not fit the index that live
    sync has not given up on.
    """
    loaded = Loaded()
    waiting: deque[Future[list[Result]]] = deque()
    most = ALONE if chunk.alone else BESIDE_OTHERS
    with ThreadPoolExecutor(most) as pool, closing(_bulks(connection, target, chunk, loaded)) as bulks:
        for documents in bulks:
            if len(waiting) == most:
                _take(waiting.popleft().result(), loaded)
            waiting.append(pool.submit(write, client, target.alias, documents))
        while waiting:
            _take(waiting.popleft().result(), loaded)
    _refuse_unless_quarantined(connection, loaded)
    return loaded


def _bulks(
    connection: psycopg.Connection[Any], target: Target, chunk: Chunk, loaded: Loaded
) -> Generator[list[Document]]:
    with closing(read_between(connection, chunk.first, chunk.last)) as rows:
        while snapshots := list(islice(rows, BULK)):
            yield [document for item in snapshots if (document := _document(item, target, loaded)) is not None]


def _document(item: Snapshot, target: Target, loaded: Loaded) -> Document | None:
    try:
        return document_of(item, target.schema_version)
    except Exception as error:
        loaded.refused[item.product_id] = (item.version, f"{type(error).__name__}: {error}")
        return None


def _take(results: list[Result], loaded: Loaded) -> None:
    for result in results:
        if result.outcome is Outcome.UNAVAILABLE:
            raise Unavailable(result.error or "no answer")
        if result.outcome is Outcome.REFUSED:
            loaded.refused[result.document.product_id] = (result.document.version, result.error)
        else:
            loaded.documents += 1


def _refuse_unless_quarantined(connection: psycopg.Connection[Any], loaded: Loaded) -> None:
    """A product that live sync has given up on at this very version must not keep every other from being rebuilt."""
    if not loaded.refused:
        return
    rows = connection.execute(
        "SELECT product_id, version FROM product_sync WHERE product_id = ANY (%s) AND next_attempt_at = 'infinity'",
        (list(loaded.refused),),
    )
    quarantined = {row[0] for row in rows if loaded.refused[row[0]][0] == row[1]}
    if quarantined:
        log.warning("rebuild.quarantined_left_out", count=len(quarantined))
    faults = [f"{key}: {error}" for key, (_, error) in loaded.refused.items() if key not in quarantined]
    if faults:
        said = "; ".join(faults[:5])
        raise Conflict(f"{len(faults)} documents do not fit the new index: {said}. The live index is unchanged.")
