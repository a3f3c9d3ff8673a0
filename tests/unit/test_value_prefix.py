"""Which values begin with what was typed."""

import re

import pytest

from search.text.prefix import begins, pattern_of


@pytest.mark.parametrize(
    ("prefix", "value", "expected"),
    [
        ("", "anything", True), ("re", "Red", True), ("RE", "dark red", True), ("ed", "red", False),
        ("cre", "Café Crème", True), ("café c", "Cafe Creme", True), ("creme ca", "Café Crème", True),
        ("blue x", "blue", False), ("o", "Ørsted", True), ("ae", "Æther", True), ("strasse", "Straße", True),
        ("б", "Белый", True), ("黒", "黒い", True), ("½", "10 ½ inch", True), ("b", "dark_blue", True),
        ("45", "NX-450", True), ("+", "A+", True), ("+", "A", False), ("m²", "10 m²", True), ("m2", "10 m²", True),
    ],
)  # fmt: skip
def test_words_begin_whatever_case_and_accents(prefix: str, value: str, expected: bool) -> None:
    assert begins(prefix, value) == expected
    if expected:
        assert re.fullmatch(pattern_of(prefix), value), pattern_of(prefix)


@pytest.mark.parametrize("prefix", ["[a-z]", "a|b", ".*", "(", "a" * 200, "\\", '"', "~", "ﷺ", "😀", "\u0301"])
def test_no_prefix_makes_a_pattern_that_is_long_or_broken(prefix: str) -> None:
    pattern = pattern_of(prefix)
    assert len(pattern) < 500
    re.compile(pattern)
