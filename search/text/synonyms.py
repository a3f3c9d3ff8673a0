"""Synonyms: entries compiled to a frozen lookup, and what words of a query mean by it. Pure.

A run of words and a term of an entry are the same when their keys are: without case, accents, plural, stop words, and
what separates the parts of a compound ("T-shirts" and "t shirt", "head set" and "headset").
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from mappings.folding import base_letters
from mappings.identifiers import normalise_identifier
from mappings.numbers import holds_digit
from mappings.plurals import SINGULARS, WORDS
from search.text.words import Span, Words, looks_identifying, read_words

Kind = Literal["two_way", "one_way"]

# Words of a query that are looked up together.
LONGEST_RUN = 5
# Each word of an alternative is looked for once in each reading of the query: so many in all, however many entries
# there are. A question of one word has room for the largest entry, a very long one still for a few words.
BUDGET = 100
# Of all alternatives together: a cursor remembers them.
MAX_CHARACTERS = 1000

# The signs tell words apart: c, c++, c#.
_PARTS = re.compile(r"[^\W_]+[+#]*")
_BETWEEN_NUMBERS = re.compile(r"(?<=\d) (?=\d)")
_POSSESSIVE = re.compile(r"['’]s\b")
# 1080p, 128gb, 13inch: a measure, though it looks like a model number.
_MEASURE = re.compile(r"\d+([.,]\d+)?[a-z]{1,4}")
SHORTEST_PLURAL = 3
SHORTEST_IE = 4
# Nearly all terms are those of the last time: a change of one entry among thousands is compiled in a moment.
REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Term:
    """What a query says or may say instead."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Synonyms:
    """For each key, the groups of terms that it may be replaced by. A group is shared by all keys of its entry."""

    groups: Mapping[str, tuple[tuple[Term, ...], ...]] = field(default_factory=lambda: MappingProxyType({}))

    def alternatives(self, key: str) -> tuple[str, ...]:
        """Other texts for it, each once, in the order of the entries."""
        terms = {term.key: term.text for group in self.groups.get(key, ()) for term in group}
        terms.pop(key, None)
        return tuple(terms.values())


NO_SYNONYMS = Synonyms()


def compile_synonyms(entries: Iterable[tuple[Kind, Iterable[str]]]) -> Synonyms:
    """A two-way entry's terms replace each other; of a one-way entry, the first is replaced by the others."""
    groups: dict[str, list[tuple[Term, ...]]] = {}
    for kind, texts in entries:
        terms = tuple(filter(None, map(_term, texts)))
        replaced = terms if kind == "two_way" else terms[:1]
        replacing = terms if kind == "two_way" else terms[1:]
        for key in dict.fromkeys(term.key for term in replaced):
            groups.setdefault(key, []).append(replacing)
    return Synonyms(MappingProxyType({key: tuple(members) for key, members in groups.items()}))


def apply(synonyms: Synonyms, words: Words) -> Words:
    """The words with what each, or each run of them, may also be. The longest run is taken, words are in one run alone.

    What looks like an identifier stays as it is.
    """
    if not synonyms.groups or not words:
        return words
    parts = [_parts(word.text) for word in words.wanted]
    free = [not _identifies(word.text) for word in words.wanted]
    spans: list[tuple[int, int, tuple[str, ...]]] = []
    for length in range(min(LONGEST_RUN, len(parts)), 0, -1):
        for first in range(len(parts) - length + 1):
            last = first + length
            key = _key([part for word in parts[first:last] for part in word])
            if all(free[first:last]) and (texts := synonyms.alternatives(key)):
                spans.append((first, last, texts))
                free[first:last] = [False] * length
    return _with(words, spans)


def restore(words: Words, applied: Mapping[str, Iterable[str]]) -> Words:
    """The words with the very synonyms that `Words.synonyms` told at an earlier time."""
    texts = [word.text for word in words.wanted]
    spans: list[tuple[int, int, tuple[str, ...]]] = []
    for text, same in applied.items():
        run = text.split()
        places = (first for first in range(len(texts)) if texts[first : first + len(run)] == run)
        if (first := next(places, None)) is not None:
            spans.append((first, first + len(run), tuple(same)))
    return _with(words, spans)


def _with(words: Words, alternatives: list[tuple[int, int, tuple[str, ...]]]) -> Words:
    wanted, spans = list(words.wanted), list(words.spans)
    # Readings: the words as they are, each span of neighbours, and all runs with alternatives together.
    left, characters = BUDGET // (len(spans) + 2), MAX_CHARACTERS
    for first, last, texts in alternatives:
        same: list[str] = []
        for text in texts:
            left, characters = left - text.count(" ") - 1, characters - len(text)
            if left < 0 or characters < 0:
                break
            same.append(text)
        if not same:
            break
        if last - first == 1:
            wanted[first] = replace(wanted[first], same=tuple(same))
        else:
            run = " ".join(word.text for word in words.wanted[first:last])
            spans.append(Span(first, last, run, tuple(same)))
    return replace(words, wanted=tuple(wanted), spans=tuple(spans))


def _identifies(text: str) -> bool:
    return looks_identifying(normalise_identifier(text)) and not _MEASURE.fullmatch(text)


@lru_cache(maxsize=REMEMBERED)
def _term(text: str) -> Term | None:
    """None for a text without words."""
    wanted = read_words(text).wanted
    parts = [part for word in wanted for part in _parts(word.text)]
    return Term(_key(parts), " ".join(word.text for word in wanted)) if parts else None


@lru_cache(maxsize=REMEMBERED)
def _parts(text: str) -> tuple[str, ...]:
    """'T-Shirts' -> ['t', 'shirt']."""
    return tuple(_singular(part) for part in _PARTS.findall(_POSSESSIVE.sub("", base_letters(text))))


def _key(parts: list[str]) -> str:
    """Parts joined, but for two numbers side by side, which are no other number."""
    return _BETWEEN_NUMBERS.sub(".", " ".join(parts)).replace(" ", "")


def _singular(part: str) -> str:
    """English plurals (Harman's S stemmer, and a few more endings); 'hoodie', 'hoodies' and 'hoody' are one."""
    if part in SINGULARS or part in WORDS:
        return SINGULARS.get(part, part)
    if holds_digit(part) or len(part) < SHORTEST_PLURAL:
        return part
    if part.endswith(("xes", "ches", "shes", "sses", "atoes")):
        return part[:-2]
    if part.endswith("s") and not part.endswith(("ss", "us", "is")):
        part = part[:-1]
    if part.endswith("ie") and len(part) > SHORTEST_IE:
        part = part[:-2] + "y"
    # 'mens' is written for "men's".
    return SINGULARS.get(part, part)
