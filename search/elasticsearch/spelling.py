"""What to take unknown words for: the suggester's options, and which of them a principal may be shown. Pure.

The suggester reads the vocabulary of the index, which has the words of every product: also of those that a principal's
forced filters hide. Under forced filters a word is only taken for one that a product in sight has.
"""

from collections.abc import Iterable, Sequence

from mappings.folding import fold
from mappings.json_types import Body, Clause, Response
from search.clauses.scope import published
from search.elasticsearch.query import CORRECTED_FIELDS
from search.planning.plan import SearchPlan
from search.text.fuzzy import distance
from search.text.words import STOP_WORDS

# The nearest words for each unknown one, the best first.
Options = dict[str, list[str]]

HELD = "held"
# In a shorter word, two errors leave little of what was meant.
TWO_ERRORS_FROM = 6


def options_of(unknown: Iterable[str], suggest: Response, language: str = "en") -> Options:
    """The nearest first; of equally near ones the commonest. No word is taken for one that means nothing, as "the"."""
    suggested: dict[str, set[tuple[float, int, str]]] = {}
    for field in CORRECTED_FIELDS:
        for entry in suggest.get(field, ()):
            near = {(option["score"], option["freq"], option["text"]) for option in entry["options"]}
            suggested.setdefault(entry["text"], set()).update(near)
    options = {word: suggested.get(fold(word), set()) for word in unknown}
    stop = STOP_WORDS[language]
    nearest = {
        word: [text for _, _, text in sorted(near, reverse=True) if text not in stop and is_near(fold(word), text)]
        for word, near in options.items()
    }
    return {word: texts for word, texts in nearest.items() if texts}


def is_near(word: str, text: str) -> bool:
    """Whether one may be the other with typing errors: one error in a short word, two in others."""
    return distance(word, text) <= (1 if len(word) < TWO_ERRORS_FROM else 2)


def best(options: Options) -> dict[str, str]:
    """The first option for each word."""
    return {word: texts[0] for word, texts in options.items()}


def held_body(plan: SearchPlan, options: Options) -> Body:
    """Asks which of the options are words of products in sight."""
    filters = [_has(text) for text in _texts(options)]
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": [published(plan)]}},
        "aggs": {HELD: {"filters": {"filters": filters}}},
    }


def in_sight(options: Options, response: Response) -> Options:
    """The options without those that no product in sight has."""
    counts = (bucket["doc_count"] for bucket in response["aggregations"][HELD]["buckets"])
    seen = {text for text, count in zip(_texts(options), counts, strict=True) if count}
    left = {word: [text for text in texts if text in seen] for word, texts in options.items()}
    return {word: texts for word, texts in left.items() if texts}


def _texts(options: Options) -> Sequence[str]:
    return sorted({text for texts in options.values() for text in texts})


def _has(text: str) -> Clause:
    """The very word: another form of it, which means the same, may be of hidden products alone."""
    return {"bool": {"should": [{"term": {field: text}} for field in CORRECTED_FIELDS]}}
