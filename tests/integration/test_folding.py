"""The letters of our table are folded as Elasticsearch folds them."""

import sys
import unicodedata

from elasticsearch import Elasticsearch

from mappings.analysis import analysis
from mappings.folding import fold

# Written for a long s with a dot; that letter is an s here.
F_FOR_S = {"ẛ"}


def test_every_latin_letter_is_folded_as_the_index_does(es: Elasticsearch) -> None:
    letters = [
        char
        for char in map(chr, range(0x80, sys.maxunicode))
        if unicodedata.category(char).startswith("L") and "LATIN" in unicodedata.name(char, "")
    ]
    filters = analysis()["normalizer"]["folded"]["filter"]
    tokens = es.indices.analyze(tokenizer="keyword", filter=filters, text=letters)["tokens"]
    # For some letters the filter, which comes after the lower case, writes a capital.
    folded = {
        letter: token["token"].lower()
        for letter, token in zip(letters, tokens, strict=True)
        if token["token"].isascii() and letter not in F_FOR_S
    }
    assert len(folded) > 900
    assert {letter: fold(letter) for letter in folded} == folded
