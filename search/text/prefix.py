"""Values of which some word begins with what was typed, whatever its case and accents. Pure.

Elasticsearch narrows the values down by a pattern that lets through all of these and a few more; `begins` decides.
"""

import re
from functools import lru_cache

from mappings.folding import base_letters

_WORD = re.compile(r"[^\W_]+")
_BASIC_PLANE = range(0x80, 0x10000)
_SURROGATES = range(0xD800, 0xE000)
# Marks that belong to the letter before them.
_MARKS = "[^a-zA-Z0-9]{0,4}"
# Whatever is no plain letter or digit may stand before a word.
_BOUNDARY = "(.*[^a-zA-Z0-9])?"
# Characters outside of the basic plane are let through, to be judged by `begins`.
_BEYOND = "\U00010000-\U0010ffff"


def begins(prefix: str, value: str) -> bool:
    """Whether every word of `prefix` begins a word of `value`; a prefix without words must be part of it."""
    typed = _WORD.findall(base_letters(prefix))
    if not typed:
        return base_letters(prefix) in base_letters(value)
    words = _WORD.findall(base_letters(value))
    return all(any(word.startswith(part) for word in words) for part in typed)


def pattern_of(prefix: str) -> str:
    """A Lucene pattern for all values that `begins` takes, by the first two characters of the longest word."""
    words = _WORD.findall(base_letters(prefix))
    if not words:
        return ".*"
    start = max(words, key=len)[:2]
    first = f"[{_characters(start[0], whole=len(start) > 1)}{_BEYOND}]"
    if len(start) == 1:
        return f"{_BOUNDARY}{first}.*"
    both = _characters(start, whole=False)
    joined = f"|[{both}]" if both else ""
    return f"{_BOUNDARY}({first}{_MARKS}[{_characters(start[1], whole=False)}{_BEYOND}]{joined}).*"


def _characters(start: str, whole: bool) -> str:
    """The characters of the basic plane that fold to `start`, or without `whole` to something that begins with it."""
    plain = {start, start.upper()} if len(start) == 1 else set()
    folded = _by_first().get(start[0], ())
    letters = {char for char, text in folded if (text == start if whole else text.startswith(start))}
    return "".join(sorted(plain | letters))


@lru_cache(1)
def _by_first() -> dict[str, list[tuple[str, str]]]:
    """The characters that fold to something else or are letters, by the first character of what they fold to."""
    by_first: dict[str, list[tuple[str, str]]] = {}
    for code in _BASIC_PLANE:
        if code not in _SURROGATES and (text := base_letters(char := chr(code))) and text != char:
            by_first.setdefault(text[0], []).append((char, text))
    return by_first
