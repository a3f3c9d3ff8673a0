"""Numbers and units in every spelling."""

import pytest

from search.text.units import joined, spellings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('13" laptop', "13inch  laptop"), ("13″", "13inch "), ("13′′", "13inch "), ("13in laptop", "13inch  laptop"),
        ("55in.", "55inch "), ("7-in-1 hub", "7-in-1 hub"), ("2in1", "2in1"), ("8 in red", "8 in red"),
        ("2 metres", "2m"), ("1.5 litre", "1.5l"), ("500 MILLILITERS", "500ml"), ("5-pound bag", "5lb bag"),
        ("1 TB", "1TB"), ("meter", "meter"), ("4 grams", "4g"), ("3 gramophones", "3 gramophones"),
    ],
)  # fmt: skip
def test_a_number_and_its_unit_are_one_word(text: str, expected: str) -> None:
    assert joined(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("20000mah", {"20,000mah"}), ("20,000mah", {"20000mah"}),
        ("0,5l", {"0.5l", "0.5 litre", "0.5 liter", "500ml"}), ("500ml", {"500 millilitre", "500 milliliter", "0.5l"}),
        ("1tb", {"1 terabyte", "1000gb"}), ("2m", {"2 metre", "2 meter", "200cm"}), ("13inch", {"13in"}),
        ("15.6inch", {"15,6inch", "15.6in"}), ("1989", set()), ("nx450", set()), ("13", set()), ("", set()),
        ("0ml", {"0 millilitre", "0 milliliter"}), ("99999999999l", {"99,999,999,999l"}), ("1.2.3", set()),
    ],
)  # fmt: skip
def test_other_spellings_of_a_measure(word: str, expected: set[str]) -> None:
    assert expected <= set(spellings(word))
    assert (not expected) == (not spellings(word))


def test_a_number_of_a_size_that_people_say_without_its_unit() -> None:
    assert set(spellings("15.6", unsaid=True)) == {"15,6", "15.6inch", "15.6gb"}
    assert spellings("1989", unsaid=True) == ()
