"""Which picture a product gets: its shape by the noun that its name ends in, its tint by the colour it names. Pure."""

from functools import lru_cache
from urllib.parse import quote
from zlib import crc32

from storefront.pictures.drawing import VIEWS
from storefront.pictures.nouns import SHAPE_BY_NOUN, spelled
from storefront.pictures.tints import MIXED, TINTS

_LONGEST = max(noun.count(" ") for noun in SHAPE_BY_NOUN) - 1


def picture_address(name: str, category: str, color: str = "", view: int = 0) -> str:
    """'/pictures/phone-case-navy-0.svg'. `category`: a slug path; `color` comes before one that the name tells."""
    shape, tint = _shape(name, category), _tint(name, color)
    return f"/pictures/{quote(shape.replace(' ', '_'))}-{tint.replace(' ', '_')}-{view % VIEWS}.svg"


def swatch(color: str) -> str | None:
    """The colour of a sample beside a colour's name, '#rrggbb'; None for a name that is none."""
    return TINTS.get(color.casefold().strip())


@lru_cache(maxsize=4096)
def _shape(name: str, category: str) -> str:
    """By the head noun: in "Laptop Bag, Black" the bag. Where the name has none, by the category, leaf first."""
    for text in (name.partition(", ")[0].partition(" for ")[0], *reversed(category.replace("-", " ").split("/"))):
        words = spelled(text).split()
        for end in range(len(words), 0, -1):
            for start in range(max(0, end - _LONGEST), end):
                shape = SHAPE_BY_NOUN.get(f" {' '.join(words[start:end])} ")
                if shape:
                    return shape
    return "box"


@lru_cache(maxsize=4096)
def _tint(name: str, color: str) -> str:
    if color.casefold() in TINTS:
        return color.casefold()
    for part in reversed([color, *name.split(", ")]):
        words = part.casefold().split()
        for size in (2, 1):
            for start in range(len(words) - size, -1, -1):
                if (tint := " ".join(words[start : start + size])) in TINTS:
                    return tint
    return MIXED[crc32(name.encode(errors="replace")) % len(MIXED)]
