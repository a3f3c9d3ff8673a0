"""What words a name holds beside those that its text analysis finds: the thing that it names, and joined neighbours."""

import re
from collections.abc import Collection
from functools import lru_cache
from itertools import pairwise

from mappings.folding import without_marks
from mappings.numbers import holds_digit

# What follows is said about the thing, and is not the thing.
# (One set of first characters for all that can follow: the expression is searched for in half the time.)
_AFTER = re.compile(
    r"[\s,(\[|;](?:(?<=[,(\[|;])|[-–—]\s|(?i:for|with|without|w/|w/o|in|by|from|that|which|und|and|&|incl)\s)"
)
# Behind these a name goes on; behind the others it says what the thing is for, or has. "in" only as in "3 in 1".
_GOES_ON = frozenset([*",([|;-–—", "in", "by", "und", "and", "&"])
# Stands for the brand: no letter, so no noun.
_BRAND = "\0"
_MASK = f" {_BRAND} "
_ALSO = re.compile(r"\s*[,/&]\s*|\s+and\s+", re.IGNORECASE)
_ANY = re.compile(r"[^\W_]+")
# Letters and digits of ASCII in lower case, and a space for everything else.
_ASCII_WORDS = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128)).encode().ljust(256)
_WORD = re.compile(r"[^\W\d_]{2,}")
# Words that stand behind the noun in product names and are not one.
_QUALITIES = (
    "black white grey gray silver gold red blue green yellow orange purple pink brown beige navy teal ivory cream"
    " charcoal burgundy turquoise bronze copper rose transparent clear multicolour multicolor"
    " men mens women womens unisex kids boys girls adult small medium large mini max pro plus original new"
    " the series edition version generation renewed refurbished model set pack piece pieces pcs size colour color"
    " dpi ppm pixels pixel inch inches ansi lumens mhz ghz rpm mah gsm pages watt watts"
)
QUALITIES = frozenset(_QUALITIES.split())
# Words that say how a thing is, wherever they stand.
_ADJECTIVES = (
    "adjustable bluetooth compatible cordless disposable foldable portable rechargeable reusable universal waterproof"
    " wireless"
)
_NO_NOUNS = QUALITIES | frozenset(_ADJECTIVES.split())
MIN_NOUN_CHARACTERS = 3
# Shorter words that are things; other ones are units, sizes and beginnings.
_SHORT_NOUNS = frozenset(["tv", "pc"])


def may_be_noun(word: str, besides: Collection[str] = ()) -> bool:
    """Whether a word can say what a thing is; those of `besides`, in lower case, can't."""
    plain = word.lower()
    long_enough = len(word) >= MIN_NOUN_CHARACTERS or plain in _SHORT_NOUNS
    return long_enough and plain not in _NO_NOUNS and plain not in besides


def head_of(name: str, brand: str | None = None) -> str | None:
    """'Norvane 15 inch Laptop Bag, black' and 'Bag for Laptops 15' -> 'Bag': the last noun of the part that names.

    '(2 Pack) Phone Charger' and '3 in 1 Charger' are chargers: where the first part has neither noun nor brand, the
    next one names, but not what it is for. A brand is no noun unless there is no other, and what holds a digit never
    is. None where there is none.
    """
    masked = _brand(brand).sub(_MASK, name) if brand else name
    span = _head(masked)
    if span is None and brand:
        masked, span = name, _head(name)
    return None if span is None else masked[span[0] : span[1]]


def head_span(name: str, brand: str | None = None, besides: Collection[str] = ()) -> tuple[int, int] | None:
    """Where the head of a name stands in it, from its first character to behind its last one.

    `besides` are more words that are no nouns, in lower case.
    """
    masks = list(_brand(brand).finditer(name)) if brand else []
    span = _head(_brand(brand).sub(_MASK, name), besides) if brand and masks else None
    if span is None:
        return _head(name, besides)
    longer = 0  # than the name, is the masked one up to here
    for mask in masks:
        if mask.start() + longer < span[0]:
            longer += len(_MASK) - len(mask[0])
    return span[0] - longer, span[1] - longer


def _head(name: str, besides: Collection[str] = ()) -> tuple[int, int] | None:
    start = 0
    while True:
        match = _AFTER.search(name)
        part = name if match is None else name[: match.start()]
        span = _last_noun(part, besides)
        if span is not None:
            return start + span[0], start + span[1]
        if match is None or _BRAND in part:
            return None
        separator = match[0].strip().lower()
        if separator not in _GOES_ON or (separator == "in" and not name[match.end() :][:1].isdigit()):
            return None
        # What it is for may follow at once: '(for Laptops)'.
        name = f" {name[match.end() :]}"
        start += match.end() - 1


@lru_cache(4096)
def _brand(brand: str) -> re.Pattern[str]:
    """Finds a brand wherever it stands as words of its own."""
    return re.compile(rf"(?<!\w){re.escape(brand)}(?!\w)", re.IGNORECASE)


def _last_noun(text: str, besides: Collection[str]) -> tuple[int, int] | None:
    for behind, part in enumerate(reversed(text.split())):
        if holds_digit(part):
            continue
        words: list[str] = [part] if part.isalpha() else _WORD.findall(part)
        for last, word in enumerate(reversed(words), 1):
            if may_be_noun(word, besides):
                # Only now is it worth knowing where that is.
                start = len(text.rsplit(None, behind)[0].rstrip()) - len(part)
                start += 0 if word is part else [match.start() for match in _WORD.finditer(part)][-last]
                return start, start + len(word)
    return None


def heads_of_category(name: str) -> list[str]:
    """'Bags & Sleeves' -> 'Bags' and 'Sleeves': what the products of a category are."""
    return [head for part in _ALSO.split(name) if (head := head_of(part)) is not None]


def joined_bigrams(name: str) -> list[str]:
    """Each two neighbours as one word: 'headset' finds 'Head Set', and 'wifi' finds 'Wi-Fi'.

    Letters that are no others with an accent stay: documents of schema 1 have "łodz" for "Łódź".
    """
    words = _ascii_words(name) if name.isascii() else _ANY.findall(without_marks(name.casefold()))
    return [one + two for one, two in pairwise(words)]


def _ascii_words(name: str) -> list[str]:
    """What nearly all names consist of; three times as fast."""
    return name.encode().translate(_ASCII_WORDS).decode().split()
