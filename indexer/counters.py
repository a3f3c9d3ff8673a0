"""Counts that outlive processes, for the metrics: rows that are written seldom, never once for each batch."""

from typing import Any

import psycopg

ROUNDS = "reconcile_rounds"
REPAIRS = "reconcile_repairs"


def add(connection: psycopg.Connection[Any], name: str, amount: int) -> None:
    """Call it in the transaction that does what is counted: neither is there without the other."""
    connection.execute(
        "INSERT INTO counters AS counter (name, value) VALUES (%s, %s) "
        "ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value",
        (name, amount),
    )
