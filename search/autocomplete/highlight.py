"""What is new in a suggestion, or found in a name, marked in HTML in which everything else is escaped. Pure."""

from collections.abc import Iterable, Sequence
from html import escape

from search.text.fuzzy import best_fit, fit, measures, tokens_of, typed_length

OPEN, CLOSE = "<em>", "</em>"


def completed(text: str, parts: Sequence[str]) -> str:
    """What the shopper has not typed is in <em>: 'wireless h<em>eadphones</em>'."""
    return _marked(text, _complement(_typed(text, parts), len(text)))


def found(text: str, parts: Sequence[str]) -> str:
    """The words and measures that complete what is typed are in <em>: none in a product that an attribute finds."""
    tokens = tokens_of(text)
    measured = [span for part in parts for span in measures(part, text)]
    for typos in (False, True):
        matches = [token for token in tokens if any(fit(part, token.key, typos=typos) for part in parts)]
        spans = [(token.start, token.end) for token in matches]
        if spans or measured:
            apart = [span for span in spans if not any(start <= span[0] < end for start, end in measured)]
            return _marked(text, sorted([*measured, *apart]))
    return escape(text)


def _typed(text: str, parts: Sequence[str]) -> list[tuple[int, int]]:
    """The beginnings of words that are typed already, each part once; with a typing error, up to the same place."""
    spans: dict[int, tuple[int, int]] = {}
    tokens = tokens_of(text)
    for part in parts:
        for start, end in measures(part, text):
            spans[start] = (start, end)
        free = [token for token in tokens if token.start not in spans]
        _, key = best_fit(part, [token.key for token in free])
        if key is not None:
            token = next(token for token in free if token.key == key)
            length = typed_length(part, token.key)
            # An apostrophe is not in the key: all of "women's" is typed with "womens".
            end = token.end if length >= len(token.key) else min(token.start + length, token.end)
            spans[token.start] = (token.start, end)
    return sorted(spans.values())


def _complement(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    rest, at = [], 0
    for start, end in spans:
        rest.append((at, start))
        at = end
    rest.append((at, length))
    return [(start, end) for start, end in rest if start < end]


def _marked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Marks are of words: not of what only separates them, nor of the space around them."""
    parts, at = [], 0
    for start, end in spans:
        part = text[start:end]
        if not any(map(str.isalnum, part)):
            continue
        start, end = start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())
        parts += [escape(text[at:start]), OPEN, escape(text[start:end]), CLOSE]
        at = end
    return "".join([*parts, escape(text[at:])])
