"""What has been typed so far, as words of which the last one is unfinished. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from mappings.identifiers import normalise_identifier
from mappings.numbers import holds_digit
from search.planning.context import SearchContext
from search.request import AutocompleteRequest
from search.text.fuzzy import edits_allowed, words_of
from search.text.synonyms import NO_SYNONYMS, Synonyms, apply
from search.text.words import STOP_WORDS, Words, read_words

# More words are a whole question: there is nothing left to complete.
MOST_WORDS = 8
# A word before the last one that is as short is a word, not the beginning of one: "tv", "4k", "a".
SHORTEST_BEGINNING = 3
# The beginning of a sku, model number or GTIN, from as many characters on; shorter ones begin too many.
SHORTEST_MIXED = 3
SHORTEST_DIGITS = 6
# Other words for what is typed, by synonyms.
MOST_ALSO = 4


@dataclass(frozen=True, slots=True)
class AutocompleteQuery:
    """What has been typed, as it is understood.

    request: what is asked for.
    context: when, and what is known of the catalogue.
    parts: the words in one spelling, numbers and units joined, none twice.
    exact: parts of what may be a model number: these are never mistyped.
    identifier: the text as the beginning of an identifier, "" for words.
    also: the words said in other ways.
    """

    request: AutocompleteRequest
    context: SearchContext
    parts: tuple[str, ...]
    exact: frozenset[str]
    identifier: str
    also: tuple[tuple[str, ...], ...] = ()

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
        """The words, the words with two neighbours read as one ('head set' as 'headset'), and by their synonyms."""
        parts = self.parts
        joined = [
            (*parts[:place], parts[place] + parts[place + 1], *parts[place + 2 :]) for place in range(len(parts) - 1)
        ]
        return [parts, *joined, *self.also]


def read_typed(
    request: AutocompleteRequest, context: SearchContext, synonyms: Synonyms = NO_SYNONYMS
) -> AutocompleteQuery:
    """How a request is understood."""
    read = read_words(request.q, request.language)
    words = read.text.split()
    # A search leaves out "for" and "with"; as the last word they may become another one.
    words = [word for word in words[:-1] if word not in STOP_WORDS[request.language]] + words[-1:]
    exact = frozenset(part for word in words if holds_digit(word) for part in words_of(word))
    also = _also(apply(synonyms, read))
    return AutocompleteQuery(request, context, _parts(words), exact, _identifier(request.q), also)


def _parts(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for word in words for part in words_of(word)))


def _also(words: Words) -> tuple[tuple[str, ...], ...]:
    """The words, with one of them or a run of them said in another way."""
    texts = [word.text for word in words.wanted]
    same = [(place, place + 1, word.same) for place, word in enumerate(words.wanted)]
    same += [(span.first, span.last, span.same) for span in words.spans]
    variants = [_parts([*texts[:first], text, *texts[last:]]) for first, last, others in same for text in others]
    return tuple(dict.fromkeys(filter(None, variants)))[:MOST_ALSO]


def _identifier(q: str) -> str:
    """The text as the beginning of an identifier; "" where it can't be one, because words have no digits."""
    spelled = normalise_identifier(q)
    if not holds_digit(spelled):
        return ""
    return spelled if len(spelled) >= (SHORTEST_DIGITS if spelled.isdigit() else SHORTEST_MIXED) else ""
