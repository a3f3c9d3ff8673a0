"""The catalogue that is measured: products that are all of one size, from the shop generator and a seed.

Each has exactly five attributes, a description of about 40 words, one picture, a brand, a category two or three levels
deep and no variants.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from bench.progress import Progress
from generator import generate_products

ATTRIBUTE_COUNT = 5
DESCRIPTION_WORDS = 40
CATEGORY_LEVELS = 3
SEPARATOR = " > "
# The triggers keep the new rows of a statement in memory.
CHUNK_SIZE = 5000
# Products of a fan-out are in this one.
BIG_CATEGORY = UUID(int=0xB16 << 64 | 4 << 76 | 8 << 60)

PRODUCTS = (
    "COPY products (id, sku, name, description, price, inventory, gtin, popularity, attributes, brand_id, category_id) "
    "FROM STDIN"
)
IMAGES = "COPY product_images (product_id, url, position) FROM STDIN"


def load(
    connection: psycopg.Connection[Any], products: int, seed: int, progress: Progress, *, in_big_category: int = 0
) -> list[UUID]:
    """Fill the tables, triggers and all, and return the ids; `in_big_category`, spread evenly, are in BIG_CATEGORY.

    `connection` is in autocommit mode. The same arguments give the same rows.
    """
    progress.begin("loading products into Postgres", products)
    taxonomy = Taxonomy(connection)
    random = Random(seed)  # noqa: S311 - made-up data, no secret
    items = generate_products(products, seed)
    ids: list[UUID] = []
    with connection.transaction():
        big = taxonomy.category("Everything > Renamed", BIG_CATEGORY)
    while chunk := list(islice(items, CHUNK_SIZE)):
        keys = [UUID(int=random.getrandbits(128), version=4) for _ in chunk]
        with connection.transaction():
            rows = [
                _row(key, item, taxonomy, big if place * in_big_category % products < in_big_category else None)
                for place, (key, item) in enumerate(zip(keys, chunk, strict=True), start=len(ids))
            ]
            _copy(connection, PRODUCTS, rows)
            _copy(connection, IMAGES, ((key, item["images"][0], 0) for key, item in zip(keys, chunk, strict=True)))
        ids += keys
        progress.at(len(ids))
    vacuum(connection)
    return ids


def in_big(connection: psycopg.Connection[Any]) -> list[UUID]:
    """The products of BIG_CATEGORY."""
    return [row[0] for row in connection.execute("SELECT id FROM products WHERE category_id = %s", (BIG_CATEGORY,))]


def vacuum(connection: psycopg.Connection[Any]) -> None:
    """Statistics and visibility as they are in a database that has been up for a while; the next run begins clean."""
    connection.execute("VACUUM (ANALYZE) products, product_images, product_sync, categories, brands, skus")


class Taxonomy:
    """Categories and brands by name, inserted when they first appear."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._categories: dict[str, UUID] = {}
        self._brands: dict[str, UUID] = {}

    def category(self, path: str, key: UUID | None = None) -> UUID:
        if path not in self._categories:
            above, _, name = path.rpartition(SEPARATOR)
            parent = self.category(above) if above else None
            self._categories[path] = self._insert(
                "INSERT INTO categories (id, parent_id, name, slug) VALUES (%s, %s, %s, %s) RETURNING id",
                (key or uuid4(), parent, name, str(len(self._categories))),
            )
        return self._categories[path]

    def brand(self, name: str) -> UUID:
        if name not in self._brands:
            self._brands[name] = self._insert("INSERT INTO brands (name) VALUES (%s) RETURNING id", (name,))
        return self._brands[name]

    def _insert(self, statement: str, parameters: Sequence[Any]) -> UUID:
        row = self._connection.execute(statement, parameters).fetchone()
        assert row is not None
        key: UUID = row[0]
        return key


def _row(key: UUID, item: dict[str, Any], taxonomy: Taxonomy, category: UUID | None) -> tuple[Any, ...]:
    return (
        key,
        item["sku"],
        item["name"],
        " ".join(item["description"].split()[:DESCRIPTION_WORDS]),
        item["price"],
        item["inventory"] if "inventory" in item else sum(variant["inventory"] for variant in item["variants"]),
        item.get("gtin"),
        item["popularity"],
        Jsonb(_five(item["attributes"])),
        taxonomy.brand(item["brand"]),
        category or taxonomy.category(SEPARATOR.join(item["category"].split(SEPARATOR)[:CATEGORY_LEVELS])),
    )


def _five(attributes: dict[str, Any]) -> dict[str, Any]:
    five = dict(islice(attributes.items(), ATTRIBUTE_COUNT))
    spare = iter((("material", "steel"), ("color", "black"), ("pack", 1), ("origin", "EU"), ("series", "standard")))
    while len(five) < ATTRIBUTE_COUNT:
        name, value = next(spare)
        five.setdefault(name, value)
    return five


def _copy(connection: psycopg.Connection[Any], statement: str, rows: Iterator[tuple[Any, ...]] | list[Any]) -> None:
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
