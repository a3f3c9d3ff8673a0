"""Whether what is typed completes to a word or to a name: as whole words, as beginnings, or with typing errors.

This is the tolerance of the queries of `search.autocomplete.samples`, for texts that come back from them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from rapidfuzz.distance import OSA

from mappings.folding import fold
from mappings.numbers import holds_digit
from mappings.plurals import SINGULARS, WORDS

# No edit in shorter words, one edit up to the second length, then two.
TYPO_FROM = 3
TWO_TYPOS_FROM = 8
# A longer word, in UTF-16 code units, is looked for as it is typed: the patterns of its errors would be too long.
TYPO_UNTIL = 16

_WORD = re.compile(r"\w+(?:['’]\w+|(?<=\d)[.,]\d+)*")
_APOSTROPHE = re.compile("['’]")
_INCHES = r"(?:inch(?:es)?\b|''|[\"″”])"
_MEASURE = re.compile(r"(\d+(?:[.,]\d+)?)([a-z]+)")


class Fit(IntEnum):
    """How well a word completes what is typed; better ones are greater."""

    NONE = 0
    TYPO = 1
    BEGINS = 2
    WHOLE = 3


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: folded and without apostrophes, and where it stands."""

    key: str
    start: int
    end: int


@lru_cache(8192)
def tokens_of(text: str) -> tuple[Token, ...]:
    """The words of a text in their order, as an index splits it. (The same names are shown key after key.)"""
    return tuple(Token(key_of(match[0]), match.start(), match.end()) for match in _WORD.finditer(text))


def key_of(word: str) -> str:
    """A word as words are compared: without case, accents and apostrophes."""
    folded = fold(word)
    return folded if folded.isalnum() else _APOSTROPHE.sub("", folded)


@lru_cache(8192)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, folded."""
    return tuple(key_of(word) for word in _WORD.findall(text))


@lru_cache(8192)
def singulars_of(text: str) -> frozenset[str]:
    """The different words of a text, each in one spelling of singular and plural."""
    return frozenset(map(singular, words_of(text)))


def measures(part: str, text: str) -> list[tuple[int, int]]:
    """Where a number stands with its unit, however that is written: '13inch' in '13" laptop'."""
    measure = _MEASURE.fullmatch(part)
    if measure is None:
        return []
    unit = _INCHES if measure[2] == "inch" else re.escape(measure[2]) + r"\b"
    return [match.span() for match in re.finditer(rf"(?<![\w.]){re.escape(measure[1])}[\s-]?{unit}", text)]


@lru_cache(8192)
def singular(word: str) -> str:
    """One spelling of singular and plural: 'batteries' -> 'battery', 'dresses' -> 'dress', 'shoes' -> 'shoe'."""
    if irregular := SINGULARS.get(word):
        return irregular
    if len(word) < 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")) or word in WORDS:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    return word[:-1]


def edits_allowed(part: str) -> int:
    """How many typing errors a word that is being typed may hold."""
    if len(part) < TYPO_FROM or holds_digit(part) or len(part.encode("utf-16-le")) > 2 * TYPO_UNTIL:
        return 0
    return 1 if len(part) < TWO_TYPOS_FROM else 2


def fit(part: str, word: str, *, typos: bool = True) -> Fit:
    """How well the folded `word` completes the folded `part`. An error in the first letter is not tolerated."""
    if part[:1] != word[:1]:
        return Fit.NONE
    if word.startswith(part):
        return Fit.WHOLE if len(word) == len(part) else Fit.BEGINS
    if singular(part) == singular(word):
        return Fit.WHOLE
    edits = edits_allowed(part) if typos else 0
    return Fit.TYPO if edits and _begins_nearly(part, word, edits) else Fit.NONE


def best_fit(part: str, words: Sequence[str], *, typos: bool = True) -> tuple[Fit, str | None]:
    """The first of the words that complete `part` best."""
    best, nearest = Fit.NONE, None
    initial = part[:1]
    # Nearly all words begin otherwise.
    near = [word for word in words if word[:1] == initial]
    # Errors are counted only where nothing fits without one.
    for mistyped in (False, True) if typos else (False,):
        for word in near:
            if (how := fit(part, word, typos=mistyped)) > best:
                best, nearest = how, word
        if best:
            break
    return best, nearest


def completes(typed: str, name: str, *, typos: bool = True) -> bool:
    """Whether every word typed is the beginning of a word of `name`."""
    return all_fit(words_of(typed), words_of(name), typos=typos)


def all_fit(parts: Sequence[str], words: Sequence[str], *, typos: bool = True) -> bool:
    """Whether every part is the beginning of one of the words."""
    return all(best_fit(part, words, typos=typos)[1] is not None for part in parts)


def typed_length(part: str, word: str) -> int:
    """How much of the `word` that completes `part` is typed already."""
    if word.startswith(part):
        return len(part)
    if singular(part) == singular(word):
        return len(word)
    lengths = range(min(len(word), len(part) + edits_allowed(part)) + 1)
    # The longest of the nearest beginnings: 'mose' is all of 'mouse', and not all of 'mous' with another end.
    return max(lengths, key=lambda length: (-distance(part, word[:length]), length))


def distance(part: str, word: str) -> int:
    """The fewest edits (a swap of neighbours is one) that turn one word into the other.

    Source: optimal string alignment distance; L. Boytsov, "Indexing methods for approximate dictionary searching:
    comparative analysis", ACM Journal of Experimental Algorithmics 16, 2011.
    """
    return OSA.distance(part, word)


def _begins_nearly(part: str, word: str, edits: int) -> bool:
    """Whether so many edits turn `part` into a beginning of `word`; of another length than these, none can."""
    lengths = range(max(0, len(part) - edits), min(len(word), len(part) + edits) + 1)
    return any(OSA.distance(part, word[:length], score_cutoff=edits) <= edits for length in lengths)
