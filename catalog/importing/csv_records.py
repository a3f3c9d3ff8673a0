"""CSV with a header line as records, in the shape of JSON Lines."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from catalog.errors import InvalidInput
from catalog.importing.records import BOM, MAX_LINE_BYTES, Record, too_long
from catalog.schemas.product_in import NEVER_NULL, ProductIn

CLEARS = "null"
ATTRIBUTE = "attributes."
DELIMITERS = ",;\t"

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?")
_WHOLE = re.compile(r"(-?\d{1,18})(\.0+)?")

Row = tuple[int, bytes, list[str] | str]


def csv_records(lines: Iterable[bytes]) -> Iterator[Record]:
    """One record per row, numbered by the line it begins on; an empty cell is left out, `null` clears.

    The delimiter (comma, semicolon or tab) is taken from the header. Raises InvalidInput for a header that has an
    unknown column, one twice, or lacks a required one: every single line would be wrong for the same reason.
    """
    rows = _Rows(lines)
    header = _header(rows)
    for line, text, cells in rows:
        if isinstance(cells, str):
            yield Record.broken(line, text, cells)
        elif len(cells) != len(header):
            yield Record.broken(line, text, f"has {len(cells)} cells, but the header has {len(header)}")
        else:
            yield Record(line, text, _product(header, cells))


class _Rows:
    """(line, text, cells or the reason why there are none) of each row that is not blank.

    A quoted cell may hold line ends. When a row turns out to be broken, only its first line is given up: the lines
    that an unclosed quote had swallowed are read again as rows of their own.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._again: deque[bytes] = deque()
        self._taken: list[bytes] = []
        self._line = 1
        first = next(self._lines, b"").removeprefix(BOM)
        self._again.append(first)
        self._delimiter = max(DELIMITERS, key=first.decode("utf-8", "replace").count)

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        while True:
            self._taken = []
            outcome = self._read()
            line, self._line = self._line, self._line + len(self._taken)
            text = b"".join(self._taken).rstrip(b"\r\n")
            if outcome and text.strip():
                return line, text, outcome

    def _read(self) -> list[str] | str:
        try:
            return next(csv.reader(self._texts(), delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            reason = f"is not valid CSV: {error}"
        except UnicodeDecodeError as error:
            reason = f"is not valid UTF-8: {error.reason}"
        except ValueError as error:
            reason = str(error)
        self._again.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
        return reason

    def _texts(self) -> Iterator[str]:
        size = 0
        while (raw := self._again.popleft() if self._again else next(self._lines, None)) is not None:
            self._taken.append(raw)
            size += len(raw)
            if size > MAX_LINE_BYTES:
                raise ValueError(too_long())
            if b"\x00" in raw:
                raise ValueError("must not contain the NUL character")
            yield raw.decode()


def _header(rows: _Rows) -> list[str]:
    _, _, cells = next(rows, (1, b"", "is missing: the file is empty"))
    if isinstance(cells, str):
        raise InvalidInput.of("header", cells)
    names = [cell.strip() if cell.strip().startswith(ATTRIBUTE) else cell.strip().lower() for cell in cells]
    known = ProductIn.model_fields
    for name in names:
        if name not in known and (not name.startswith(ATTRIBUTE) or name == ATTRIBUTE):
            raise InvalidInput.of("header", f"unknown column {name!r}; known: {', '.join(known)}, {ATTRIBUTE}NAME")
        if names.count(name) > 1:
            raise InvalidInput.of("header", f"the column {name!r} appears twice")
    for name in NEVER_NULL:
        if name not in names:
            raise InvalidInput.of("header", f"the column {name!r} is missing")
    return names


def _product(header: list[str], cells: list[str]) -> dict[str, Any]:
    """Cells that can not be converted stay text: validation then says what is expected of that field."""
    product: dict[str, Any] = {}
    single: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        text = cell.strip()
        if not text:
            continue
        if name.startswith(ATTRIBUTE):
            single[name.removeprefix(ATTRIBUTE)] = None if text == CLEARS else _attribute(text)
        else:
            product[name] = None if text == CLEARS else _CONVERT.get(name, str)(text)
    if single:
        whole = product.get("attributes")
        # An attributes cell that is not an object is left to be refused.
        if whole is None or isinstance(whole, dict):
            product["attributes"] = {**(whole or {}), **single}
    return product


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _attribute(text: str) -> Any:
    """A number, true, false, or JSON (a list, or text in quotes that would otherwise be read as a number)."""
    if text.startswith(("[", '"')) or text in ("true", "false") or _NUMBER.fullmatch(text):
        return _json(text)
    return text


def _images(text: str) -> Any:
    return _json(text) if text.startswith("[") else [part.strip() for part in text.split("|") if part.strip()]


def _whole(text: str) -> Any:
    match = _WHOLE.fullmatch(text)
    return int(match[1]) if match else text


def _decimal(text: str) -> Any:
    return float(text) if _NUMBER.fullmatch(text) else text


# Amounts and codes are taken as text by validation itself.
_CONVERT: dict[str, Callable[[str], Any]] = {
    "inventory": _whole,
    "popularity": _decimal,
    "images": _images,
    "attributes": _json,
    "variants": _json,
}
