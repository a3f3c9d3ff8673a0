"""Words -> the clauses that match and score them. Pure.

Each word is one clause over all text fields as if they were one (BM25F), so that a query is the sum of its words, and a
word can have other readings without counting twice.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from mappings.heads import head_of
from mappings.json_types import Clause
from search.clauses.weights import FILTERING, Dials
from search.planning.plan import QueryInterpretation
from search.text.words import MAX_WORDS, SHORTEST_JOINED, Word, Words

# What is meant is not what was said: another spelling or a synonym counts a little less.
OTHER_READING = 0.9
# One word for the query's two or the other way round; without the lengths of fields it would count more than a match.
JOINED_BOOST = 0.5
# A word that stands for two is rarer than each, but not as two: with less, `head phones` finds a head torch first.
JOINED_WORDS = 1.5
NEW_FOR_DAYS = 30
MOST_POPULAR = 1
# A dial that several clauses use: their names must differ.
NUMBER = "#"
# Names the two words that one was taken for.
SPLIT = "split:"
# Of the words in a row that may be a brand's name.
BRAND_WORDS = 3

_PLACES = re.compile(r"\d+:(\d+)-(\d+)")


def matching(words: Words, needed: str, dials: Dials, *, named: bool = False) -> Clause:
    """Products that hold the words: `needed` is "all", or a minimum_should_match. Scored by how well.

    Where it is `named`, each word's clause is, by the places that it covers: so an answer can say which words a product
    lacks. To find out runs each of the clauses once more.
    """
    readings = [_reading(slots, needed) for slots in _slots(words, dials, named=named)]
    return readings[0] if len(readings) == 1 else {"dis_max": {"queries": readings}}


def holding(words: Words, place: int, dials: Dials) -> Clause:
    """Products that hold one of the words alone, or what a run of words with this one in it means."""
    word = words.wanted[place]
    spans = [span for span in words.spans if span.same and span.first <= place < span.last]
    alone = [Words(word.text, (word,)), *(Words(span.text, (Word(span.text, span.same),)) for span in spans)]
    readings = [matching(one, "all", dials) for one in alone]
    return readings[0] if len(readings) == 1 else {"bool": {"should": readings}}


def covered(names: Iterable[str]) -> set[int]:
    """The places of the words that a product holds, from the names of the clauses that it matches."""
    places: set[int] = set()
    for name in names:
        if match := _PLACES.fullmatch(name):
            places.update(range(int(match[1]), int(match[2])))
    return places


def split_of(names: Iterable[str]) -> dict[str, str]:
    """The two words that a product holds for each word that was read as two."""
    texts = [name.removeprefix(SPLIT) for name in names if name.startswith(SPLIT)]
    return {text.replace(" ", ""): text for text in sorted(texts, reverse=True)}


def _reading(slots: list[Clause], needed: str) -> Clause:
    if len(slots) == 1:
        return slots[0]
    if needed == "all":
        return {"bool": {"must": slots}}
    return {"bool": {"should": slots, "minimum_should_match": needed}}


def _slots(words: Words, dials: Dials, *, named: bool) -> Iterator[list[Clause]]:
    for number, reading in enumerate(words.readings()):
        yield [
            _slot(word, last - first, dials, f"{number}:{first}-{last}" if named else "")
            for word, first, last in reading
        ]


def _slot(word: Word, stands_for: int, dials: Dials, name: str) -> Clause:
    """One word in whatever form: as it is, as two words of a name that it joins, as its synonyms.

    It stands for so many words of the text. Its clauses are named where there is a `name`.
    """
    joined = word.joined
    queries = [_holds(word.text, dials, 1.0 if stands_for == _count(word.text) else JOINED_WORDS)]
    if joined != word.text:
        queries.append(_holds(joined, dials, OTHER_READING))
    if len(joined) >= SHORTEST_JOINED and not joined.isdigit():
        queries += [{"term": {"pairs": {"value": form, "boost": JOINED_BOOST}}} for form in _forms(joined)]
    for text in (*word.also, *word.same):
        # Never more than the joined word itself.
        queries.append(_holds(text, dials, OTHER_READING * min(stands_for / _count(text), JOINED_WORDS)))
    for text in word.split:
        queries.append(_named(_holds(text, dials, OTHER_READING / 2), name and SPLIT + text))
    return _named(queries[0] if len(queries) == 1 else {"dis_max": {"queries": queries}}, name)


def _named(clause: Clause, name: str) -> Clause:
    if name:
        next(iter(clause.values()))["_name"] = name
    return clause


def _count(text: str) -> int:
    return text.count(" ") + 1


def _forms(joined: str) -> tuple[str, ...]:
    """Pairs of neighbours are indexed as they are written: a plural finds a singular too."""
    return (joined, joined[:-1]) if joined.endswith("s") and not joined.endswith("ss") else (joined,)


def _holds(text: str, dials: Dials, boost: float) -> Clause:
    """Holds the text in any of the fields; a word of the name also counts by how rare it is in names alone."""
    fields = dials.text_fields
    combined = {"combined_fields": {"query": text, "fields": fields, "operator": "and", "boost": boost}}
    named = {"match": {"name": {"query": text, "operator": "and", "boost": boost * dials.name_alone}}}
    return {"bool": {"must": [combined], "should": [named]}} if dials.name_alone else combined


def boosts(query: QueryInterpretation, weights: Dials, now: datetime, *, named: bool = False) -> list[Clause]:
    """What raises a product's score, each by a bounded share; `named` for an answer that is to be explained."""
    words = query.words
    clauses: list[Clause] = [{"weight": 1}]

    def add(name: str, clause: Clause, weight: float) -> None:
        condition = {"bool": {"filter": [clause], "_name": f"gain:{name}"}} if named else clause
        clauses.append({"filter": condition, "weight": weight})

    if query.minimum_should_match != "all" and len(words.wanted) > 1:
        add("all_words", matching(words, "all", FILTERING), weights.all_words)
    if " " in words.text:
        add("phrase", {"match_phrase": {"name": {"query": words.text, "slop": 1}}}, weights.phrase)
    if head := head_of(words.text):
        add("head", {"match": {"head": " ".join(_heads(words, head.lower()))}}, weights.head)
    add("brand_named", {"terms": {"brand.lower": _runs(words)}}, weights.brand_named)
    for place, tokens in enumerate(query.attribute_values.values()):
        share = weights.attribute_named / len(query.attribute_values)
        add(f"attribute_named{NUMBER}{place}", {"terms": {"tokens": list(tokens)}}, share)
    for place, (path, share) in enumerate(query.category_shares):
        consistent = {"term": {"category.path": path}}
        add(f"category_consistent{NUMBER}{place}", consistent, weights.category_consistent * share)
    add("in_stock", {"term": {"in_stock": True}}, weights.in_stock)
    newness = {"created_at": {"origin": now.isoformat(), "scale": f"{NEW_FOR_DAYS}d"}}
    clauses.append({"exp": newness, "weight": weights.newness})
    # A popularity above 1 counts as 1: a shop may count sales there, and these must not outweigh the words.
    most = {"range": {"popularity": {"gte": MOST_POPULAR}}}
    less = {"range": {"popularity": {"lt": MOST_POPULAR}}}
    clauses.append({"filter": most, "weight": weights.popularity * MOST_POPULAR})
    clauses.append({"filter": less, "field_value_factor": {"field": "popularity"}, "weight": weights.popularity})
    return clauses


def _heads(words: Words, head: str) -> list[str]:
    """The thing searched for, also as one word with the one before ('head phones'), and what else it is called."""
    joined = [span.text for span in words.spans if span.last == len(words.wanted) and span.text.endswith(head)]
    also = (text for text_key, same in words.synonyms.items() if text_key.endswith(head) for text in same)
    return list(dict.fromkeys([head, *joined, *filter(None, map(head_of, also))]))


def _runs(words: Words) -> list[str]:
    """Every run of a few words, as a brand may be written."""
    parts = words.text.split()[:MAX_WORDS]
    return [" ".join(parts[at : at + length]) for at in range(len(parts)) for length in range(1, BRAND_WORDS + 1)]
