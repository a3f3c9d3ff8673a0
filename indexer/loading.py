"""Fills a new index: reads a range of products, builds their documents, and has some bulk requests on the way.

Building goes on while Elasticsearch works, which nearly doubles what one process loads. (docs/decisions/0008-…)
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from catalog.errors import Conflict
from indexer.bulk import Document, Outcome, Result, write
from indexer.chunks import Chunk
from indexer.indexer import Indexer
from indexer.registry import Target
from indexer.rows import Snapshot, read_between
from indexer.sync import document_of

log = structlog.get_logger()

# Requests on the way while the next one is built: more than two in all cost Elasticsearch more than they give.
MAX_REQUESTS_ALONE, MAX_REQUESTS_BESIDE_OTHERS = 2, 1
# Of the documents that don't fit, those that the error spells out.
MAX_EXAMPLES = 5


class Unavailable(Exception):
    """Elasticsearch takes no writes now; what was not written has to be written again."""


# The version and the error of documents that don't fit, by product.
Refusals = dict[UUID, tuple[int, str | None]]


@dataclass(slots=True)
class _ChunkLoad:
    """A chunk on its way."""

    chunk: Chunk
    #: Written so far.
    documents: int = 0
    refusals: Refusals = field(default_factory=dict)
    #: Sent and not answered yet, the oldest first.
    requests: deque[Future[list[Result]]] = field(default_factory=deque)

    def await_oldest(self) -> None:
        """Wait for the oldest request. Raises Unavailable."""
        for result in self.requests.popleft().result():
            if result.outcome.is_unavailable:
                raise Unavailable(result.error or "no answer")
            if result.outcome is Outcome.REFUSED:
                self.refusals[result.document.product_id] = (result.document.version, result.error)
            else:
                self.documents += 1

    def build(self, snapshot: Snapshot, schema_version: int) -> Document | None:
        """The document of a product; None, and a refusal, when none can be made."""
        try:
            return document_of(snapshot, schema_version)
        except Exception as error:
            self.refusals[snapshot.product_id] = (snapshot.version, f"{type(error).__name__}: {error}")
            return None


def load(indexer: Indexer, target: Target, chunks: Iterable[Chunk], on_done: Callable[[Chunk, int], None]) -> None:
    """Write the documents of all living products of each chunk into `target`.

    `on_done` is called with each chunk that is written, and the number of its documents. The next chunk is asked for
    and read while the last requests of the one before are still on the way.
    Raises Unavailable when Elasticsearch takes no writes, and Conflict when documents do not fit the index that live
    sync has not given up on.
    """
    with ThreadPoolExecutor(MAX_REQUESTS_ALONE) as pool:
        open_loads: deque[_ChunkLoad] = deque()
        for chunk in chunks:
            current = _ChunkLoad(chunk)
            limit = MAX_REQUESTS_ALONE if chunk.alone else MAX_REQUESTS_BESIDE_OTHERS
            with closing(_bulks(indexer, target, current)) as bulks:
                for documents in bulks:
                    while sum(len(each.requests) for each in (*open_loads, current)) >= limit:
                        next(each for each in (*open_loads, current) if each.requests).await_oldest()
                    request = pool.submit(write, indexer.client, target.alias, documents, first_writer=True)
                    current.requests.append(request)
            # The connection is free again only when all rows are read from it: a chunk is ended here.
            while open_loads:
                _end(indexer, open_loads.popleft(), on_done)
            open_loads.append(current)
        for each in open_loads:
            _end(indexer, each, on_done)


def _end(indexer: Indexer, load: _ChunkLoad, on_done: Callable[[Chunk, int], None]) -> None:
    while load.requests:
        load.await_oldest()
    _refuse_unless_quarantined(indexer, load.refusals)
    on_done(load.chunk, load.documents)


def _bulks(indexer: Indexer, target: Target, load: _ChunkLoad) -> Generator[list[Document]]:
    with closing(read_between(indexer.connection, load.chunk.first, load.chunk.last)) as pages:
        for page in pages:
            documents = (load.build(snapshot, target.schema_version) for snapshot in page)
            yield [document for document in documents if document is not None]


def _refuse_unless_quarantined(indexer: Indexer, refusals: Refusals) -> None:
    """A product that live sync has given up on at this very version must not stop every other from being rebuilt."""
    if not refusals:
        return
    rows = indexer.connection.execute(
        "SELECT product_id, version FROM product_sync WHERE product_id = ANY (%s) AND next_attempt_at = 'infinity'",
        (list(refusals),),
    )
    quarantined = {row[0] for row in rows if refusals[row[0]][0] == row[1]}
    if quarantined:
        log.warning("rebuild.quarantined_left_out", count=len(quarantined))
    faults = [f"{key}: {error}" for key, (_, error) in refusals.items() if key not in quarantined]
    if faults:
        examples = "; ".join(faults[:MAX_EXAMPLES])
        raise Conflict(f"{len(faults)} documents do not fit the new index: {examples}. The live index is unchanged.")
