"""What a shopper has typed, as words: folded, with numbers and their units joined, stop words told apart. Pure."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from mappings.numbers import holds_digit
from search.text import units as measures

# More words than any question has; what follows is left out, so that no text costs more than a long question.
MAX_WORDS = 24
# Words in all readings of a question together: Elasticsearch refuses a query of too many clauses, and each of these is
# several. Up to eight words, each two neighbours are read as one; of more words, the first ones.
MAX_SLOTS = 72
# A shorter or numeric word is never taken for a typing error, and never joined with its neighbour.
SHORTEST_JOINED = 4
# A word of a longer query that may be an identifier. "1440" is a number like any other; so many digits are a GTIN.
SHORTEST_MIXED = 4
SHORTEST_DIGITS = 8
# Of a longer question, a number is looked for as it is typed alone: each spelling of it costs as much as a word.
MEASURED_WORDS = 8
# A word that no product holds may be two words without the space between them.
SHORTEST_PART = 3
LONGEST_SPLIT = 32
_EDGE = re.compile(r"^[^\w&+#]+|[^\w&+#]+$")
_NOT_WORD = re.compile(r"[\W_]+")

# Words that say how other words belong together. "without", "no" and "not" are not among them: they mean something.
# Nor are words that name things as well: a "trash can", a "US plug", a perfume "for her", "our generation".
STOP_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a an the of for with in on to and or by at from my me is are be been was were as than that these those"
        " which whose its has have had do does did",
        "de": "der die das den dem des ein eine einen einem einer für mit in im am an auf zum zur von und oder aus bei",
        "fr": "le la les l un une des du de d pour avec en dans au aux sur et ou par",
        "es": "el la los las un una unos unas de del para con en por y o al",
        "it": "il lo la i gli le un uno una di del della dei per con in da su e o al",
        "nl": "de het een van voor met in op te en of uit bij",
        "pt": "o a os as um uma de do da dos das para com em no na por e ou ao",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word as typed, and other texts that mean the same (each may be several words).

    `same` are its synonyms, `also` the same measure in other spellings, `split` the two words that it may be.
    """

    text: str
    same: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    split: tuple[str, ...] = ()

    @property
    def joined(self) -> str:
        """'wi-fi' -> 'wifi'; the word itself where nothing separates its parts."""
        return self.text if self.text.isalnum() else _NOT_WORD.sub("", self.text)

    @property
    def numeric(self) -> bool:
        """Whether it holds a digit: such words are kept exactly as they are."""
        return holds_digit(self.text)


@dataclass(frozen=True, slots=True)
class Span:
    """Words `first` to `last` (not included) read as the one word `text`, or as one of `same`, which mean the same."""

    first: int
    last: int
    text: str
    same: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """`wanted` are the words that a product should hold; `left_out` those beyond MAX_WORDS. `text` is all of it."""

    text: str = ""
    wanted: tuple[Word, ...] = ()
    spans: tuple[Span, ...] = ()
    left_out: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted)

    @property
    def synonyms(self) -> dict[str, tuple[str, ...]]:
        """What is also looked for, by the word or the run of words that it stands for."""
        words = {word.text: word.same for word in self.wanted if word.same}
        return words | {span.text: span.same for span in self.spans if span.same}

    @property
    def said(self) -> str:
        """The text, and behind it what is also looked for."""
        synonyms = (text for same in self.synonyms.values() for text in same)
        others = (text for word in self.wanted for text in (*word.also, *word.split))
        return " ".join([self.text, *dict.fromkeys([*synonyms, *others])])

    def readings(self) -> list[list[tuple[Word, int, int]]]:
        """The words, and the words with one span of them read as one; each with its place, `first` to `last`.

        Spans with synonyms never overlap and hold their own words: they are read all together.
        """
        plain = [(word, place, place + 1) for place, word in enumerate(self.wanted)]
        joined = [[span] for span in self.spans if not span.same]
        meant = [span for span in self.spans if span.same]
        return [plain, *(_read_as(plain, spans) for spans in (*joined, meant) if spans)]


def _read_as(plain: list[tuple[Word, int, int]], spans: list[Span]) -> list[tuple[Word, int, int]]:
    reading = list(plain)
    for span in sorted(spans, key=lambda span: -span.first):
        reading[span.first : span.last] = [(Word(span.text, span.same), span.first, span.last)]
    return reading


@lru_cache(1024)
def read_words(text: str, language: str = "en") -> Words:
    """The words of a text that a request has cleaned; none for a text without letters, digits or symbols."""
    folded = unicodedata.normalize("NFKC", text)
    folded = measures.joined(folded)
    trimmed = (part if part.isalnum() else _EDGE.sub("", part) for part in folded.split())
    # What has no letter and no digit is no word in an index either.
    parts = [part for part in trimmed if any(map(str.isalnum, part))]
    texts = list(dict.fromkeys(part.lower() for part in parts))
    stop = STOP_WORDS[language]
    # A text of stop words alone means them.
    meant = [part for part in texts if part not in stop] or texts
    wanted = tuple(map(Word, meant[:MAX_WORDS]))
    if len(meant) <= MEASURED_WORDS:
        unsaid = len(meant) > 1  # a number alone is no size of anything
        wanted = tuple(Word(word.text, also=measures.spellings(word.text, unsaid=unsaid)) for word in wanted)
    return Words(" ".join(parts).lower(), wanted, _neighbours(wanted), tuple(meant[MAX_WORDS:]))


def _neighbours(wanted: tuple[Word, ...]) -> tuple[Span, ...]:
    """'head set' is also 'headset': each two neighbours, read as one word."""
    spans = []
    for first in range(len(wanted) - 1):
        one, two = wanted[first].joined, wanted[first + 1].joined
        joined = one + two
        # "4 k", "ps 5": a short word is one with the number beside it.
        if len(joined) >= SHORTEST_JOINED or one.isdigit() != two.isdigit():
            spans.append(Span(first, first + 2, joined))
    return tuple(spans[: MAX_SLOTS // len(wanted) - 1]) if wanted else ()


def change(
    words: Words, corrections: Mapping[str, str], dropped: Collection[str], split: Collection[str] = ()
) -> Words:
    """The words with some of them corrected, some dropped and some read as two, and the text likewise."""
    wanted = tuple(
        Word(corrected)
        if (corrected := corrections.get(word.text))
        else replace(word, split=splits_of(word.text))
        if word.text in split
        else word
        for word in words.wanted
        if word.text not in dropped
    )
    text = " ".join(corrections.get(part, part) for part in words.text.split() if part not in dropped)
    # Neighbours read as one word besides would be too many readings.
    return replace(words, text=text, wanted=wanted, spans=() if split else _neighbours(wanted))


def splits_of(text: str) -> tuple[str, ...]:
    """'headphonesbluetooth' as two words, wherever a space may be missing; none where that can't be."""
    if not text.isalpha() or len(text) > LONGEST_SPLIT:
        return ()
    return tuple(f"{text[:at]} {text[at:]}" for at in range(SHORTEST_PART, len(text) - SHORTEST_PART + 1))


def looks_identifying(part: str) -> bool:
    """Whether a normalised text is like a model number or a GTIN, and unlike a word or a plain number."""
    digits = sum(map(str.isdigit, part))
    mixed = digits > 0 and any(map(str.isalpha, part))
    return (mixed and len(part) >= SHORTEST_MIXED) or (digits == len(part) >= SHORTEST_DIGITS)
