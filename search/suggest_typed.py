"""What has been typed so far, as words of which the last one is unfinished. Pure."""

from dataclasses import dataclass
from datetime import datetime

from mappings.identifiers import normalise_identifier
from search.completion import edits_allowed, is_numeric, words_of
from search.words import STOP_WORDS, read_words

# More words are a whole question: there is nothing left to complete.
MOST_WORDS = 8
# A word before the last one that is as short is a word, not the beginning of one: "tv", "4k", "a".
SHORTEST_BEGINNING = 3
# The beginning of a sku, model number or GTIN, from as many characters on; shorter ones begin too many.
SHORTEST_MIXED = 3
SHORTEST_DIGITS = 6
LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Typed:
    """`parts` are the words in one spelling, numbers and units joined, none twice. `identifier` is "" for words.

    `category` is the chosen category (path or id); suggestions are then of products below it. `exact` are parts of what
    may be a model number: these are never mistyped.
    """

    q: str
    now: datetime
    limit: int
    category: str | None
    parts: tuple[str, ...]
    exact: frozenset[str]
    identifier: str

    @property
    def completable(self) -> bool:
        """Whether there is a last word to complete."""
        return 0 < len(self.parts) <= MOST_WORDS

    @property
    def may_be_mistyped(self) -> bool:
        return any(map(self.edits_allowed, self.parts))

    def edits_allowed(self, part: str) -> int:
        return 0 if part in self.exact else edits_allowed(part)

    @property
    def readings(self) -> list[tuple[str, ...]]:
        """The words, and the words with two neighbours read as one: 'head set' as 'headset'."""
        parts = self.parts
        joined = [
            (*parts[:place], parts[place] + parts[place + 1], *parts[place + 2 :]) for place in range(len(parts) - 1)
        ]
        return [parts, *joined]


def read_typed(q: str, limit: int, category: str | None, now: datetime) -> Typed:
    """`q` is text that a request has cleaned."""
    words = read_words(q).text.split()
    # A search leaves out "for" and "with"; as the last word they may become another one.
    words = [word for word in words[:-1] if word not in STOP_WORDS[LANGUAGE]] + words[-1:]
    parts = tuple(dict.fromkeys(part for word in words for part in words_of(word)))
    exact = frozenset(part for word in words if is_numeric(word) for part in words_of(word))
    return Typed(q, now, limit, category, parts, exact, _identifier(q))


def _identifier(q: str) -> str:
    """The text as the beginning of an identifier; "" where it can't be one, because words have no digits."""
    spelled = normalise_identifier(q)
    if not is_numeric(spelled):
        return ""
    return spelled if len(spelled) >= (SHORTEST_DIGITS if spelled.isdigit() else SHORTEST_MIXED) else ""
