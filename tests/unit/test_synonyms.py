"""Entries of synonyms compiled, and applied to the words of a query."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.text.synonyms import BUDGET, MAX_CHARACTERS, NO_SYNONYMS, Kind, apply, compile_synonyms, restore
from search.text.words import MAX_WORDS, Words, change, read_words

Entries = Iterable[tuple[Kind, Iterable[str]]]


def applied(q: str, *entries: tuple[Kind, list[str]]) -> dict[str, tuple[str, ...]]:
    return apply(compile_synonyms(entries), read_words(q)).synonyms


def cost(words: Words) -> int:
    """Words of synonyms that are looked for, in all readings together."""
    readings = words.readings()
    return sum(len(text.split()) for reading in readings for word, _, _ in reading for text in word.same)


def test_two_way_terms_replace_each_other() -> None:
    tv: tuple[Kind, list[str]] = ("two_way", ["tv", "television", "telly"])
    assert applied("tv", tv) == {"tv": ("television", "telly")}
    assert applied("red telly stand", tv) == {"telly": ("tv", "television")}


def test_one_way_holds_in_its_direction_only() -> None:
    notebook: tuple[Kind, list[str]] = ("one_way", ["notebook", "laptop", "ultrabook"])
    assert applied("notebook", notebook) == {"notebook": ("laptop", "ultrabook")}
    assert applied("laptop", notebook) == applied("ultrabook", notebook) == {}


@pytest.mark.parametrize(
    ("q", "said"),
    [
        ("TVs", "tvs"), ("flat screens", "flat screens"), ("Flat-Screen", "flat-screen"), ("flatscreen", "flatscreen"),
        ("crème brulee", "crème brulee"), ("CREME BRULÉES", "creme brulées"), ("hoodies", "hoodies"),
        ("hoody", "hoody"), ("boxes", "boxes"), ("box", "box"), ("camera lens", "camera lens"),
        ("camera lenses", "camera lenses"), ("case for the phone", "case phone"), ("mens shoe", "mens shoe"),
        ("men's shoes", "men's shoes"), ("ps 5", "ps 5"), ("PS5", "ps5"),
    ],
)  # fmt: skip
def test_case_accents_plurals_compounds_and_stop_words_tell_nothing_apart(q: str, said: str) -> None:
    terms = ["tv", "flat screen", "Crème brûlée", "hoodie", "box", "camera lens", "case for phone", "men's shoe", "ps5"]
    assert applied(q, *(("one_way", [term, "found"]) for term in terms)) == {said: ("found",)}


@pytest.mark.parametrize("q", ["care", "class", "glas", "television", "c", "1 2", "screen flat", "t"])
def test_other_words_stay_as_they_are(q: str) -> None:
    terms = ["car", "glass", "tv", "c++", "12", "flat screen", "tee"]
    assert applied(q, *(("one_way", [term, "found"]) for term in terms)) == {}


def test_the_longest_run_is_taken_and_each_word_is_in_one_run_alone() -> None:
    entries: list[tuple[Kind, list[str]]] = [
        ("two_way", ["dog", "puppy"]), ("two_way", ["hot dog", "frankfurter"]), ("one_way", ["dog roll", "bun"]),
    ]  # fmt: skip
    assert applied("hot dog roll for a dog bed", *entries) == {"hot dog": ("frankfurter",)}
    assert applied("dog roll", *entries) == {"dog roll": ("bun",)}
    assert applied("big dog", *entries) == {"dog": ("puppy",)}


def test_all_runs_are_read_together() -> None:
    words = apply(
        compile_synonyms([("two_way", ["flat screen", "tv"]), ("two_way", ["wall mount", "bracket"])]),
        read_words("black flat screen wall mount"),
    )
    last = words.readings()[-1]
    assert [(word.text, word.same, first, end) for word, first, end in last] == [
        ("black", (), 0, 1), ("flat screen", ("tv",), 1, 3), ("wall mount", ("bracket",), 3, 5),
    ]  # fmt: skip


def test_several_entries_for_a_term_are_all_applied_and_none_twice() -> None:
    entries: list[tuple[Kind, list[str]]] = [
        ("two_way", ["sofa", "couch"]), ("one_way", ["sofas", "settee", "Couch"]), ("one_way", ["couch", "divan"]),
    ]  # fmt: skip
    assert applied("sofa", *entries) == {"sofa": ("couch", "settee")}, "and not what a synonym's synonym is"


def test_identifiers_stay_as_they_are_and_measures_do_not() -> None:
    entries: list[tuple[Kind, list[str]]] = [
        ("two_way", ["nx-450", "laptop"]), ("one_way", ["4006381333931", "pen"]), ("two_way", ["1080p", "full hd"]),
    ]  # fmt: skip
    assert applied("NX450", *entries) == applied("4006381333931", *entries) == {}
    assert applied("1080p tv", *entries) == {"1080p": ("full hd",)}


def test_without_synonyms_words_stay_the_same_object() -> None:
    words = read_words("red shoe")
    assert apply(NO_SYNONYMS, words) is words
    assert apply(compile_synonyms([("two_way", ["?", "!"])]), Words()) == Words()


@pytest.mark.parametrize("words", [1, 3, MAX_WORDS])
def test_a_bomb_of_synonyms_is_bounded(words: int) -> None:
    typed = [f"{chr(97 + number)}word" for number in range(words)]
    bomb = [("two_way", [*typed, *(f"{entry} other word {number}" for number in range(20))]) for entry in range(100)]
    found = apply(compile_synonyms(bomb), read_words(" ".join(typed)))  # type: ignore[arg-type]
    assert 0 < cost(found) <= BUDGET
    assert sum(len(text) for same in found.synonyms.values() for text in same) <= MAX_CHARACTERS
    assert len(found.readings()) <= MAX_WORDS + 1


def test_a_corrected_query_has_its_synonyms_and_a_cursor_the_same_ones() -> None:
    entries = compile_synonyms([("two_way", ["flat screen", "tv"]), ("two_way", ["stand", "mount"])])
    found = apply(entries, change(read_words("flat scren stand zzz"), {"scren": "screen"}, ["zzz"]))
    assert found.synonyms == {"flat screen": ("tv",), "stand": ("mount",)}
    again = restore(change(read_words("flat scren stand zzz"), {"scren": "screen"}, ["zzz"]), found.synonyms)
    assert again == found


SYLLABLES = ["ab", "cd", "ef", "gh", "ij", "kl", "mn", "op"]
TERM = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=3, unique=True).map(" ".join)
TERMS = st.lists(TERM, min_size=2, max_size=6, unique=True)


@given(TERMS)
def test_two_way_is_symmetric(terms: list[str]) -> None:
    entry: tuple[Kind, list[str]] = ("two_way", terms)
    found = {term: applied(term, entry).get(term, ()) for term in terms}
    for one in terms:
        for other in terms:
            assert (other in found[one]) == (one in found[other])
            assert (other in found[one]) == (one != other)


@given(TERMS)
def test_one_way_is_not(terms: list[str]) -> None:
    entry: tuple[Kind, list[str]] = ("one_way", terms)
    source, *targets = terms
    assert applied(source, entry) == {source: tuple(targets)}
    for target in targets:
        assert target not in applied(target, entry)


@given(st.text(max_size=60), st.lists(st.text(max_size=20), min_size=2, max_size=5))
def test_any_text_has_bounded_readings_that_cover_its_words(q: str, terms: list[str]) -> None:
    words = apply(compile_synonyms([("two_way", [*terms, q])]), read_words(q))
    assert cost(words) <= BUDGET
    for reading in words.readings():
        places = [place for _, first, last in reading for place in range(first, last)]
        assert places == list(range(len(words.wanted)))
