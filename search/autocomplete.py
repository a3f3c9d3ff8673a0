"""Completions while typing: products, brands and categories from living, published products only. Pure.

Every suggestion is read off products that match, so none leads to an empty page.
"""

from datetime import datetime
from typing import Any

from search.completion import FUZZINESS, TYPO_FROM, completes
from search.facets import split_node
from search.filters import Clause, category_clause

# More categories or brands than a drop-down shows.
SECTION = 5
# Categories on the way to matching ones are counted too; those whose own name does not match are left out afterwards.
NODES = 100
SOURCE = ["id", "sku", "name", "brand", "category", "price_cents", "image", "in_stock"]


def body(q: str, limit: int, category: str | None, now: datetime) -> dict[str, Any]:
    """One request: products by their completed words, brands and categories counted among their own matches."""
    scope: list[Clause] = [
        {"term": {"status": "active"}},
        *([category_clause(category)] if category else []),
    ]
    hidden = [
        {"range": {"publish_from": {"gt": now.isoformat()}}},
        {"range": {"publish_until": {"lte": now.isoformat()}}},
    ]
    name, brand, node = (_completes(field, q) for field in ("name.prefix", "brand.prefix", "category_text.prefix"))
    return {
        "size": limit,
        "track_total_hits": False,
        "_source": SOURCE,
        "query": {
            "bool": {"filter": scope, "must_not": hidden, "should": [name, brand, node], "minimum_should_match": 1}
        },
        "post_filter": {"bool": {"should": [name, brand]}},
        "sort": [{"_score": "desc"}, {"popularity": "desc"}, {"id": "asc"}],
        "aggs": {
            "brands": {"filter": brand, "aggs": {"values": {"terms": {"field": "brand", "size": SECTION}}}},
            "categories": {"filter": node, "aggs": {"values": {"terms": {"field": "category_nodes", "size": NODES}}}},
        },
        "highlight": {
            "encoder": "html",
            "pre_tags": ["<em>"],
            "post_tags": ["</em>"],
            "fields": {"name.prefix": {"number_of_fragments": 0, "highlight_query": name}},
        },
    }


def _completes(field: str, q: str) -> Clause:
    """Every word typed begins a word of the field, in any order; from the third character on with a typo."""
    exact: Clause = {"match": {field: {"query": q, "operator": "and", "boost": 3}}}
    if len(q) < TYPO_FROM:
        return exact
    fuzzy = {
        "query": q,
        "operator": "and",
        "fuzziness": FUZZINESS,
        "prefix_length": 1,
        "max_expansions": 20,
    }
    return {"bool": {"should": [exact, {"match": {field: fuzzy}}]}}


def build_response(q: str, limit: int, answer: dict[str, Any] | None, currency: str) -> dict[str, Any]:
    """Sections in the contract's order; `highlight` marks the completed part in HTML, everything else escaped."""
    products: list[dict[str, Any]] = []
    brands: list[dict[str, Any]] = []
    categories: list[dict[str, Any]] = []
    if answer is not None:
        products = [_product(hit, currency) for hit in answer["hits"]["hits"]]
        brands = [
            {"text": bucket["key"], "value": bucket["key"], "count": bucket["doc_count"]}
            for bucket in answer["aggregations"]["brands"]["values"]["buckets"]
        ]
        nodes = map(_category, answer["aggregations"]["categories"]["values"]["buckets"])
        categories = [node for node in nodes if completes(q, node["text"])][:SECTION]
    sections = {
        "queries": [],
        "products": products[:limit],
        "categories": categories[:limit],
        "brands": brands[:limit],
    }
    return {"query": q, "sections": sections}


def _product(hit: dict[str, Any], currency: str) -> dict[str, Any]:
    source = hit["_source"]
    return {
        "id": source["id"],
        "sku": source["sku"],
        "text": source["name"],
        "highlight": hit.get("highlight", {}).get("name.prefix", [None])[0],
        "brand": source.get("brand"),
        "price": source["price_cents"] / 100,
        "currency": currency,
        "image": source.get("image"),
        "in_stock": source["in_stock"],
    }


def _category(bucket: dict[str, Any]) -> dict[str, Any]:
    path, name, category_id = split_node(bucket["key"])
    return {"text": name, "value": path, "id": category_id, "count": bucket["doc_count"]}
