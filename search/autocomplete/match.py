"""Where in a product the typed words are, and what they become there. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mappings.folding import fold
from mappings.heads import head_span
from mappings.numbers import holds_digit
from mappings.units import UNITS
from search.autocomplete.input import SHORTEST_BEGINNING
from search.autocomplete.samples import Sampled
from search.text.fuzzy import Fit, fit, measures, singular, tokens_of, words_of

# Different words of one name that complete the last word: "h" is "halcyra" and "headphones".
ALTERNATIVES = 3
# Inks and units that are suggested as no noun. The documents of schema 1 take them for one, so that queries must too.
_NO_NOUNS = frozenset(["cyan", "magenta", "khz", "kwh", "ppi", "psi"])
# Between the words of a phrase. A comma ends one.
_PHRASE = re.compile(r"[\w\s'’\"″”.&/+-]*")


class NameWords:
    """The words of a product's folded name, and which of them says what it is: the place of its `noun`.

    That is the head of the name, as the index has it; a brand is one only where there is no other.
    """

    def __init__(self, name: str, brand: str | None = None) -> None:
        self.name = name
        self.tokens = tokens_of(name)
        self.noun = self._noun(brand)

    def _noun(self, brand: str | None) -> int | None:
        """The place of the word that the head is, or is a part of."""
        span = head_span(self.name, fold(brand) if brand else None, _NO_NOUNS)
        if span is None:
            return None
        place = next(place for place, token in enumerate(self.tokens) if token.end > span[0])
        # "150 bar", and not "chocolate bar".
        return None if self.is_unit(place) else place

    def noun_text(self) -> str:
        """With what a hyphen joins to it: 't-shirt'."""
        last = first = self.noun or 0
        while first and self.name[self.tokens[first - 1].end : self.tokens[first].start] == "-":
            first -= 1
        return self.text(first, last)

    def text(self, first: int, last: int) -> str:
        return self.name[self.tokens[first].start : self.tokens[last].end]

    def is_phrase(self, first: int, last: int) -> bool:
        """Whether the words between these belong together, and say no measure."""
        return _PHRASE.fullmatch(self.text(first, last)) is not None and not any(
            holds_digit(token.key) for token in self.tokens[first + 1 : last]
        )

    def is_unit(self, place: int) -> bool:
        """Whether it is the unit of the number before it."""
        return place > 0 and self.tokens[place].key in UNITS and holds_digit(self.tokens[place - 1].key)

    def measures(self, part: str) -> Iterator["Piece"]:
        """A number with its unit, however it is written: '13inch' in '13" laptop'."""
        for start, end in measures(part, self.name):
            inside = [place for place, token in enumerate(self.tokens) if start <= token.start < end]
            if inside:
                yield Piece(self.name[start:end], Fit.WHOLE, inside[0], inside[-1])


@lru_cache(1024)
def name_words(name: str, brand: str | None = None) -> NameWords:
    """(The same popular names come again and again.)"""
    return NameWords(name, brand)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one typed word becomes: words `first` to `last` of the name, or text from elsewhere."""

    text: str
    fit: Fit
    first: int = -1
    last: int = -1
    brand: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """What all typed words become. `together`: they stand side by side in the name. `errors` are words mistyped;
    `completed` is what the last one becomes; `literal`: it is typed whole, right behind the word before it."""

    text: str
    places: frozenset[int]
    together: bool
    brand: bool
    errors: int
    completed: str
    literal: bool

    @property
    def first(self) -> int:
        return min(self.places)

    @property
    def last(self) -> int:
        return max(self.places)


def complete(reading: Sequence[str], product: Sampled, name: NameWords, *, typos: bool) -> list[Completion]:
    """What the typed words become in this product, by different completions of the last one."""
    before: list[Piece] = []
    for part in reading[:-1]:
        options = _pieces(part, product, name, typos=typos)
        # A word that the product has elsewhere, as an attribute perhaps, stays as it is typed.
        before.append(max(options, key=_rank) if options else Piece(part, Fit.WHOLE))
    taken = {place for piece in before for place in range(piece.first, piece.last + 1) if piece.first >= 0}
    last = [piece for piece in _pieces(reading[-1], product, name, typos=typos) if piece.first not in taken]
    if any(piece.fit is not Fit.TYPO for piece in last):
        last = [piece for piece in last if piece.fit is not Fit.TYPO]
    # A word that is typed whole behind the one before it is meant, however short it is: 'usb c'. Then the noun is.
    last.sort(key=lambda piece: (_follows(piece, taken), piece.first == name.noun, _rank(piece)), reverse=True)
    return [_joined([*before, piece], name, literal=_follows(piece, taken)) for piece in last[:ALTERNATIVES]]


def _follows(piece: Piece, taken: set[int]) -> bool:
    return piece.fit is Fit.WHOLE and piece.first - 1 in taken


def _rank(piece: Piece) -> tuple[Fit, bool]:
    """Better fits first, and words of the name before others."""
    return piece.fit, piece.first >= 0


def _pieces(part: str, product: Sampled, name: NameWords, *, typos: bool) -> list[Piece]:
    completions = [*_named(part, name, typos=typos), *name.measures(part)]
    if not completions and product.brand and any(fit(part, word, typos=typos) for word in words_of(product.brand)):
        return [Piece(product.brand.lower(), Fit.BEGINS, brand=True)]
    return completions


def _named(part: str, name: NameWords, *, typos: bool) -> Iterator[Piece]:
    seen: set[str] = set()
    initial = part[0]
    for place, token in enumerate(name.tokens):
        if token.key[0] != initial:
            continue
        how = fit(part, token.key, typos=typos)
        if how:
            if token.key not in seen and not (len(part) < SHORTEST_BEGINNING and name.is_unit(place)):
                seen.add(token.key)
                yield Piece(name.text(place, place), how, place, place)
        elif part.startswith(token.key) and place + 1 < len(name.tokens):
            # 'headset' is found in 'Head Set'.
            joined = token.key + name.tokens[place + 1].key
            if joined.startswith(singular(part)):
                how = Fit.WHOLE if len(joined) <= len(part) else Fit.BEGINS
                yield Piece(name.text(place, place + 1), how, place, place + 1)


def _joined(pieces: Sequence[Piece], name: NameWords, *, literal: bool) -> Completion:
    """In the order of the name where the words stand side by side in it; as typed otherwise, with the noun last."""
    places = frozenset(place for piece in pieces if piece.first >= 0 for place in range(piece.first, piece.last + 1))
    named = bool(places) and all(piece.first >= 0 for piece in pieces)
    together = named and max(places) - min(places) + 1 == len(places) and name.is_phrase(min(places), max(places))
    if together:
        text = name.text(min(places), max(places))
    else:
        ordered = sorted(pieces, key=lambda piece: name.noun is not None and piece.first <= name.noun <= piece.last)
        text = " ".join(dict.fromkeys(piece.text for piece in ordered))
    errors = sum(piece.fit is Fit.TYPO for piece in pieces)
    return Completion(text, places, together, any(piece.brand for piece in pieces), errors, pieces[-1].text, literal)
