"""Schema 1: the mapping of a product index, and the document that goes into it.

Attribute names never become fields: `attributes` is one flattened field, `numbers` one nested one, so a catalogue with
thousands of names has the same mapping as one with ten (docs/decisions/0005-dynamic-attributes.md).

Every product has at least one nested variant. A variant carries the attributes of its product together with its own
options, so that filters on price, stock and attributes can be held against one and the same variant.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from mappings.analysis import ANALYSIS
from mappings.attributes import read_attributes, values_of
from mappings.checksum import bucket, checksum
from mappings.identifiers import normalise_identifier
from mappings.row import ProductRow, VariantRow

# Joins a category's path, name and id in one token, so that a facet can show names without a second request.
NODE_SEPARATOR = "\x1f"
# Characters of attributes in all variants together.
MAX_VARIANT_ATTRIBUTES = 8_000_000
# A longer text is not a model number, and not a term that an index takes.
MAX_IDENTIFIER = 100
# A longer value is searched as text but is neither a facet value nor a filter.
FACET_VALUE_LIMIT = 1000

_TEXT = {"type": "text", "analyzer": "product_text"}
_PREFIX = {"type": "text", "analyzer": "prefix_index", "search_analyzer": "prefix_search", "norms": False}
_KEYWORD = {"type": "keyword"}
_STORED_ONLY = {"type": "keyword", "index": False, "doc_values": False}
_FLATTENED = {"type": "flattened", "ignore_above": FACET_VALUE_LIMIT}

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
        "name": _TEXT | {"fields": {"folded": {"type": "keyword", "normalizer": "folded"}, "prefix": _PREFIX}},
        "description": _TEXT,
        "brand": _KEYWORD
        | {"fields": {"text": _TEXT, "lower": {"type": "keyword", "normalizer": "lower"}, "prefix": _PREFIX}},
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
        "category_text": _TEXT | {"fields": {"prefix": _PREFIX}},
        "price_cents": {"type": "long"},
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
        "attributes": _FLATTENED,
        "attribute_names": _KEYWORD,
        "text_attribute_names": _KEYWORD,
        "attributes_text": _TEXT,
        "numbers": {"type": "nested", "properties": {"name": _KEYWORD, "value": {"type": "double"}}},
        "variants": {
            "type": "nested",
            "properties": {
                "sku": _KEYWORD,
                "price_cents": {"type": "long"},
                "in_stock": {"type": "boolean"},
                "attributes": _FLATTENED,
                "options": {"type": "object", "enabled": False},
                "real": {"type": "boolean", "index": False, "doc_values": False},
            },
        },
    },
}

SETTINGS: dict[str, Any] = {"analysis": ANALYSIS}


def build(row: ProductRow, version: int) -> dict[str, Any]:
    """The whole document of a product at the ledger's `version`. Parts of it may be shared with other documents."""
    key, own, rows = row["id"], row["attributes"], row["variants"]
    options = _options(rows)
    read = read_attributes(own, options)
    shared = {name: kept for name, held in read.texts.items() if (kept := _facet_values(held))}
    if len(rows) > 1:
        _refuse_too_large(shared, len(rows))
    attributes = shared | options
    variants = [_variant(variant, shared) for variant in rows] or [_implicit_variant(row, shared)]
    option_texts = dict.fromkeys(text for variant in rows for text in variant["options"].values())
    compare_at = row["compare_at_cents"]
    document = {
        "id": key,
        "version": version,
        "deleted": False,
        "bucket": bucket(key),
        "checksum": checksum(key, version),
        "sku": row["sku"],
        "identifiers": _identifiers(row, own),
        "name": row["name"],
        "description": row["description"],
        "brand": row["brand"],
        "price_cents": row["price_cents"],
        "compare_at_cents": compare_at,
        "on_sale": compare_at is not None and row["price_cents"] < compare_at,
        "inventory": row["inventory"],
        "in_stock": row["inventory"] > 0,
        "status": row["status"],
        "publish_from": row["publish_from"],
        "publish_until": row["publish_until"],
        "popularity": row["popularity"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "image": row["image"],
        "attributes": attributes,
        "attribute_names": sorted(attributes),
        "text_attribute_names": sorted(name for name in attributes if name in read.textual or name in options),
        "attributes_text": list(chain(*read.texts.values(), option_texts)),
        "numbers": read.numbers,
        "variants": variants,
    }
    if row["category_path"] and row["category_names"] and row["category_ids"]:
        document |= _category(row["category_path"], tuple(row["category_names"]), tuple(row["category_ids"]))
    return {name: value for name, value in document.items() if value is not None}


def _options(variants: Sequence[VariantRow]) -> dict[str, list[str]]:
    """The values of every option that any variant has, each once, in the order of the variants."""
    found: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, text in variant["options"].items():
            found.setdefault(name, {})[text] = None
    return {name: list(texts) for name, texts in found.items()}


def _facet_values(held: list[str]) -> list[str]:
    return [text for text in held if len(text) <= FACET_VALUE_LIMIT]


def _refuse_too_large(facets: dict[str, list[str]], variants: int) -> None:
    """Every variant carries the attributes: raises ValueError before a document is built that no index takes."""
    size = variants * sum(len(name) + sum(map(len, held)) for name, held in facets.items())
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


def _variant(variant: VariantRow, shared: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "sku": variant["sku"],
        "price_cents": variant["price_cents"],
        "in_stock": variant["inventory"] > 0,
        "attributes": shared | {name: [text] for name, text in variant["options"].items()},
        "options": variant["options"],
        "real": True,
    }


def _implicit_variant(row: ProductRow, shared: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "sku": row["sku"],
        "price_cents": row["price_cents"],
        "in_stock": row["inventory"] > 0,
        "attributes": shared,
        "real": False,
    }


def _identifiers(row: ProductRow, own: dict[str, Any]) -> list[str]:
    model = own.get("model") or own.get("model_number") or own.get("mpn")
    raw = [row["sku"], row["gtin"], *(variant["sku"] for variant in row["variants"])]
    raw += [value for value in values_of(model) if isinstance(value, str)]
    spelled = {normalise_identifier(text) for text in raw if text}
    return sorted(text for text in spelled if 0 < len(text) <= MAX_IDENTIFIER)
