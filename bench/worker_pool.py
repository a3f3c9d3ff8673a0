"""The processes of the references: they do nothing but write the same documents.

`send` is what Elasticsearch takes at most: bulk bodies that were built beforehand and lie in memory. `overwrite` is
what a plain loop of reading rows, building documents and writing them gives, with no ledger and no claims.
"""

import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

import orjson
import psycopg
from elasticsearch import Elasticsearch

from bench.errors import BenchError
from bench.lag import STUCK_SECONDS, waiting
from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.logs import configure_process_logs
from catalog.settings import Settings
from indexer.backoff import Backoff
from indexer.bulk import Document, Outcome, write
from indexer.drain import drain
from indexer.indexer import Indexer
from indexer.rebuild import run
from indexer.rows import read_between, read_products
from indexer.sync import document_of
from mappings.schema import CURRENT

KEY_SPACE = 2**128
# Between two looks at products that another process has claimed.
POLL_INTERVAL_SECONDS = 0.05
DRAIN_SECONDS = 15.0


class WorkerPool:
    """Processes that wait for work and do it at the same time; use it in a `with` block."""

    def __init__(self, settings: Settings, processes: int) -> None:
        self._settings = settings
        self._processes = processes
        self._pipes: list[Connection] = []
        self._ending = ExitStack()

    def __enter__(self) -> "WorkerPool":
        context = get_context("spawn")
        for _ in range(self._processes):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(self._settings, there), daemon=True)
            process.start()
            there.close()
            self._ending.callback(process.join)
            self._ending.callback(process.terminate)
            self._ending.callback(here.close)
            self._pipes.append(here)
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def build(self) -> int:
        """Read every living product and keep its document, ready to be sent; the number of documents."""
        count = self._processes
        edges = [KEY_SPACE * number // count for number in range(count + 1)]
        return sum(self._all("build", [(UUID(int=edges[n]), UUID(int=edges[n + 1] - 1)) for n in range(count)]))

    def send(self, alias: str) -> float:
        """Send what was built, and refresh; the seconds until all of it can be found."""
        began = time.monotonic()
        self._all("send", [(alias,)] * self._processes)
        with closing(make_client(self._settings, timeout=120)) as client:
            client.indices.refresh(index=alias)
        return time.monotonic() - began

    def overwrite(self, alias: str, ids: Sequence[UUID], above: int) -> float:
        """Write these products again at their ledger's version + `above`; the seconds until all are acknowledged."""
        shares = [(alias, list(ids[number :: self._processes]), above) for number in range(self._processes)]
        began = time.monotonic()
        self._all("overwrite", shares)
        return time.monotonic() - began

    def drain(self) -> None:
        """Write everything that is pending, as workers do, and settle it."""
        self._all("drain", [()] * self._processes)

    def rebuild(self) -> None:
        """Carry the rebuild that is under way to its end."""
        self._all("rebuild", [()] * self._processes)

    def _all(self, task: str, arguments: Sequence[tuple[Any, ...]]) -> list[int]:
        for pipe, task_arguments in zip(self._pipes, arguments, strict=True):
            pipe.send((task, task_arguments))
        try:
            answers = [pipe.recv() for pipe in self._pipes]
        except EOFError:
            raise BenchError(f"A process of the reference ended while it was to {task}.") from None
        if failed := [answer for answer in answers if isinstance(answer, str)]:
            raise BenchError(f"The reference could not {task}: {failed[0]}")
        return answers


class Worker:
    """One process of a pool."""

    def __init__(self, settings: Settings, connection: psycopg.Connection[Any], client: Elasticsearch) -> None:
        self._settings = settings
        self._connection = connection
        self._client = client
        self._batch = settings.sync_batch_size
        self._bodies: list[bytes] = []

    def build(self, first: UUID, last: UUID) -> int:
        self._bodies = []
        count = 0
        for page in read_between(self._connection, first, last):
            self._bodies.append(_ndjson([document_of(item, CURRENT) for item in page]))
            count += len(page)
        return count

    def send(self, alias: str) -> int:
        for body in self._bodies:
            answer = self._client.bulk(
                index=alias,
                operations=body,  # type: ignore[arg-type]  # bytes are sent as they are; the stub says mappings only
                require_alias=True,
                filter_path="errors",
            )
            if answer["errors"]:
                raise BenchError("Elasticsearch refused documents")
        return len(self._bodies)

    def overwrite(self, alias: str, ids: Sequence[UUID], above: int) -> int:
        for start in range(0, len(ids), self._batch):
            snapshots = read_products(self._connection, ids[start : start + self._batch])
            documents = [document_of(item._replace(version=item.version + above), CURRENT) for item in snapshots]
            for result in write(self._client, alias, documents):
                if result.outcome is not Outcome.WRITTEN:
                    raise BenchError(f"{result.document.product_id}: {result.outcome.value} {result.error}")
        return len(ids)

    def drain(self) -> int:
        backoff = Backoff(self._batch)
        settled = 0
        moved = time.monotonic()
        while waiting(self._connection):
            if now := drain(Indexer(self._connection, self._client, self._settings), backoff, seconds=DRAIN_SECONDS):
                settled, moved = settled + now, time.monotonic()
            elif time.monotonic() > moved + STUCK_SECONDS:
                raise BenchError("products are pending and can't be written; see `catalog sync`")
            time.sleep(backoff.pause_left() or POLL_INTERVAL_SECONDS)
        return settled

    def rebuild(self) -> int:
        run(Indexer(self._connection, self._client, self._settings))
        return 0


def _serve(settings: Settings, pipe: Connection) -> None:
    # A Ctrl-C reaches every process of the terminal; this one is ended by the one that it works for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure_process_logs(settings)
    with (
        closing(connect(settings, "catalog-bench", autocommit=True)) as connection,
        closing(make_client(settings)) as client,
    ):
        worker = Worker(settings, connection, client)
        while True:
            try:
                task, arguments = pipe.recv()
            except EOFError:
                return
            try:
                pipe.send(getattr(worker, task)(*arguments))
            except Exception as error:
                pipe.send(f"{type(error).__name__}: {error}")


def _ndjson(documents: Sequence[Document]) -> bytes:
    lines: list[bytes] = []
    for document in documents:
        action = {"_id": str(document.product_id), "version": document.version, "version_type": "external"}
        lines += [orjson.dumps({"index": action}), orjson.dumps(document.body)]
    return b"\n".join([*lines, b""])
