"""Lines of an import, and what they leave in Postgres."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import psycopg

from catalog.importing import LineResult, import_lines
from catalog.settings import Settings

Db = psycopg.Connection[Any]


def line(sku: str = "A-1", **fields: Any) -> bytes:
    return orjson.dumps({"sku": sku, "name": f"Product {sku}", "price": "9.90"} | fields)


def variant(sku: str, price: str = "5.00", inventory: int = 1, **options: str) -> dict[str, Any]:
    return {"sku": sku, "price": price, "inventory": inventory, "options": options}


def load(settings: Settings, *lines: bytes, chunk_size: int = 2000) -> list[LineResult]:
    return list(import_lines(lines, settings, chunk_size=chunk_size))


def statuses(settings: Settings, *lines: bytes, chunk_size: int = 2000) -> list[str]:
    return [result.status for result in load(settings, *lines, chunk_size=chunk_size)]


def stored(db: Db, column: str, sku: str = "A-1") -> Any:
    row = db.execute(f"SELECT {column} FROM products WHERE sku = %s", [sku]).fetchone()
    assert row is not None
    return row[0]


def versions(db: Db) -> list[tuple[UUID, int]]:
    return db.execute("SELECT product_id, version FROM product_sync ORDER BY 1").fetchall()


def images(db: Db) -> list[tuple[str, str | None]]:
    return db.execute("SELECT url, alt FROM product_images ORDER BY product_id, position").fetchall()


def variants(db: Db) -> list[tuple[str, Decimal, int, dict[str, str]]]:
    return db.execute("SELECT sku, price, inventory, options FROM product_variants ORDER BY position").fetchall()
