"""What is typed and what it may become."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.autocomplete.typo_patterns import mistyped
from search.text.fuzzy import (
    Fit,
    completes,
    edits_allowed,
    fit,
    key_of,
    measures,
    singular,
    typed_length,
    words_of,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = st.text(LETTERS, min_size=3, max_size=16)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("head", "Headphones"), ("HEAD ph", "Head Phones"), ("ear in", "In-ear"), ("haed", "Headphones"),
     ("heedph", "Headphones"), ("crème", "Creme"), ("creme", "Crème"), ("headfones x", "Headphones X"), ("", "Any"),
     ("womens", "Women's"), ("women's", "Womens"), ("batteries", "Battery"), ("shoe", "Shoes"), ("1.5", "1.5 l")],
)  # fmt: skip
def test_completes(typed: str, name: str) -> None:
    assert completes(typed, name)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("phones", "Headphones"), ("xead", "Headphones"), ("ha", "Headphones"), ("head z", "Headphones"), ("sho", "Lamp"),
     ("hxxdph", "Headphones"), ("451", "450"), ("nx451", "NX450"), ("1.5", "15")],
)  # fmt: skip
def test_does_not_complete(typed: str, name: str) -> None:
    assert not completes(typed, name)


def test_a_whole_word_fits_better_than_a_beginning_and_that_better_than_an_error() -> None:
    assert fit("wired", "wired") is fit("shoes", "shoe") is Fit.WHOLE
    assert fit("wire", "wired") is Fit.BEGINS
    assert fit("wierd", "wired") is Fit.TYPO
    assert fit("wierd", "wired", typos=False) is Fit.NONE
    assert Fit.WHOLE > Fit.BEGINS > Fit.TYPO > Fit.NONE


def test_words_are_those_of_an_index() -> None:
    assert words_of("Women's T-Shirt, 1.5 mm (Rosé)") == ("womens", "t", "shirt", "1.5", "mm", "rose")
    assert words_of("!? — 🎧") == ()
    assert key_of("Men’s") == "mens"


@pytest.mark.parametrize(
    ("plural", "word"),
    [("shoes", "shoe"), ("batteries", "battery"), ("dresses", "dress"), ("watches", "watch"), ("boxes", "box"),
     ("bus", "bus"), ("glass", "glass"), ("tennis", "tennis"), ("cactus", "cactus")],
)  # fmt: skip
def test_singular_and_plural_have_one_spelling(plural: str, word: str) -> None:
    assert singular(plural) == singular(word) == word


@pytest.mark.parametrize(
    ("part", "edits"), [("ab", 0), ("abc", 1), ("abcdefg", 1), ("abcdefgh", 2), ("a" * 17, 0), ("ab1", 0), ("12345", 0)]
)
def test_how_many_errors_are_forgiven(part: str, edits: int) -> None:
    assert edits_allowed(part) == edits


@pytest.mark.parametrize(
    ("part", "word", "length"),
    [("head", "headphones", 4), ("haed", "headphones", 4), ("hed", "headphones", 4), ("mose", "mouse", 5),
     ("headdph", "headphones", 6), ("shoes", "shoe", 4)],
)  # fmt: skip
def test_how_much_of_a_word_is_typed(part: str, word: str, length: int) -> None:
    assert typed_length(part, word) == length


@pytest.mark.parametrize("text", ['A 13" laptop', "13 inch", "13-inch", "13inches", "13''", "13” screen"])
def test_a_measure_is_found_however_it_is_written(text: str) -> None:
    assert len(measures("13inch", text)) == 1
    assert not measures("3inch", text)


def test_other_numbers_are_no_measure() -> None:
    assert not measures("13inch", "13 mm, 113 inch")
    assert measures("1tb", "1 TB and 1TB".lower()) == [(0, 4), (9, 12)]
    assert not measures("13", '13"')


@given(WORDS, st.text(LETTERS, max_size=5), st.data())
def test_a_pattern_takes_every_word_with_one_error(part: str, rest: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(part) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    meant = data.draw(
        st.sampled_from(
            [
                part,
                part[:place] + letter + part[place + 1 :],
                part[:place] + letter + part[place:],
                part[:place] + part[place + 1 :],
                part[:place] + part[place : place + 2][::-1] + part[place + 2 :],
            ]
        )
    )
    assert re.fullmatch(mistyped(part), meant + rest)


@given(WORDS, WORDS)
def test_what_a_pattern_takes_fits(part: str, word: str) -> None:
    if re.fullmatch(mistyped(part), word):
        assert fit(part, word) or fit(singular(part), word)


@given(st.text(LETTERS, min_size=16, max_size=16))
def test_a_pattern_is_as_short_as_elasticsearch_wants_it(part: str) -> None:
    assert len(mistyped(part)) <= 1000
