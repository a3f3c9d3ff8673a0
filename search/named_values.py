"""Values of attributes that a question names: 'black' is a colour because products of this catalogue have it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mappings.attributes import SEPARATOR
from mappings.heads import head_of
from search.completion import singular, words_of

# Tokens `name, value` by the words of their value.
Values = Mapping[tuple[str, ...], tuple[str, ...]]

# Words of a value that can be named; longer ones are sentences.
LONGEST = 3
# Shorter values are codes and sizes.
SHORTEST = 3
# What says yes or no says nothing without its attribute.
_ANSWERS = frozenset(["true", "false", "yes", "no", "none", "not", "unknown", "other", "various"])
# More values than a question names; more attributes than one value is shared by.
MOST, MOST_TOKENS = 4, 20
# Products that are looked at, and values that are read of them.
SAMPLE, TOKENS = 2000, 2000


def values_agg() -> dict[str, Any]:
    """An aggregation to put under a sample of the catalogue."""
    return {
        "values": {
            "sampler": {"shard_size": SAMPLE},
            "aggs": {"tokens": {"terms": {"field": "tokens", "size": TOKENS}}},
        }
    }


def read_values(tokens: Iterable[str]) -> Values:
    """The values that can be named, from `tokens` of an index, the commonest first.

    Numbers are none: what holds a digit means what it says, wherever it stands.
    """
    found: dict[tuple[str, ...], list[str]] = {}
    for token in tokens:
        value = token.partition(SEPARATOR)[2]
        words = _words(value)
        if 0 < len(words) <= LONGEST and _can_be_named(value, words):
            same = found.setdefault(words, [])
            if len(same) < MOST_TOKENS:
                same.append(token)
    return {words: tuple(same) for words, same in found.items()}


def _can_be_named(value: str, words: Sequence[str]) -> bool:
    return len(value) >= SHORTEST and words[0] not in _ANSWERS and not any(map(str.isdigit, value))


def _words(text: str) -> tuple[str, ...]:
    return tuple(map(singular, words_of(text)))


def named_in(text: str, values: Values) -> dict[str, tuple[str, ...]]:
    """The values that a text names, as they are written there, with their tokens; longer ones before parts of them.

    What the text is about is none: in "gaming keyboard", a keyboard is what a product is, and gaming what it has.
    """
    words, written = _words(text), words_of(text)
    head = _words(head_of(text) or "")
    found: dict[str, tuple[str, ...]] = {}
    at = 0
    while at < len(words) and len(found) < MOST:
        for length in range(min(LONGEST, len(words) - at), 0, -1):
            run = words[at : at + length]
            if run in values and run[-1:] != head:
                found[" ".join(written[at : at + length])] = values[run]
                at += length
                break
        else:
            at += 1
    return found


def attributes_of(tokens: Iterable[str]) -> list[str]:
    """The names of the attributes that these tokens are of, each once."""
    return list(dict.fromkeys(token.partition(SEPARATOR)[0] for token in tokens))
