"""Analysers. `product_text` is the one analyser of every searched text field, as combined_fields requires."""

from typing import Any

from mappings.plurals import RULES
from mappings.units import JOINED

# A number and its unit are one word, however they are written: 13", 13 inch and 13-inch; 1 TB and 1TB.
_INCHES = r"(?i)(\d)[\s-]?(?:inch(?:es)?\b|''|[\"″”])"
_UNITS = rf"(?i)(\d)[\s-]({JOINED})\b"

# What each language's words lose: a list of filters of the analysis, by ISO 639-1.
_LANGUAGES: dict[str, dict[str, dict[str, Any]]] = {
    "en": {
        "possessive": {"type": "stemmer", "language": "possessive_english"},
        "irregular": {"type": "stemmer_override", "rules": RULES},
        "stem": {"type": "stemmer", "language": "english"},
    },
    "de": {"umlauts": {"type": "german_normalization"}, "stem": {"type": "stemmer", "language": "light_german"}},
    "fr": {
        "elision": {"type": "elision", "articles": ["l", "m", "t", "qu", "n", "s", "j", "d", "c"]},
        "stem": {"type": "stemmer", "language": "light_french"},
    },
    "es": {"stem": {"type": "stemmer", "language": "spanish"}},
    "it": {
        "elision": {"type": "elision", "articles": ["c", "l", "all", "dall", "dell", "nell", "sull", "un", "d"]},
        "stem": {"type": "stemmer", "language": "light_italian"},
    },
    "nl": {"stem": {"type": "stemmer", "language": "dutch"}},
    "pt": {"stem": {"type": "stemmer", "language": "light_portuguese"}},
}
LANGUAGES = tuple(_LANGUAGES)
# These look at letters that folding takes away.
_BEFORE_FOLDING = ("umlauts", "elision")


def analysis(language: str = "en") -> dict[str, Any]:
    """The analysis of an index whose products speak `language`, one of LANGUAGES."""
    own = {f"{language}_{name}": described for name, described in _LANGUAGES[language].items()}
    before = [name for name in own if name.endswith(_BEFORE_FOLDING)]
    after = [name for name in own if name not in before]
    return {
        "char_filter": {
            "inches": {"type": "pattern_replace", "pattern": _INCHES, "replacement": "$1inch "},
            "units": {"type": "pattern_replace", "pattern": _UNITS, "replacement": "$1$2"},
        },
        "filter": own,
        "normalizer": {
            "folded": {"type": "custom", "filter": ["lowercase", "asciifolding"]},
            # Brands are told apart as Postgres does it, by lower(name): accents matter.
            "lower": {"type": "custom", "filter": ["lowercase"]},
        },
        "analyzer": {
            "product_text": {
                "type": "custom",
                "char_filter": ["inches", "units"],
                "tokenizer": "standard",
                "filter": ["lowercase", *before, "asciifolding", *after],
            },
            # Words as they are written: for what is being typed, and the vocabulary that errors are corrected by.
            "written": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "asciifolding"]},
        },
    }
