"""Patterns that choose terms in an aggregation, made of nothing but escaped text. Pure."""

import re
from collections.abc import Iterable, Iterator

from mappings.attributes import SEPARATOR

# Elasticsearch's `index.max_regex_length`, in UTF-16 code units.
LONGEST = 1000
# Whatever is neither a letter, a digit nor an underscore may mean something in a Lucene pattern.
_SPECIAL = re.compile(r"([\x00-\x7f])")


def escape(text: str) -> str:
    """The pattern that matches this text alone."""
    return _SPECIAL.sub(lambda match: match[0] if match[0].isalnum() or match[0] == "_" else "\\" + match[0], text)


def names_includes(names: Iterable[str], rest: str = ".*") -> Iterator[str]:
    """Patterns for the tokens of these attributes, each short enough; most often there is one."""
    batch: list[str] = []
    room = LONGEST - length(rest) - 3
    for name in map(escape, names):
        if batch and sum(map(length, batch)) + len(batch) + length(name) > room:
            yield _any_of(batch, rest)
            batch = []
        batch.append(name)
    if batch:
        yield _any_of(batch, rest)


def _any_of(escaped: list[str], rest: str) -> str:
    return f"({'|'.join(escaped)}){SEPARATOR}{rest}"


def length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
