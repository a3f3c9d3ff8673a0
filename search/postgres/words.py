"""The words of a plan as Postgres is asked for them, and how strict to be. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from search.clauses.scope import SHORTEST_PREFIX
from search.planning.plan import ENOUGH, MatchingStrategy, SearchPlan, most_of
from search.postgres.conditions import Identified, Slot, Wanted, spellings
from search.postgres.names import Names, nearest
from search.postgres.statements import Row
from search.text.words import Word, change, looks_identifying

# Words of one search, and words whose neighbours are also read as one: each costs a condition of its own.
MOST_WORDS = 12
MOST_JOINED = 4


def wanted_of(plan: SearchPlan, names: Names, identified: Identified) -> Wanted:
    """The words of the plan, all of them wanted."""
    words = replace(plan.query.words, wanted=plan.query.words.wanted[:MOST_WORDS])
    if len(words.wanted) > MOST_JOINED:
        words = replace(words, spans=())
    readings = tuple(tuple(slot_of(word, names) for word, _, _ in reading) for reading in words.readings())
    heads = names.heads_of(words.text) or (names.heads_of(words.wanted[-1].text) if words.wanted else frozenset())
    return Wanted(tuple(filter(None, readings)), None, identified, plan.request.q, heads)


def slot_of(word: Word, names: Names) -> Slot:
    """One word with all that is searched for it."""
    texts = spellings(word.text)
    named = (word.text, *word.same)
    return Slot(
        texts,
        word.same,
        frozenset().union(*map(names.categories_of, named)),
        frozenset().union(*map(names.brands_of, named)),
    )


def identifier_prefix(plan: SearchPlan) -> str:
    """The beginning of an identifier that the whole search may be; "" for words."""
    whole = plan.query.identifier
    return whole if len(whole) >= SHORTEST_PREFIX and looks_identifying(whole) else ""


def read_identified(rows: Iterable[Row]) -> Identified:
    """From the rows of `identified_statement`."""
    by_kind: dict[str, dict[Any, None]] = {"whole": {}, "begins": {}, "parts": {}}
    for row in rows:
        by_kind[row["kind"]][row["id"]] = None
    return Identified(*map(tuple, by_kind.values()))


def unknown_words(plan: SearchPlan, look: Row) -> tuple[str, ...]:
    """The words that no product holds."""
    return tuple(word.text for place, word in enumerate(plan.query.words.wanted[:MOST_WORDS]) if not look[f"w{place}"])


def enough(plan: SearchPlan, look: Row) -> bool:
    """Whether the words as they are typed find what is wanted, or nothing else may be tried."""
    return look["identified"] or look["every"] >= ENOUGH or plan.request.exact or not plan.query.words


def corrections_of(unknown: Iterable[str], names: Names, similar: Iterable[Row], *, vocabulary: bool) -> dict[str, str]:
    """What the catalogue has instead of words that it lacks. `vocabulary`: brands and categories may be told."""
    names_by_word: dict[str, list[str]] = {}
    for row in similar:
        names_by_word.setdefault(row["word"], []).append(row["name"])
    words = names.words() if vocabulary else set()
    corrections = {word: nearest(word, [*names_by_word.get(word, ()), *words]) for word in unknown}
    return {word: meant for word, meant in corrections.items() if meant is not None}


def changed(plan: SearchPlan, corrections: Mapping[str, str], unknown: Iterable[str]) -> SearchPlan:
    """The plan with some words corrected and the other unknown ones left out, unless none would be left."""
    dropped = tuple(word for word in unknown if word not in corrections)
    if len(dropped) == len(plan.query.words.wanted):
        return plan
    words = change(plan.query.words, corrections, dropped)
    query = replace(plan.query, words=words, corrections=tuple(corrections.items()), dropped=dropped)
    return replace(plan, query=query)


def needed(strictness: MatchingStrategy, words: int) -> int | None:
    """How many words a product must hold; None for all of any reading."""
    if strictness == "all":
        return None
    return 1 if strictness == "any" else most_of(words)
