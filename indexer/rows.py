"""Reads product rows for documents: one statement, one JSON text for each product."""

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import psycopg
from psycopg import sql

from mappings.row import ProductRow

# The ledger comes first: a product that is gone still has its row there, and that is its tombstone.
ROWS = """
SELECT ledger.product_id, ledger.version,
       CASE WHEN product.id IS NULL OR ledger.dropped_version = ledger.version THEN NULL ELSE json_build_object(
           'id', product.id,
           'sku', product.sku,
           'name', product.name,
           'description', product.description,
           'price_cents', (product.price * 100)::bigint,
           'compare_at_cents', (product.compare_at_price * 100)::bigint,
           'inventory', product.inventory,
           'gtin', product.gtin,
           'status', product.status,
           'publish_from', product.publish_from,
           'publish_until', product.publish_until,
           'popularity', product.popularity,
           'attributes', product.attributes,
           'brand', brand.name,
           'category_path', category.path,
           'category_names', category.names,
           'category_ids', category.ids,
           'image', (SELECT image.url FROM product_images AS image WHERE image.product_id = product.id
                     ORDER BY image.position, image.id LIMIT 1),
           'variants', coalesce((SELECT json_agg(json_build_object(
                                     'sku', variant.sku,
                                     'price_cents', (variant.price * 100)::bigint,
                                     'inventory', variant.inventory,
                                     'options', variant.options) ORDER BY variant.position, variant.id)
                                 FROM product_variants AS variant WHERE variant.product_id = product.id), '[]'),
           'created_at', product.created_at,
           'updated_at', product.updated_at
       )::text END
FROM product_sync AS ledger
LEFT JOIN products AS product ON product.id = ledger.product_id
LEFT JOIN brands AS brand ON brand.id = product.brand_id
LEFT JOIN categories AS category ON category.id = product.category_id
"""
BY_ID = ROWS + "WHERE ledger.product_id = ANY (%s)"
# Living products only: tombstones keep late writes out, and no write is that late in a new index.
BETWEEN_KEYS = ROWS + "WHERE product.id IS NOT NULL AND ledger.product_id >= {} AND ledger.product_id <= {}"


class Snapshot(NamedTuple):
    """One product at one version; `text` is its row as JSON, None when it is deleted."""

    product_id: UUID
    version: int
    text: str | None

    def row(self) -> ProductRow | None:
        """The row, parsed here and not while reading: what no parser takes is the fault of one product alone."""
        if self.text is None:
            return None
        row: ProductRow = orjson.loads(self.text)
        return row


def read_products(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> list[Snapshot]:
    """The products with these ids, in no particular order. An id without a ledger row is left out."""
    return _snapshots(connection.execute(BY_ID, (list(ids),)))


def read_between(connection: psycopg.Connection[Any], first: UUID, last: UUID) -> Generator[Snapshot]:
    """The living products with keys from `first` to `last`, both included, in no particular order.

    They come as Postgres makes them (COPY), so that memory does not grow with the range; the connection is busy until
    the last one is read.
    """
    copy_out = sql.SQL("COPY (" + BETWEEN_KEYS + ") TO STDOUT (FORMAT BINARY)").format(first, last)
    with connection.cursor().copy(copy_out) as copy:
        copy.set_types(["uuid", "int8", "text"])
        for row in copy.rows():
            yield Snapshot(*row)


def _snapshots(cursor: psycopg.Cursor[Any]) -> list[Snapshot]:
    return [Snapshot(*row) for row in cursor]
