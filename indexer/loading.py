"""Fills a new index: reads a range of products, builds their documents, and keeps some bulk requests on the way.

Building goes on while Elasticsearch works, which nearly doubles what one process loads. (docs/decisions/0008-…)
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
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

# Requests on the way while the next one is built: more than two in all cost Elasticsearch more than they give.
ALONE, BESIDE_OTHERS = 2, 1


class Unavailable(Exception):
    """Elasticsearch takes no writes now; what was not written has to be written again."""


Refused = dict[UUID, tuple[int, str | None]]


@dataclass(slots=True)
class _Piece:
    """A chunk on its way; `refused` holds the version and the error of documents that don't fit, by product."""

    chunk: Chunk
    documents: int = 0
    refused: Refused = field(default_factory=dict)
    on_the_way: deque[Future[list[Result]]] = field(default_factory=deque)

    def take_one(self) -> None:
        """Wait for the oldest request. Raises Unavailable."""
        for result in self.on_the_way.popleft().result():
            if result.outcome is Outcome.UNAVAILABLE:
                raise Unavailable(result.error or "no answer")
            if result.outcome is Outcome.REFUSED:
                self.refused[result.document.product_id] = (result.document.version, result.error)
            else:
                self.documents += 1


def load(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    target: Target,
    pieces: Iterable[Chunk],
    finished: Callable[[Chunk, int], None],
) -> None:
    """Write the documents of all living products of each piece into `target`, and say of each that it is `finished`.

    The next piece is asked for and read while the last requests of the one before are still on the way.
    Raises Unavailable when Elasticsearch takes no writes, and Conflict when documents do not fit the index that live
    sync has not given up on.
    """
    with ThreadPoolExecutor(ALONE) as pool:
        waiting: deque[_Piece] = deque()
        for chunk in pieces:
            piece = _Piece(chunk)
            most = ALONE if chunk.alone else BESIDE_OTHERS
            with closing(_bulks(connection, target, piece)) as bulks:
                for documents in bulks:
                    while sum(len(each.on_the_way) for each in (*waiting, piece)) >= most:
                        next(each for each in (*waiting, piece) if each.on_the_way).take_one()
                    piece.on_the_way.append(pool.submit(write, client, target.alias, documents, first_writer=True))
            # Nobody else may use the connection while rows are read from it: a piece is ended here.
            while waiting:
                _end(connection, waiting.popleft(), finished)
            waiting.append(piece)
        for piece in waiting:
            _end(connection, piece, finished)


def _end(connection: psycopg.Connection[Any], piece: "_Piece", finished: Callable[[Chunk, int], None]) -> None:
    while piece.on_the_way:
        piece.take_one()
    _refuse_unless_quarantined(connection, piece.refused)
    finished(piece.chunk, piece.documents)


def _bulks(connection: psycopg.Connection[Any], target: Target, piece: _Piece) -> Generator[list[Document]]:
    with closing(read_between(connection, piece.chunk.first, piece.chunk.last)) as pages:
        for page in pages:
            yield [document for item in page if (document := _document(item, target, piece)) is not None]


def _document(item: Snapshot, target: Target, piece: _Piece) -> Document | None:
    try:
        return document_of(item, target.schema_version)
    except Exception as error:
        piece.refused[item.product_id] = (item.version, f"{type(error).__name__}: {error}")
        return None


def _refuse_unless_quarantined(connection: psycopg.Connection[Any], refused: Refused) -> None:
    """A product that live sync has given up on at this very version must not keep every other from being rebuilt."""
    if not refused:
        return
    rows = connection.execute(
        "SELECT product_id, version FROM product_sync WHERE product_id = ANY (%s) AND next_attempt_at = 'infinity'",
        (list(refused),),
    )
    quarantined = {row[0] for row in rows if refused[row[0]][0] == row[1]}
    if quarantined:
        log.warning("rebuild.quarantined_left_out", count=len(quarantined))
    faults = [f"{key}: {error}" for key, (_, error) in refused.items() if key not in quarantined]
    if faults:
        said = "; ".join(faults[:5])
        raise Conflict(f"{len(faults)} documents do not fit the new index: {said}. The live index is unchanged.")
