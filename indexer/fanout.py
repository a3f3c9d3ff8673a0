"""Spreads the change of a category or a brand over its products, in chunks and behind single changes."""

from typing import Any
from uuid import UUID

import psycopg

from indexer.ledger import bump

CHUNK = 1000
PRIORITY = 10
FIRST = UUID(int=0)

NEXT = 'SELECT id, kind, entity_id, "cursor" FROM fanout ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED'
AFFECTED = {
    "category": "SELECT id FROM products WHERE category_id = %s AND id > %s ORDER BY id LIMIT %s",
    "brand": "SELECT id FROM products WHERE brand_id = %s AND id > %s ORDER BY id LIMIT %s",
}


def spread_chunk(connection: psycopg.Connection[Any]) -> bool:
    """Bump the next chunk of products in a transaction of its own; False when no fan-out is waiting."""
    with connection.transaction():
        row = connection.execute(NEXT).fetchone()
        if row is None:
            return False
        fanout_id, kind, entity_id, cursor = row
        found = connection.execute(AFFECTED[kind], (entity_id, cursor or FIRST, CHUNK)).fetchall()
        ids = [product_id for (product_id,) in found]
        if ids:
            bump(connection, ids, PRIORITY)
        if len(ids) < CHUNK:
            connection.execute("DELETE FROM fanout WHERE id = %s", (fanout_id,))
        else:
            connection.execute('UPDATE fanout SET "cursor" = %s WHERE id = %s', (ids[-1], fanout_id))
    return True
