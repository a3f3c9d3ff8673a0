"""Schema 1: the mapping of a product index, and the document that goes into it.

Attribute names never become fields: `tokens` holds `name, value` pairs and `numbers` the same for numbers, in tokens
that sort as the numbers do, so a catalogue with thousands of names has the same mapping as one with ten
(docs/decisions/0005-dynamic-attributes.md).

A product that has variants has one nested document for each of them. It carries the attributes of its product together
with its own options, so that filters on price, stock and attributes can be held against one and the same variant. A
product without variants says all that at its root, and has no nested documents.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from mappings.analysis import analysis
from mappings.attributes import OPTION, SEPARATOR, Attributes, read_attributes, tokens_of, values_of
from mappings.checksum import bucket, checksum
from mappings.heads import head_of, heads_of_category, joined_bigrams
from mappings.identifiers import normalise_identifier
from mappings.row import ProductRow, VariantRow

# Joins a category's path, name and id in one token, so that a facet can show names without a second request.
NODE_SEPARATOR = "\x1f"
# Characters of attributes in all variants together.
MAX_VARIANT_ATTRIBUTES = 8_000_000
# Fields that a document has only when its row has them.
_OPTIONAL = ("description", "brand", "compare_at_cents", "publish_from", "publish_until", "image")
# A longer text is not a model number, and not a term that an index takes.
MAX_IDENTIFIER_CHARACTERS = 100

_TEXT = {"type": "text", "analyzer": "product_text"}
# Only whether a word is there counts: neither where nor how often.
_PLAIN = {"type": "text", "norms": False, "index_options": "docs"}
# Words as they are written: of these, one that is being typed can be the beginning.
_WRITTEN = _PLAIN | {"analyzer": "written"}
_KEYWORD = {"type": "keyword"}
_STORED_ONLY = {"type": "keyword", "index": False, "doc_values": False}

MAPPINGS: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "id": _KEYWORD,
        "version": {"type": "long"},
        "deleted": {"type": "boolean"},
        "bucket": {"type": "short"},
        "checksum": {"type": "long"},
        "sku": _KEYWORD,
        "identifiers": _KEYWORD,
        "name": _TEXT
        | {
            "fields": {
                "folded": {"type": "keyword", "normalizer": "folded"},
                "written": _WRITTEN,
            },
        },
        "head": _PLAIN | {"analyzer": "product_text"},
        "pairs": {"type": "keyword", "doc_values": False},
        "description": _TEXT,
        "brand": _KEYWORD
        | {
            "fields": {
                "text": _TEXT,
                "lower": {"type": "keyword", "normalizer": "lower"},
                "written": _WRITTEN,
            },
        },
        "category": {
            "properties": {
                "id": _STORED_ONLY,
                "name": _STORED_ONLY,
                "path": _KEYWORD,
            }
        },
        "category_paths": _KEYWORD,
        "category_ids": _KEYWORD,
        "category_nodes": _KEYWORD,
        "category_text": _TEXT | {"fields": {"written": _WRITTEN}},
        "price_cents": {"type": "long"},
        "prices": {"type": "long"},
        "compare_at_cents": {"type": "long", "index": False},
        "on_sale": {"type": "boolean"},
        "inventory": {"type": "integer", "index": False},
        "in_stock": {"type": "boolean"},
        "status": _KEYWORD,
        "publish_from": {"type": "date"},
        "publish_until": {"type": "date"},
        "popularity": {"type": "double"},
        "created_at": {"type": "date"},
        "updated_at": {"type": "date"},
        "image": _STORED_ONLY,
        "tokens": _KEYWORD,
        "attribute_names": _KEYWORD,
        "attributes_text": _TEXT,
        "numbers": _KEYWORD,
        "has_variants": {"type": "boolean"},
        "variants": {
            "type": "nested",
            "properties": {
                "sku": _STORED_ONLY,
                "price_cents": {"type": "long"},
                "in_stock": {"type": "boolean"},
                "tokens": _KEYWORD,
                "options": {"type": "object", "enabled": False},
            },
        },
    },
}

# The constants that text retrieval has settled on; Lucene's own let long texts pay and repetition count too much.
# Source: A. Trotman, X. Jia, M. Crane, "Towards an efficient and effective search engine", SIGIR workshop OSIR 2012.
SIMILARITY = {"type": "BM25", "k1": 0.9, "b": 0.4}

SETTINGS: dict[str, Any] = {"analysis": analysis(), "similarity": {"default": SIMILARITY}}


def build(row: ProductRow, version: int) -> dict[str, Any]:
    """The whole document of a product at the ledger's `version`. Parts of it may be shared with other documents."""
    key, name, own, variants = row["id"], row["name"], row["attributes"], row["variants"]
    price, inventory, compare_at = row["price_cents"], row["inventory"], row["compare_at_cents"]
    options = _options(variants) if variants else {}
    read = read_attributes(own, options)
    document = {
        "id": key,
        "version": version,
        "deleted": False,
        "bucket": bucket(key),
        "checksum": checksum(key, version),
        "sku": row["sku"],
        "identifiers": _identifiers(row, own),
        "name": name,
        "price_cents": price,
        "prices": price,
        "on_sale": compare_at is not None and price < compare_at,
        "inventory": inventory,
        "in_stock": inventory > 0,
        "status": row["status"],
        "popularity": row["popularity"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "tokens": read.tokens,
        "attribute_names": read.kinds,
        "attributes_text": read.searched,
        "numbers": read.numbers,
        "pairs": joined_bigrams(name),
        "has_variants": bool(variants),
    }
    for field in _OPTIONAL:
        if (value := row[field]) is not None:  # type: ignore[literal-required]  # they are names of a row
            document[field] = value
    heads = [] if (head := head_of(name, row["brand"])) is None else [head]
    if variants:
        document |= _variants(variants, options, read)
    if row["category_path"] and row["category_names"] and row["category_ids"]:
        names = tuple(row["category_names"])
        document |= _category(row["category_path"], names, tuple(row["category_ids"]))
        heads += _category_heads(names[-1])
    if heads:
        document["head"] = heads
    return document


_category_heads = lru_cache(4096)(heads_of_category)


def _variants(variants: Sequence[VariantRow], options: dict[str, list[str]], read: Attributes) -> dict[str, Any]:
    """What a product with variants has besides, or instead."""
    if len(variants) > 1:
        _refuse_too_large(read.tokens, len(variants))
    names = []
    for name, texts in options.items():
        names += tokens_of(name, texts)
        read.kinds.append(f"{name}{SEPARATOR}{OPTION}")
        read.searched.extend(text for text in texts if text not in read.searched)
    return {
        "prices": sorted({variant["price_cents"] for variant in variants}),
        "tokens": read.tokens + names,
        "variants": [_variant(variant, read.tokens) for variant in variants],
    }


def _options(variants: Sequence[VariantRow]) -> dict[str, list[str]]:
    """The values of every option that any variant has, each once, in the order of the variants."""
    texts_by_name: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, text in variant["options"].items():
            texts_by_name.setdefault(name, {})[text] = None
    return {name: list(texts) for name, texts in texts_by_name.items()}


def _refuse_too_large(tokens: list[str], variants: int) -> None:
    """Every variant carries the attributes: raises ValueError before a document is built that no index takes."""
    size = variants * sum(map(len, tokens))
    if size > MAX_VARIANT_ATTRIBUTES:
        raise ValueError(
            f"the attributes of {variants} variants have {size} characters, more than {MAX_VARIANT_ATTRIBUTES}"
        )


@lru_cache(4096)
def _category(path: str, names: tuple[str, ...], ids: tuple[str, ...]) -> dict[str, Any]:
    slugs = path.split("/")
    paths = ["/".join(slugs[: depth + 1]) for depth in range(len(slugs))]
    nodes = [NODE_SEPARATOR.join(parts) for parts in zip(paths, names, ids, strict=True)]
    return {
        "category": {"id": ids[-1], "name": names[-1], "path": path},
        "category_paths": paths,
        "category_ids": list(ids),
        "category_nodes": nodes,
        "category_text": list(names),
    }


def _variant(variant: VariantRow, shared: list[str]) -> dict[str, Any]:
    own = [token for name, text in variant["options"].items() for token in tokens_of(name, (text,))]
    return {
        "sku": variant["sku"],
        "price_cents": variant["price_cents"],
        "in_stock": variant["inventory"] > 0,
        "tokens": shared + own,
        "options": variant["options"],
    }


def _identifiers(row: ProductRow, own: dict[str, Any]) -> list[str]:
    raw = [row["sku"], row["gtin"], *[variant["sku"] for variant in row["variants"]]]
    if model := own.get("model") or own.get("model_number") or own.get("mpn"):
        raw += [value for value in values_of(model) if isinstance(value, str)]
    spelled = {normalise_identifier(text) for text in raw if text}
    return sorted([text for text in spelled if 0 < len(text) <= MAX_IDENTIFIER_CHARACTERS])
