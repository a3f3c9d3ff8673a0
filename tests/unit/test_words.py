"""What a shopper types, as words."""

import pytest

from search.clauses.text_clauses import covered
from search.text.words import MAX_WORDS, change, read_words, splits_of


def texts(q: str) -> list[str]:
    return [word.text for word in read_words(q).wanted]


@pytest.mark.parametrize(
    ("q", "words"),
    [
        ("Wireless HEADPHONES!", ["wireless", "headphones"]),
        ('13" laptop', ["13inch", "laptop"]), ("13 inch laptop", ["13inch", "laptop"]),
        ("13-inch laptop", ["13inch", "laptop"]), ("1 TB ssd", ["1tb", "ssd"]), ("1TB ssd", ["1tb", "ssd"]),
        ("case for the iphone", ["case", "iphone"]), ("the", ["the"]), ("red red shoe", ["red", "shoe"]),
        ("black & decker", ["black", "decker"]), ("???", []), ("", []), ("ｌａｐｔｏｐ", ["laptop"]),
        ("13″ laptop", ["13inch", "laptop"]), ("2 metre cable", ["2m", "cable"]),
        ("shoes that are waterproof", ["shoes", "waterproof"]), ("you and me necklace", ["you", "necklace"]),
        ("phone without camera", ["phone", "without", "camera"]), ("c++ book", ["c++", "book"]),
    ],
)  # fmt: skip
def test_words(q: str, words: list[str]) -> None:
    assert texts(q) == words


def test_neighbours_are_also_read_as_one_word() -> None:
    readings = read_words("blue head set").readings()
    assert [[word.text for word, _, _ in reading] for reading in readings] == [
        ["blue", "head", "set"], ["bluehead", "set"], ["blue", "headset"],
    ]  # fmt: skip
    assert [(first, last) for _, first, last in readings[2]] == [(0, 1), (1, 3)]


@pytest.mark.parametrize(("q", "joined"), [("4 k tv", "4k"), ("ps 5", "ps5"), ("10 20", None), ("a tv", None)])
def test_a_short_word_is_also_one_with_the_number_beside_it(q: str, joined: str | None) -> None:
    assert [span.text for span in read_words(q).spans if span.text == joined] == ([joined] if joined else [])


def test_a_word_may_be_two_without_a_space() -> None:
    assert splits_of("headset") == ("hea dset", "head set")
    assert splits_of("usb") == splits_of("nx450case") == splits_of("x" * 200) == ()
    changed = change(read_words("red headset zzz"), {}, ["zzz"], ["headset"])
    assert [word.split for word in changed.wanted] == [(), splits_of("headset")]


def test_words_beyond_a_long_question_are_left_out() -> None:
    words = read_words(" ".join(f"w{number}" for number in range(MAX_WORDS + 2)))
    assert (len(words.wanted), words.left_out) == (MAX_WORDS, (f"w{MAX_WORDS}", f"w{MAX_WORDS + 1}"))


def test_words_are_corrected_and_dropped() -> None:
    changed = change(read_words("red sheo zzz"), {"sheo": "shoe"}, ["zzz"])
    assert (changed.text, [word.text for word in changed.wanted]) == ("red shoe", ["red", "shoe"])


def test_the_words_that_a_product_holds_are_read_from_the_names_of_its_clauses() -> None:
    assert covered(["0:0-1", "2:1-3", "gain:head", "identifier"]) == {0, 1, 2}
