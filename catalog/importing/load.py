"""The whole way of a load: records to chunks, chunks to the database, results back in line order."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import psycopg

from catalog.connections import connect
from catalog.errors import Unavailable
from catalog.importing.attempt import write_or_split
from catalog.importing.parse import ProductLine, parse
from catalog.importing.records import LineResult, Record, json_records
from catalog.importing.taxonomy import Connection
from catalog.settings import Settings

CHUNK_SIZE = 2000
CHUNK_BYTES = 8 * 1024 * 1024

Entry = ProductLine | LineResult


def import_lines(
    lines: Iterable[bytes], settings: Settings, *, chunk_size: int = CHUNK_SIZE
) -> Generator[LineResult, None, None]:
    """Upsert JSON Lines by sku: one result per line that is not blank, in line order.

    Each chunk of lines is committed by itself, before its results are given; a run that breaks off can be repeated.
    Blocks: call it from a thread, and close it when it is not read to its end. Raises Unavailable when the database
    does not answer or the connection is lost, and what `lines` raises, after the results of the lines before.
    """
    return import_records(json_records(lines), settings, chunk_size=chunk_size)


def import_records(
    records: Iterable[Record], settings: Settings, *, chunk_size: int = CHUNK_SIZE
) -> Generator[LineResult, None, None]:
    """`import_lines` for records of any format."""
    source = _Guarded(records)
    with closing(_connect(settings)) as connection:
        pool = ThreadPoolExecutor(1, thread_name_prefix="import")
        try:
            written: Future[list[LineResult]] | None = None
            for chunk in _chunks(source, settings.currency, chunk_size):
                # While Postgres works on this chunk, the next one is read and validated here.
                before, written = written, pool.submit(_write_chunk, connection, chunk)
                if before:
                    yield from before.result()
            if written:
                yield from written.result()
        finally:
            pool.shutdown(cancel_futures=True)
    if source.failure:
        raise source.failure


class _Guarded:
    """Ends when the records fail and keeps the failure, so that the lines before it still land and are answered."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = records
        self.failure: Exception | None = None

    def __iter__(self) -> Iterator[Record]:
        try:
            yield from self._records
        except Exception as error:
            self.failure = error


def _connect(settings: Settings) -> Connection:
    try:
        return connect(settings, "catalog-import", autocommit=True)
    except psycopg.OperationalError as error:
        raise Unavailable("The database does not answer. Nothing was imported.") from error


def _chunks(records: Iterable[Record], currency: str, chunk_size: int) -> Iterator[list[Entry]]:
    """Entries in line order, in chunks in which no sku appears twice: a later line must find what an earlier wrote."""
    chunk: list[Entry] = []
    skus: set[str] = set()
    size = 0
    for record in records:
        entry = parse(record, currency)
        new = entry.skus if isinstance(entry, ProductLine) else set()
        if chunk and (len(chunk) >= chunk_size or size >= CHUNK_BYTES or not skus.isdisjoint(new)):
            yield chunk
            chunk, skus, size = [], set(), 0
        chunk.append(entry)
        skus |= new
        size += len(record.text)
    if chunk:
        yield chunk


def _write_chunk(connection: Connection, chunk: Sequence[Entry]) -> list[LineResult]:
    lines = [entry for entry in chunk if isinstance(entry, ProductLine)]
    results = {entry.line: entry for entry in chunk if isinstance(entry, LineResult)}
    if lines:
        results |= write_or_split(connection, lines)
    return [results[entry.line] for entry in chunk]
