"""Commands about data: import, generate."""

import gzip
import json
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, BinaryIO, Self

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from catalog.importing import LineResult, Record, Source, csv_records, import_records, json_records, open_source
from catalog.services.command_audit import recorded
from catalog.settings import get_settings
from generator import generate as generate_lines

console = Console(stderr=True)

STDIN = "-"
STATUSES = ("created", "updated", "unchanged", "rejected")
SHOW_EVERY = 200
# Of a file, in the audit log.
MAX_NAME = 300


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


def import_products(
    file: Annotated[str, typer.Argument(help="JSON Lines or CSV, gzip or not; - reads standard input.")],
    format_: Annotated[
        Format | None, typer.Option("--format", help="Otherwise told by the name: .csv, .csv.gz or anything else.")
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="For rejected lines; otherwise FILE.rejects.jsonl.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Create and update products by sku. Lines that can not be taken go to a rejects file; the rest lands.

    Exit code 1 when a line was rejected or the import broke off: what was written stays, and it can be run again.
    """
    settings = get_settings()
    as_csv = format_ is Format.CSV or (format_ is None and file.removesuffix(".gz").endswith(".csv"))
    counts: Counter[str] = Counter()
    began = time.monotonic()
    with closing(_open(file)) as source, _Rejects(_rejects_path(file, rejects)) as rejected:
        try:
            records = rejected.remember((csv_records if as_csv else json_records)(source))
            with recorded(settings, "products.import", "products", {"file": file[:MAX_NAME]}, counts):
                for result in _shown(import_records(records, settings), source):
                    counts[result.status] += 1
                    rejected.take(result)
        finally:
            # Also when it breaks off: what was committed until then stays, so it is worth knowing.
            if counts or sys.exc_info()[0] is None:
                _summarise(counts, time.monotonic() - began, rejected.path if counts["rejected"] else None, as_json)
    if counts["rejected"]:
        raise typer.Exit(1)


def generate(
    count: Annotated[int, typer.Option("--count", min=0, help="Number of products.")],
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same products.")] = 1,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="gzip when it ends in .gz; otherwise standard output.")
    ] = None,
) -> None:
    """Make up a catalogue in the import format: JSON Lines."""
    lines = generate_lines(count, seed)
    if output is None:
        _to_stdout(_counted(lines, count))
        return
    try:
        # Neither name nor time goes into the gzip header, so the same seed gives the same file.
        with output.open("wb") as file:
            packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if output.suffix == ".gz" else None
            _write(packed or file, _counted(lines, count))
            if packed:
                packed.close()
    except OSError as error:
        raise typer.BadParameter(f"{output} can not be written: {error.strerror}.") from None


class _Rejects:
    """The file of rejected lines, each with its number, errors and text. It exists only when there is one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: deque[Record] = deque()

    def __enter__(self) -> Self:
        try:
            self._file = self.path.open("wb")
        except OSError as error:
            raise typer.BadParameter(f"The rejects file {self.path} can not be written: {error.strerror}.") from None
        return self

    def remember(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same records; their texts are kept until their results arrive, in the same order."""
        for record in records:
            self._open.append(record)
            yield record

    def take(self, result: LineResult) -> None:
        record = self._open.popleft()
        if result.status == "rejected":
            text = record.text.decode("utf-8", "backslashreplace")
            line = {"line": result.line, "errors": result.errors, "text": text}
            self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        empty = self._file.tell() == 0
        self._file.close()
        if empty:
            self.path.unlink()


def _rejects_path(file: str, path: Path | None) -> Path:
    if path:
        if file != STDIN and path.exists() and path.samefile(file):
            raise typer.BadParameter("The rejects file must not be the file to import.")
        return path
    beside = Path("import" if file == STDIN else file)
    # A file on a read-only disk can be imported all the same: what is rejected is then written here.
    folder = beside.parent if os.access(beside.parent, os.W_OK) else Path()
    return folder / f"{beside.name}.rejects.jsonl"


def _open(file: str) -> Source:
    if file == STDIN:
        return Source(open(sys.stdin.fileno(), "rb", closefd=False), "standard input")
    try:
        return open_source(Path(file))
    except FileNotFoundError:
        raise typer.BadParameter(f"There is no file {file}.") from None
    except OSError as error:
        raise typer.BadParameter(f"{file} can not be read: {error.strerror}.") from None


def _shown(results: Generator[LineResult, None, None], source: Source) -> Iterator[LineResult]:
    """The same results, with a progress bar measured in bytes of the file."""
    with _progress("lines") as progress, closing(results):
        task = progress.add_task("importing", total=source.size, done=0, rate="")
        began = time.monotonic()
        done = 0
        for done, result in enumerate(results, start=1):
            if done % SHOW_EVERY == 0:
                progress.update(task, completed=source.position(), done=done, rate=_rate(done, began))
            yield result
        progress.update(task, completed=source.size, done=done)


def _counted(lines: Iterator[bytes], count: int) -> Iterator[bytes]:
    with _progress("products") as progress:
        task = progress.add_task("generating", total=count, done=0, rate="")
        began = time.monotonic()
        for done, line in enumerate(lines, start=1):
            yield line
            if done % SHOW_EVERY == 0:
                progress.update(task, completed=done, done=done, rate=_rate(done, began))
        progress.update(task, completed=count, done=count)


def _rate(done: int, began: float) -> str:
    return f"{done / max(time.monotonic() - began, 0.001):,.0f}/s"


def _progress(unit: str) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[done]:,} " + unit),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _summarise(counts: Counter[str], seconds: float, rejects: Path | None, as_json: bool) -> None:
    lines = counts.total()
    summary: dict[str, Any] = {status: counts[status] for status in STATUSES}
    summary |= {"lines": lines, "seconds": round(seconds, 3), "rate": round(lines / seconds, 1) if seconds else 0.0}
    if as_json:
        typer.echo(json.dumps({**summary, "rejects_file": str(rejects) if rejects else None}))
        return
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for status in (*STATUSES, "lines"):
        table.add_row(status, f"{summary[status]:,}", style="red" if status == "rejected" and summary[status] else None)
    table.add_row("seconds", f"{seconds:,.1f}")
    table.add_row("lines/s", f"{summary['rate']:,.0f}")
    out = Console()
    out.print(table)
    if rejects:
        out.print(f"Rejected lines and reasons: {rejects}", soft_wrap=True, markup=False, highlight=False)


def _write(stream: BinaryIO | gzip.GzipFile, lines: Iterable[bytes]) -> None:
    for line in lines:
        stream.write(line)


def _to_stdout(lines: Iterable[bytes]) -> None:
    try:
        _write(sys.stdout.buffer, lines)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader has had enough, as `head` does. What is still buffered must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
