"""Whole contents: what an index shows, and what Postgres says that it must show."""

from typing import Any

import psycopg
from elasticsearch import Elasticsearch

from indexer.rows import read_products
from indexer.sync import document_of
from mappings.names import READ_FILTER

Contents = dict[str, dict[str, Any]]


def contents(es: Elasticsearch, index: str) -> Contents:
    """Every living document of an index, whole, by id."""
    es.indices.refresh(index=index)
    found: Contents = {}
    after: list[Any] | None = None
    while True:
        answer = es.search(index=index, size=1000, query=READ_FILTER, sort=[{"id": "asc"}], search_after=after)
        hits = answer["hits"]["hits"]
        if not hits:
            return found
        found |= {hit["_id"]: hit["_source"] for hit in hits}
        after = hits[-1]["sort"]


def expected(db: psycopg.Connection[Any], schema_version: int) -> Contents:
    """The document of every product, built afresh from Postgres."""
    ids = [row[0] for row in db.execute("SELECT id FROM products")]
    return {str(item.product_id): document_of(item, schema_version).body for item in read_products(db, ids)}


def different(held: Contents, wanted: Contents) -> list[str]:
    """The ids that are missing, too many or have other contents: short, where a whole catalogue would be printed."""
    return sorted(key for key in held.keys() | wanted.keys() if held.get(key) != wanted.get(key))
