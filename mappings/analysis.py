"""Analysers. `product_text` is the one analyser of every searched text field, as combined_fields requires."""

from typing import Any

ANALYSIS: dict[str, Any] = {
    "filter": {
        "light_english": {"type": "stemmer", "language": "light_english"},
        "possessive": {"type": "stemmer", "language": "possessive_english"},
        "edges": {"type": "edge_ngram", "min_gram": 1, "max_gram": 20},
    },
    "normalizer": {
        "folded": {"type": "custom", "filter": ["lowercase", "asciifolding"]},
        # Brands are told apart as Postgres does it, by lower(name): accents matter.
        "lower": {"type": "custom", "filter": ["lowercase"]},
    },
    "analyzer": {
        "product_text": {
            "type": "custom",
            "tokenizer": "standard",
            "filter": ["lowercase", "asciifolding", "possessive", "light_english"],
        },
        "prefix_index": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "asciifolding", "edges"]},
        "prefix_search": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "asciifolding"]},
    },
}
