"""Whether what is typed completes to a name, with the tolerance of the fuzzy query: for names that come in tokens."""

import re
import unicodedata

# As in Elasticsearch's AUTO fuzziness: no edit in shorter words, one edit up to the second length, then two.
TYPO_FROM = 3
TWO_TYPOS_FROM = 8
FUZZINESS = f"AUTO:{TYPO_FROM},{TWO_TYPOS_FROM}"


def completes(typed: str, name: str) -> bool:
    """Whether every word typed is the beginning of a word of `name`, typos allowed after the first letter."""
    words = _words(name)
    return all(any(_begins(part, word) for word in words) for part in _words(typed))


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"\w+", "".join(char for char in decomposed if not unicodedata.combining(char)))


def _begins(part: str, word: str) -> bool:
    if word.startswith(part):
        return True
    edits = 0 if len(part) < TYPO_FROM else 1 if len(part) < TWO_TYPOS_FROM else 2
    return bool(edits) and part[0] == word[0] and _prefix_distance(part, word[: len(part) + edits]) <= edits


def _prefix_distance(part: str, word: str) -> int:
    """The fewest edits (a swap of neighbours is one) that turn `part` into some beginning of `word`.

    Source: optimal string alignment distance; L. Boytsov, "Indexing methods for approximate dictionary searching:
    comparative analysis", ACM Journal of Experimental Algorithmics 16, 2011.
    """
    before: list[int] = []
    row = list(range(len(word) + 1))
    for at, char in enumerate(part, 1):
        before, last, row = row, before, [at]
        for to, other in enumerate(word, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (char != other))
            if at > 1 and to > 1 and char == word[to - 2] and part[at - 2] == other:
                cost = min(cost, last[to - 2] + 1)
            row.append(cost)
    return min(row)
