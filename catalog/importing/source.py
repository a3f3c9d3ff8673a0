"""Where lines come from: a file or a stream, gzip or not, read line by line with a bound on their length."""

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from catalog.errors import InvalidInput
from catalog.importing.records import MAX_LINE_BYTES

GZIP_MAGIC = b"\x1f\x8b"


class Source:
    """Lines of a byte stream. `position()` and `size` are bytes as stored, so that progress holds for gzip as well."""

    def __init__(self, stream: BufferedReader, name: str) -> None:
        self._stored = stream
        self._name = name
        status = os.fstat(stream.fileno())
        self.size: int | None = status.st_size if stat.S_ISREG(status.st_mode) else None
        # A pipe may hand over a single byte at first; no JSON or CSV begins with the first one of gzip's two.
        head = stream.peek(2)[:2]
        packed = bool(head) and GZIP_MAGIC.startswith(head)
        self._stream: BinaryIO = cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb")) if packed else stream

    def position(self) -> int:
        return self._stored.tell() if self.size is not None else 0

    def __iter__(self) -> Iterator[bytes]:
        """Lines with their ends; one that is too long is cut just past the limit, which marks it, and not kept whole.

        Raises InvalidInput when the compressed data is damaged; the lines before the damage have been given.
        """
        limit = MAX_LINE_BYTES + 2  # a line at the limit may still end in CR LF
        try:
            while line := self._stream.readline(limit + 1):
                yield line
                while line and not line.endswith(b"\n"):
                    line = self._stream.readline(limit)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InvalidInput.of("file", f"{self._name} is damaged or cut short: {error}") from error

    def close(self) -> None:
        self._stream.close()
        self._stored.close()


def open_source(path: Path) -> Source:
    """Raises OSError when the file can not be opened."""
    return Source(path.open("rb"), str(path))
