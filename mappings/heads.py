"""What words a name holds beside those that its text analysis finds: the thing that it names, and joined neighbours."""

import re
from itertools import pairwise

from mappings.identifiers import fold

# What follows is said about the thing, and is not the thing.
# (One set of first characters for all that can follow: the expression is searched for in half the time.)
_AFTER = re.compile(
    r"[\s,(\[|;](?:(?<=[,(\[|;])|[-–—]\s|(?i:for|with|without|w/|in|by|from|that|which|und|and|&|incl)\s)"
)
# Behind these a name goes on; behind the others it says what the thing is for, or has.
_GOES_ON = frozenset(["", *",([|;-–—", "in"])
_ALSO = re.compile(r"\s*[,/&]\s*|\s+and\s+", re.IGNORECASE)
_ANY = re.compile(r"[^\W_]+")
# Letters and digits of ASCII in lower case, and a space for everything else.
_ASCII_WORDS = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128)).encode().ljust(256)
_WORD = re.compile(r"[^\W\d_]{3,}")
# Words that stand behind the noun in product names and are not one.
_QUALITIES = (
    "black white grey gray silver gold red blue green yellow orange purple pink brown beige navy teal ivory cream"
    " charcoal burgundy turquoise bronze copper rose transparent clear multicolour multicolor"
    " men mens women womens unisex kids boys girls adult small medium large mini max pro plus original new"
    " series edition version model set pack piece pieces pcs size colour color"
    " dpi ppm pixels pixel inch inches ansi lumens mhz ghz rpm mah gsm pages watt watts"
)
QUALITIES = frozenset(_QUALITIES.split())


SHORTEST = 3


def head_of(name: str, brand: str | None = None) -> str | None:
    """'Norvane 15 inch Laptop Bag, black' and 'Bag for Laptops 15' -> 'Bag': the last noun of the part that names.

    '(2 Pack) Phone Charger' and '3 in 1 Charger' are chargers: where the first part has no noun, the next one names,
    but not what it is for. None where there is none. A brand is no noun, nor is what holds a digit.
    """
    if brand:
        name = _without(name, brand)
    found = _AFTER.search(name)
    if found is None:
        return _last_noun(name)
    head = _last_noun(name[: found.start()])
    return head_of(name[found.end() :]) if head is None and found[0].strip().lower() in _GOES_ON else head


def _without(name: str, brand: str) -> str:
    """'Laptop Lenovo X' by Lenovo -> 'Laptop  X'."""
    first = name.lower().find(brand.lower())
    last = first + len(brand)
    if first < 0 or name[first - 1 : first].isalnum() or name[last : last + 1].isalnum():
        return name
    return name[:first] + name[last:]


def _last_noun(text: str) -> str | None:
    for part in reversed(text.split()):
        if any(map(str.isdigit, part)):
            continue
        words: list[str] = [part] if part.isalpha() else _WORD.findall(part)
        for word in reversed(words):
            if len(word) >= SHORTEST and word.lower() not in QUALITIES:
                return word
    return None


def heads_of_category(name: str) -> list[str]:
    """'Bags & Sleeves' -> 'Bags' and 'Sleeves': what the products of a category are."""
    return [head for part in _ALSO.split(name) if (head := head_of(part)) is not None]


def pairs_of(name: str) -> list[str]:
    """Each two neighbours as one word: who searches for 'headset' finds 'Head Set', and 'wifi' finds 'Wi-Fi'."""
    return [one + two for one, two in pairwise(_ascii_words(name) if name.isascii() else _ANY.findall(fold(name)))]


def _ascii_words(name: str) -> list[str]:
    """What nearly all names consist of; three times as fast."""
    return name.encode().translate(_ASCII_WORDS).decode().split()
