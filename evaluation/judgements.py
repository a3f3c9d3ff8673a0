"""Judgements: which product is how good an answer to which query, read from a CSV file.

The columns `query`, `sku` (or `product_id`) and `rating` stand in any order, under a header; others are left alone.
"""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from uuid import UUID

from catalog.errors import CatalogError
from search.request import MAX_QUERY

KEYS = ("sku", "product_id")
MAX_RATING = 4
# One of more would be lines of text, or a file that lost its quotes.
MAX_KEY = 100
SHOWN_ERRORS = 20

# "3.0" is what a spreadsheet makes of 3.
_RATING = re.compile(rf"([0-{MAX_RATING}])(?:\.0+)?")


class JudgementsError(CatalogError):
    """A judgement file that can't be used; each line of the text names the file's line and column."""

    title = "Wrong judgements"


@dataclass(frozen=True, slots=True)
class Judgements:
    """`ratings[query][key]`, both in the order of the file; `key` says whether a key is a sku or a product's id.

    `fingerprint` is the same for files that say the same.
    """

    name: str
    key: str
    ratings: dict[str, dict[str, int]]

    @property
    def fingerprint(self) -> str:
        rows = sorted((query, key, rating) for query, rated in self.ratings.items() for key, rating in rated.items())
        return hashlib.sha256(repr((self.key, rows)).encode()).hexdigest()[:16]


def read_judgements(path: Path) -> Judgements:
    """The file's judgements. Raises JudgementsError that names what is wrong, line by line; OSError as `open` does."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise JudgementsError(f"{path.name}: line {line}: is not UTF-8.") from None
    return _Reader(path.name).read(text)


class _Reader:
    """Collects what is wrong, so that one run names every mistake."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._errors: list[str] = []
        self._ratings: dict[str, dict[str, int]] = {}
        self._lines: dict[tuple[str, str], int] = {}

    def read(self, text: str) -> Judgements:
        lines = self._records(text)
        header = [column.strip().lower() for column in next(lines, (0, []))[1]]
        key = next((name for name in KEYS if name in header), KEYS[0])
        self._check_header(header, key)
        places = [header.index(name) for name in ("query", key, "rating")]
        for line, record in lines:
            if len(record) != len(header):
                self._error(line, f"has {len(record)} columns, the header has {len(header)}")
            else:
                self._take(line, key, *(record[place] for place in places))
        if not self._ratings and not self._errors:
            self._error(2, "there is no judgement in this file")
        self._raise()
        return Judgements(self._name, key, self._ratings)

    def _records(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Each record with the number of its last line; blank lines are left out."""
        reader = csv.reader(StringIO(text, newline=""), strict=True)
        try:
            for record in reader:
                if any(map(str.strip, record)):
                    yield reader.line_num, record
        except csv.Error as error:
            self._error(reader.line_num, f"is not CSV: {error}")
            self._raise()

    def _check_header(self, header: list[str], key: str) -> None:
        for name in ("query", key, "rating"):
            if header.count(name) != 1:
                wanted = " or ".join(KEYS) if name == key else name
                self._error(1, "is missing" if name not in header else "is there twice", wanted)
        self._raise()

    def _take(self, line: int, key_column: str, query: str, key: str, rating: str) -> None:
        before = len(self._errors)
        query, key = _clean(query), key.strip()
        if not 0 < len(query) <= MAX_QUERY:
            self._error(line, f"must have 1 to {MAX_QUERY} characters", "query")
        if not 0 < len(key) <= MAX_KEY:
            self._error(line, f"must have 1 to {MAX_KEY} characters", key_column)
        elif key_column == "product_id":
            key = self._id(line, key)
        rated = _RATING.fullmatch(rating.strip())
        if not rated:
            self._error(line, f"must be a whole number from 0 to {MAX_RATING}, not {rating.strip()[:50]!r}", "rating")
        if rated and len(self._errors) == before:
            self._put(line, query, key, int(rated[1]))

    def _id(self, line: int, key: str) -> str:
        try:
            return str(UUID(key))
        except ValueError:
            self._error(line, f"must be a product's id, not {key[:50]!r}", "product_id")
            return key

    def _put(self, line: int, query: str, key: str, rating: int) -> None:
        first = self._lines.setdefault((query, key), line)
        if self._ratings.setdefault(query, {}).setdefault(key, rating) != rating:
            self._error(line, f"contradicts line {first}, which rates the same product for the same query", "rating")

    def _error(self, line: int, message: str, column: str | None = None) -> None:
        where = f"line {line}, column {column}" if column else f"line {line}"
        self._errors.append(f"{self._name}: {where}: {message}.")

    def _raise(self) -> None:
        if not self._errors:
            return
        more = len(self._errors) - SHOWN_ERRORS
        raise JudgementsError("\n".join(self._errors[:SHOWN_ERRORS] + ([f"… and {more:,} more."] if more > 0 else [])))


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
