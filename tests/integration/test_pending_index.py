"""Quarantined rows are not met by those who look for work many times a second."""

from typing import Any

import psycopg
import pytest

from catalog.services.ledger import LAG
from catalog.settings import Settings
from indexer import ledger

Db = psycopg.Connection[Any]

ROWS = 2000


@pytest.mark.parametrize(
    ("query", "parameters"), [(ledger.WAITING, (500,)), (ledger.CLAIM, {"lease": 1.0, "limit": 500}), (LAG, ())]
)
def test_a_look_for_work_reads_no_quarantined_row(settings: Settings, db: Db, query: str, parameters: Any) -> None:
    # Entries of rows that tests before this one deleted are still in the index, and a scan counts them too.
    db.execute("VACUUM (INDEX_CLEANUP ON) product_sync")
    db.execute(
        "INSERT INTO product_sync (product_id, attempts, next_attempt_at) "
        "SELECT gen_random_uuid(), 3, 'infinity' FROM generate_series(1, %s)",
        (ROWS,),
    )
    db.execute("INSERT INTO product_sync (product_id) VALUES (gen_random_uuid())")
    db.execute("SET enable_seqscan = off")
    row = db.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}".encode(), parameters).fetchone()
    assert row is not None
    # An index scan that counts the quarantined reads them, and says that it does.
    looks = [node for node in nodes(row[0][0]["Plan"]) if node.get("Index Name") == "ix_product_sync_pending"]
    assert [node["Actual Rows"] for node in looks] == [1]
    assert [node.get("Rows Removed by Filter", 0) for node in looks] == [0]


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]
