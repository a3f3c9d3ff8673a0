"""A line on its way in (`Record`) and what became of it (`LineResult`)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson

from catalog.errors import FieldError

MAX_LINE_BYTES = 1024 * 1024
WHOLE_LINE = "line"  # the field of an error that concerns no single field
BOM = b"\xef\xbb\xbf"

Status = Literal["created", "updated", "unchanged", "rejected"]


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line."""

    #: Its number, from 1.
    line: int
    status: Status
    #: None when the line could not be read.
    sku: str | None
    #: None when there is no stored product behind the result.
    id: UUID | None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One line as read."""

    #: Its number, from 1.
    line: int
    #: Without the line end.
    text: bytes
    #: The JSON value.
    data: Any = None
    #: Why there is none.
    error: FieldError | None = None

    @classmethod
    def broken(cls, line: int, text: bytes, message: str) -> "Record":
        return cls(line, text, error=FieldError(WHOLE_LINE, message))


def json_records(lines: Iterable[bytes]) -> Iterator[Record]:
    """JSON Lines; blank lines count but give no record, and a byte order mark before the first line is dropped."""
    for number, raw in enumerate(lines, start=1):
        text = (raw.removeprefix(BOM) if number == 1 else raw).strip()
        if text:
            yield _json_record(number, text)


def _json_record(line: int, text: bytes) -> Record:
    if len(text) > MAX_LINE_BYTES:
        return Record.broken(line, text, too_long())
    if b"\x00" in text:
        return Record.broken(line, text, "must not contain the NUL character")
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return Record.broken(line, text, f"is not valid UTF-8: {error.reason} at byte {error.start + 1}")
    try:
        return Record(line, text, orjson.loads(text))
    except orjson.JSONDecodeError as error:
        return Record.broken(line, text, f"is not valid JSON: {error}")


def too_long() -> str:
    return f"is longer than {MAX_LINE_BYTES:,} bytes"
