"""Analysers. `product_text` is the one analyser of every searched text field, as combined_fields requires."""

from typing import Any

# A number and its unit are one word, however they are written: 13", 13 inch and 13-inch; 1 TB and 1TB.
_INCHES = r"(?i)(\d)[\s-]?(?:inch(?:es)?\b|''|[\"″”])"
_UNITS = (
    r"(?i)(\d)[\s-](mm|cm|km|ft|m|kg|mg|g|oz|lbs?|ml|cl|l|kwh|wh|kw|w|mv|v|mah|ah|khz|mhz|ghz|hz|kb|mb|gb|tb|mp|dpi|rpm)"
    r"\b"
)

ANALYSIS: dict[str, Any] = {
    "char_filter": {
        "inches": {"type": "pattern_replace", "pattern": _INCHES, "replacement": "$1inch "},
        "units": {"type": "pattern_replace", "pattern": _UNITS, "replacement": "$1$2"},
    },
    "filter": {
        "english": {"type": "stemmer", "language": "english"},
        "possessive": {"type": "stemmer", "language": "possessive_english"},
    },
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
            "filter": ["lowercase", "asciifolding", "possessive", "english"],
        },
        # Words as they are written: for what is being typed, and the vocabulary that typing errors are corrected by.
        "written": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "asciifolding"]},
    },
}
