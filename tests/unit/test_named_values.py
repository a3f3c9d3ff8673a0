"""Which values of attributes a text names."""

import pytest

from search.text.attribute_values import LONGEST, MOST, attributes_of, named_in, read_values

TOKENS = [
    "color\x1fblack",
    "color\x1fBlack",
    "strap\x1fblack",
    "color\x1fnavy blue",
    "color\x1fblue",
    "use\x1fLaptop",
    "material\x1fÉbène",
    "size\x1fXL",
    "size\x1f10 inch",
    "wireless\x1ftrue",
    "wireless\x1fno",
    "wireless\x1fYes",
    "wireless\x1fnein",
    "fit\x1fwith the",
    f"note\x1f{'a' * 1000}",
    "note\x1fmade to be worn outside",
    "empty\x1f",
]
VALUES = read_values(TOKENS)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("black dress", {"black": ["color", "strap"]}),
        ("BLACK", {"black": ["color", "strap"]}),
        ("navy blue shirt", {"navy blue": ["color"]}),
        ("blue navy shirt", {"blue": ["color"]}),
        ("laptop bag", {"laptop": ["use"]}),
        ("bag for laptop", {"laptop": ["use"]}),
        # What the text is about.
        ("laptop", {}),
        ("black laptop", {"black": ["color", "strap"]}),
        ("ebene shelf", {"ebene": ["material"]}),
        # Codes, numbers, answers and sentences.
        ("xl shirt true no yes nein 10 inch bag with the lid", {}),
        ("a" * 1000, {}),
        ("made to be worn outside", {}),
        ("", {}),
    ],
)
def test_a_run_of_words_that_is_a_value_is_named(text: str, named: dict[str, list[str]]) -> None:
    assert attributes_of(named_in(text, VALUES)) == named


def test_all_spellings_of_a_value_are_meant() -> None:
    assert named_in("black", VALUES) == {"black": ("color\x1fblack", "color\x1fBlack", "strap\x1fblack")}


def test_a_text_names_a_few_values_at_most() -> None:
    words = ["alpha", "bravo", "delta", "gamma", "kappa", "omega"]
    many = read_values(f"code\x1f{word}" for word in words)
    assert list(named_in(f"{' '.join(words)} shelf", many)) == words[:MOST]


def test_the_longest_value_that_can_be_named() -> None:
    words = ["one", "two", "three", "four", "five"]
    for length in (LONGEST, LONGEST + 1):
        text = " ".join(words[:length])
        assert bool(named_in(f"{text} shelf", read_values([f"a\x1f{text}"]))) == (length == LONGEST)
