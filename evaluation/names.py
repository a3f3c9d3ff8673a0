"""The names of judged products, from Postgres: a search can't say what it did not find."""

from typing import Any

import psycopg

from evaluation.judgements import Judgements

BY_KEY = {
    "sku": "SELECT sku, name FROM products WHERE sku = ANY (%s)",
    "product_id": "SELECT id::text, name FROM products WHERE id = ANY (%s::uuid[])",
}


def names_of(connection: psycopg.Connection[Any], judgements: Judgements) -> dict[str, str]:
    """Name by sku or id of every judged product that the catalogue has."""
    keys = list({key for rated in judgements.ratings.values() for key in rated})
    return dict(connection.execute(BY_KEY[judgements.key], (keys,)).fetchall())
