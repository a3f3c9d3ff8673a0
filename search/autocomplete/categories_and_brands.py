"""Categories and brands to suggest, read off sampled products by their names. Pure."""

from collections.abc import Iterable, Sequence

from search.autocomplete.input import AutocompleteQuery
from search.autocomplete.samples import Node, Sampled
from search.text.fuzzy import Fit, all_fit, fit, words_of

# More of them than a drop-down shows.
MOST = 5
# A name that begins with what is typed is meant rather than one that has it further on.
FIRST_WORD = 2.0
# A category that is named by all the words rather than by the last one, while the product has the others.
ALL_WORDS = 2.0


def categories(typed: AutocompleteQuery, samples: Iterable[Sampled], *, typos: bool = False) -> list[Node]:
    """Those whose own name completes the last word. The products of the sample have the others somewhere."""
    nodes: dict[str, Node] = {}
    scores: dict[str, float] = {}
    for product in samples:
        for node in product.nodes:
            score = _score(typed.parts[-1:], words_of(node.name), typos=typos)
            if score and (not typos or all_fit(typed.parts, words_of(node.label))):
                # Just after a rename, products have the old name or the new one.
                nodes.setdefault(node.path, node)
                score *= ALL_WORDS if all_fit(typed.parts, words_of(node.label)) else 1
                scores[node.path] = scores.get(node.path, 0) + score
    best = sorted(nodes, key=lambda path: (-scores[path], path.count("/"), path))
    return [nodes[path] for path in best[: min(MOST, typed.request.limit)]]


def brands(typed: AutocompleteQuery, samples: Iterable[Sampled], *, typos: bool = False) -> list[str]:
    """Those whose name completes what is typed, or that are named by the words before the last one."""
    scores: dict[str, float] = {}
    for product in samples:
        if product.brand is not None:
            words = words_of(product.brand)
            score = _score(typed.parts, words, typos=typos) or _named(typed.parts, words)
            if score:
                scores[product.brand] = scores.get(product.brand, 0) + score * (1 + min(product.popularity, 1))
    best = sorted(scores, key=lambda brand: (-scores[brand], brand))
    return best[: min(MOST, typed.request.limit)]


def _score(parts: Sequence[str], words: Sequence[str], *, typos: bool) -> float:
    """How well a name completes what is typed; 0 for not at all."""
    if not words or not all_fit(parts, words, typos=typos):
        return 0.0
    return FIRST_WORD if fit(parts[0], words[0], typos=typos) else 1.0


def _named(parts: Sequence[str], words: Sequence[str]) -> float:
    """'sony' in 'sony head': every word of the name is typed, and others."""
    whole = bool(words) and all(any(fit(part, word, typos=False) is Fit.WHOLE for part in parts) for word in words)
    return 1.0 if whole else 0.0
