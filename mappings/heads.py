"""What words a name holds beside those that its text analysis finds: the thing that it names, and joined neighbours."""

import re
from functools import lru_cache
from itertools import pairwise

from mappings.identifiers import fold

# What follows is said about the thing, and is not the thing.
# (One set of first characters for all that can follow: the expression is searched for in half the time.)
_AFTER = re.compile(
    r"[\s,(\[|;](?:(?<=[,(\[|;])|[-–—]\s|(?i:for|with|without|w/|w/o|in|by|from|that|which|und|and|&|incl)\s)"
)
# Behind these a name goes on; behind the others it says what the thing is for, or has. "in" only as in "3 in 1".
_GOES_ON = frozenset([*",([|;-–—", "in", "by", "und", "and", "&"])
# Stands for the brand: no letter, so no noun.
_BRAND = "\0"
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


def may_be_noun(word: str) -> bool:
    """Whether a word can say what a thing is."""
    plain = word.lower()
    return (len(word) >= MIN_NOUN_CHARACTERS or plain in _SHORT_NOUNS) and plain not in _NO_NOUNS


def head_of(name: str, brand: str | None = None) -> str | None:
    """'Norvane 15 inch Laptop Bag, black' and 'Bag for Laptops 15' -> 'Bag': the last noun of the part that names.

    '(2 Pack) Phone Charger' and '3 in 1 Charger' are chargers: where the first part has neither noun nor brand, the
    next one names, but not what it is for. A brand is no noun unless there is no other, and what holds a digit never
    is. None where there is none.
    """
    head = _head(_brand(brand).sub(f" {_BRAND} ", name)) if brand else None
    return _head(name) if head is None else head


def _head(name: str) -> str | None:
    while True:
        match = _AFTER.search(name)
        part = name if match is None else name[: match.start()]
        head = _last_noun(part)
        if head is not None or match is None or _BRAND in part:
            return head
        separator = match[0].strip().lower()
        if separator not in _GOES_ON or (separator == "in" and not name[match.end() :][:1].isdigit()):
            return None
        # What it is for may follow at once: '(for Laptops)'.
        name = f" {name[match.end() :]}"


@lru_cache(4096)
def _brand(brand: str) -> re.Pattern[str]:
    """Finds a brand wherever it stands as words of its own."""
    return re.compile(rf"(?<!\w){re.escape(brand)}(?!\w)", re.IGNORECASE)


def _last_noun(text: str) -> str | None:
    for part in reversed(text.split()):
        if any(map(str.isdigit, part)):
            continue
        words: list[str] = [part] if part.isalpha() else _WORD.findall(part)
        for word in reversed(words):
            if may_be_noun(word):
                return word
    return None


def heads_of_category(name: str) -> list[str]:
    """'Bags & Sleeves' -> 'Bags' and 'Sleeves': what the products of a category are."""
    return [head for part in _ALSO.split(name) if (head := head_of(part)) is not None]


def joined_bigrams(name: str) -> list[str]:
    """Each two neighbours as one word: who searches for 'headset' finds 'Head Set', and 'wifi' finds 'Wi-Fi'."""
    return [one + two for one, two in pairwise(_ascii_words(name) if name.isascii() else _ANY.findall(fold(name)))]


def _ascii_words(name: str) -> list[str]:
    """What nearly all names consist of; three times as fast."""
    return name.encode().translate(_ASCII_WORDS).decode().split()
