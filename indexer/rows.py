"""Reads product rows for documents: one JSON text for each product, and each of their categories once."""

from collections.abc import Generator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
import psycopg

from mappings.row import ProductRow

# Products that are read at a time: memory does not grow with a range of keys.
PAGE_SIZE = 1000

# What a row's text holds, and the expression that gives it. An array without the names takes about an eighth less time
# to make and parse than an object.
FIELDS = {
    "id": "product.id",
    "sku": "product.sku",
    "name": "product.name",
    "description": "product.description",
    "price_cents": "(product.price * 100)::bigint",
    "compare_at_cents": "(product.compare_at_price * 100)::bigint",
    "inventory": "product.inventory",
    "gtin": "product.gtin",
    "status": "product.status",
    "publish_from": "product.publish_from",
    "publish_until": "product.publish_until",
    "popularity": "product.popularity",
    "attributes": "product.attributes",
    "brand": "brand.name",
    "image": """(SELECT image.url FROM product_images AS image WHERE image.product_id = product.id
                 ORDER BY image.position, image.id LIMIT 1)""",
    "variants": """coalesce((SELECT json_agg(json_build_object(
                                 'sku', variant.sku,
                                 'price_cents', (variant.price * 100)::bigint,
                                 'inventory', variant.inventory,
                                 'options', variant.options) ORDER BY variant.position, variant.id)
                             FROM product_variants AS variant WHERE variant.product_id = product.id), '[]')""",
    "created_at": "product.created_at",
    "updated_at": "product.updated_at",
}
# The ledger comes first: a product that is gone still has its row there, and that is its tombstone.
ROWS = f"""
SELECT ledger.product_id, ledger.version,
       CASE WHEN product.id IS NULL OR ledger.dropped_version = ledger.version THEN NULL
            ELSE json_build_array({", ".join(FIELDS.values())})::text END,
       product.category_id
FROM product_sync AS ledger
LEFT JOIN products AS product ON product.id = ledger.product_id
LEFT JOIN brands AS brand ON brand.id = product.brand_id
"""  # noqa: S608 - FIELDS is the constant above
# %b: keys as they are, in a fifth of the time of their texts.
BY_ID = ROWS + "WHERE ledger.product_id = ANY (%b)"
# Living products only: tombstones keep late writes out, and no write is that late in a new index. Both tables are
# bounded: whichever of them the planner begins with, it reads nothing beyond.
BETWEEN_KEYS = (
    ROWS
    + """
WHERE ledger.product_id >= %(first)s AND ledger.product_id <= %(last)s
  AND product.id >= %(first)s AND product.id <= %(last)s
"""
)
CATEGORIES = "SELECT id, json_build_array(path, names, ids)::text FROM categories WHERE id = ANY (%b)"


class Category(NamedTuple):
    """The categories from the root to the product's own."""

    #: Of the product's own category.
    path: str
    names: tuple[str, ...]
    ids: tuple[str, ...]


class Snapshot(NamedTuple):
    """One product at one version."""

    product_id: UUID
    version: int
    #: Its row as JSON; None when it is deleted.
    text: str | None
    category: Category | None = None

    def row(self) -> ProductRow | None:
        """The row, parsed here and not while reading: what no parser takes is the fault of one product alone."""
        if self.text is None:
            return None
        row = dict(zip(FIELDS, orjson.loads(self.text), strict=True))
        row["category_path"], row["category_names"], row["category_ids"] = self.category or (None, None, None)
        return cast("ProductRow", row)


def read_products(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> list[Snapshot]:
    """The products with these ids, in no particular order. An id without a ledger row is left out."""
    return _snapshots(connection, connection.execute(BY_ID, (list(ids),), binary=True).fetchall())


def read_between(connection: psycopg.Connection[Any], first: UUID, last: UUID) -> Generator[list[Snapshot]]:
    """The living products with keys from `first` to `last`, both included, in no particular order, a page at a time.

    The connection is in a transaction until the last page is read or the generator is closed.
    """
    with connection.transaction(), connection.cursor("products_between") as cursor:
        cursor.execute(BETWEEN_KEYS, {"first": first, "last": last}, binary=True)
        while rows := cursor.fetchmany(PAGE_SIZE):
            yield _snapshots(connection, rows)


def _snapshots(connection: psycopg.Connection[Any], rows: Sequence[Sequence[Any]]) -> list[Snapshot]:
    category_ids = {row[3] for row in rows}
    # After the products: a newer name of a category does no harm, and an older one would stay.
    category_rows = connection.execute(CATEGORIES, (list(category_ids - {None}),), binary=True).fetchall()
    categories = {key: _category(text) for key, text in category_rows}
    return [Snapshot(key, version, text, categories.get(category)) for key, version, text, category in rows]


@lru_cache(4096)
def _category(text: str) -> Category:
    """Made once from the text that Postgres gives again and again."""
    path, names, ids = orjson.loads(text)
    return Category(path, tuple(names), tuple(ids))
