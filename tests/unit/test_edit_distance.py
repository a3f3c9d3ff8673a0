"""Edit distances against a plain implementation: the same numbers, and the same words that complete what is typed."""

from hypothesis import given
from hypothesis import strategies as st

from search.text.fuzzy import Fit, distance, edits_allowed, fit, singular, typed_length

# Few letters, so that words are near each other and neighbours are often swapped; some outside of ASCII and the BMP.
NEAR = st.text("abc", max_size=20)
ANY = st.text("aeé🎧ч", max_size=12)


def prefix_distances(part: str, word: str) -> list[int]:
    """The fewest edits (a swap of neighbours is one) that turn `part` into each beginning of `word`, by its length."""
    before: list[int] = []
    row = list(range(len(word) + 1))
    for at, char in enumerate(part, 1):
        before, last, row = row, before, [at]
        for to, other in enumerate(word, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (char != other))
            if at > 1 and to > 1 and char == word[to - 2] and part[at - 2] == other:
                cost = min(cost, last[to - 2] + 1)
            row.append(cost)
    return row


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, str]:
    """A word, and a beginning of it with up to three errors."""
    word = draw(st.text("abcdé", min_size=1, max_size=18))
    letters = list(word[: draw(st.integers(1, len(word)))])
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(letters)))
        kind = draw(st.sampled_from(("insert", "replace", "delete", "swap")))
        if kind == "insert":
            letters.insert(at, draw(st.sampled_from("abcdé")))
        elif kind == "replace":
            letters[at : at + 1] = draw(st.sampled_from("abcdé"))
        elif kind == "delete":
            letters[at : at + 1] = []
        else:
            letters[at : at + 2] = letters[at : at + 2][::-1]
    return "".join(letters), word


@given(st.one_of(st.tuples(NEAR, NEAR), st.tuples(ANY, ANY), typed()))
def test_the_distance_is_that_of_the_plain_implementation(words: tuple[str, str]) -> None:
    part, word = words
    assert distance(part, word) == prefix_distances(part, word)[-1]


@given(st.one_of(st.tuples(NEAR, NEAR), st.tuples(ANY, ANY), typed()))
def test_a_word_is_mistyped_where_a_beginning_of_it_is_near_enough(words: tuple[str, str]) -> None:
    part, word = words
    edits = edits_allowed(part)
    if part[:1] != word[:1]:
        expected = Fit.NONE
    elif word.startswith(part):
        expected = Fit.WHOLE if part == word else Fit.BEGINS
    elif singular(part) == singular(word):
        expected = Fit.WHOLE
    else:
        near = edits and min(prefix_distances(part, word[: len(part) + edits])) <= edits
        expected = Fit.TYPO if near else Fit.NONE
    assert fit(part, word) is expected


@given(st.one_of(st.tuples(NEAR, NEAR), st.tuples(ANY, ANY), typed()))
def test_what_is_typed_of_a_word_is_the_longest_of_its_nearest_beginnings(words: tuple[str, str]) -> None:
    part, word = words
    if not word.startswith(part) and singular(part) != singular(word):
        distances = prefix_distances(part, word[: len(part) + edits_allowed(part)])
        nearest = max(length for length, edits in enumerate(distances) if edits == min(distances))
        assert typed_length(part, word) == nearest
