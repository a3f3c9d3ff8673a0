"""Letters without case and accents."""

import pytest

from mappings.folding import base_letters, fold
from mappings.heads import joined_bigrams
from search.text.fuzzy import words_of
from search.text.prefix import begins
from search.text.synonyms import apply, compile_synonyms
from search.text.words import read_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Crème BRÛLÉE", "creme brulee"), ("Ångström", "angstrom"), ("Łódź", "lodz"), ("ﬁne", "fine"), ("１３", "13"),
     ("e\u0301", "e"), ("чай", "чай"), ("שלום", "שלום"), ("Straße", "strasse"), ("Maŧ", "mat"),
     ("Ŀŀ Ŋ Ə Ꝧ", "ll n a th"), ("ǼǾ", "aeo"), ("℡ ½", "tel 1⁄2")],
)  # fmt: skip
def test_latin_letters_lose_their_accents_and_others_keep_their_marks(text: str, expected: str) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Łódź", "lodz"), ("Maŧ", "mat"), ("Чай", "чаи"), ("Μηχανή", "μηχανη"), ("שָׁלוֹם", "שלום"), ("ガス", "カス")],
)
def test_texts_that_are_compared_with_one_another_lose_the_marks_of_every_script(text: str, expected: str) -> None:
    assert base_letters(text) == expected


@pytest.mark.parametrize("text", ["Łódź", "Maŧ", "Crème", "Øre", "Æther", "Straße", "Đak", "Sırt", "Þing", "Ĳ"])
def test_words_synonyms_and_facet_values_fold_letters_alike(text: str) -> None:
    folded = fold(text)
    assert folded.isascii()
    assert words_of(text) == words_of(folded)
    assert begins(folded, text)
    assert begins(text, folded)
    synonyms = compile_synonyms([("two_way", [text, "elsewhere"])])
    assert apply(synonyms, read_words(folded)).synonyms == {folded: ("elsewhere",)}


def test_pairs_are_written_as_the_documents_of_schema_1_have_them() -> None:
    assert joined_bigrams("Łódź Café Straße") == ["łodzcafe", "cafestrasse"]
