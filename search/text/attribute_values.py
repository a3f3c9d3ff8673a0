"""Values of attributes that a question names: 'black' is a colour because products of this catalogue have it. Pure."""

from collections.abc import Iterable, Mapping

from mappings.attributes import SEPARATOR
from mappings.heads import head_of
from mappings.numbers import holds_digit
from search.text.fuzzy import words_of
from search.text.words import STOP_WORDS

# Tokens `name, value` by the words of their value.
Values = Mapping[tuple[str, ...], tuple[str, ...]]
# The same by a text that names the value.
Named = Mapping[str, tuple[str, ...]]

# Words of a value that can be named, and characters of all of it: longer ones are sentences.
LONGEST, LONGEST_TEXT = 3, 60
# Shorter values are codes and sizes.
SHORTEST = 3
# What says yes or no says nothing without its attribute; words that join others name nothing.
_ANSWERS = "true false yes no none not unknown other various ja nein nicht oui non si nao sim nee geen"
_SAYS_NOTHING = frozenset(_ANSWERS.split()).union(*STOP_WORDS.values())
# More values than a question names; more attributes than one value is shared by.
MOST, MOST_TOKENS = 4, 6
# Values of a sample of the catalogue that are read.
TOKENS = 2000


def read_values(tokens: Iterable[str]) -> Values:
    """The values that can be named, from `tokens` of an index, the commonest first.

    Numbers are none: what holds a digit means what it says, wherever it stands.
    """
    values: dict[tuple[str, ...], list[str]] = {}
    for token in tokens:
        value = token.partition(SEPARATOR)[2]
        if SHORTEST <= len(value) <= LONGEST_TEXT and not holds_digit(value):
            words = words_of(value)
            if 0 < len(words) <= LONGEST and not _SAYS_NOTHING.issuperset(words):
                same = values.setdefault(words, [])
                if len(same) < MOST_TOKENS:
                    same.append(token)
    return {words: tuple(same) for words, same in values.items()}


def named_in(text: str, values: Values) -> dict[str, tuple[str, ...]]:
    """The values that a text names, in folded words, with their tokens; longer ones before parts of them.

    What the text is about is none: in "gaming keyboard", a keyboard is what a product is, and gaming what it has.
    """
    words, head = words_of(text), words_of(head_of(text) or "")
    detections: dict[str, tuple[str, ...]] = {}
    at = 0
    while at < len(words) and len(detections) < MOST:
        for length in range(min(LONGEST, len(words) - at), 0, -1):
            run = words[at : at + length]
            if run in values and run[-1:] != head:
                detections[" ".join(run)] = values[run]
                at += length
                break
        else:
            at += 1
    return detections


def attributes_of(named: Named) -> dict[str, list[str]]:
    """The names of the attributes whose values are named, each once."""
    return {
        text: list(dict.fromkeys(token.partition(SEPARATOR)[0] for token in tokens)) for text, tokens in named.items()
    }
