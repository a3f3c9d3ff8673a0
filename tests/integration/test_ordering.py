"""Transactions and workers that overtake each other: the index ends with what was committed last (I1, I3)."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.connections import connect
from catalog.database import Database, make_engine
from catalog.settings import Settings
from indexer import bulk, sync
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.sync import sync_batch
from tests.processes import wait_until
from tests.support import documents, ledger, live_index, store, sync_all, waiting_for_locks, writer

Db = psycopg.Connection[Any]

pytestmark = pytest.mark.usefixtures("index")


def test_an_update_that_commits_late_is_not_skipped(settings: Settings, db: Db, es: Elasticsearch) -> None:
    """It began first and is older in time and in transaction number than everything that is synced before it."""
    ids = store(settings, [{"sku": "late"}, {"sku": "early"}])
    sync_all(settings, db, es)
    with writer(settings) as late:
        late.execute("UPDATE products SET name = 'late' WHERE sku = 'late'")
        for number in range(5):
            db.execute("UPDATE products SET name = %s WHERE sku = 'early'", (f"early {number}",))
            sync_all(settings, db, es)
        late.commit()
    sync_all(settings, db, es)
    assert {body["sku"]: body["name"] for body in documents(db, es).values()} == {"late": "late", "early": "early 4"}
    assert ledger(db, ids["late"])["synced_version"] == 2


def test_two_writers_interleaved_on_one_row(settings: Settings, db: Db, es: Elasticsearch) -> None:
    """The second one waits for the first; a worker looks before, between and after their commits."""
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    sync_all(settings, db, es)
    with writer(settings) as first, writer(settings) as second:
        first.execute("UPDATE products SET name = 'first', inventory = 1")
        waiting = threading.Thread(target=second.execute, args=("UPDATE products SET name = 'second'",))
        waiting.start()
        wait_until(lambda: waiting_for_locks(db) > 0)
        sync_all(settings, db, es)
        assert documents(db, es)[str(product_id)]["version"] == 1
        first.commit()
        waiting.join()
        # The second one holds the row by now, which is bumped when it commits: nobody waits for it.
        assert sync_batch(Indexer(db, es, settings), 10).claimed == 0
        second.commit()
    sync_all(settings, db, es)
    body = documents(db, es)[str(product_id)]
    assert (body["name"], body["inventory"], body["version"]) == ("second", 1, 3)
    assert ledger(db, product_id)["synced_version"] == 3


def test_a_worker_overtaken_between_reading_and_writing(
    settings: Settings, db: Db, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease runs out while it stands still; another one writes the next version, and then it goes on."""
    (product_id,) = store(settings, [{"sku": "a", "name": "old"}]).values()
    write = bulk.write

    def slow(*arguments: Any) -> Any:
        monkeypatch.undo()
        db.execute("UPDATE products SET name = 'new'")
        sync_all(settings, db, es)
        return write(*arguments)

    monkeypatch.setattr(sync, "write", slow)
    with connect(settings, "test", autocommit=True) as slow_worker:
        sync_batch(Indexer(slow_worker, es, settings), 10)
    body = documents(db, es)[str(product_id)]
    assert (body["name"], body["version"]) == ("new", 2)
    row = ledger(db, product_id)
    assert (row["synced_version"], row["error"], row["attempts"]) == (2, None, 0)


def test_children_touched_in_opposite_order_by_two_statements_do_not_deadlock(
    settings: Settings, db: Db, es: Elasticsearch
) -> None:
    """Their own rows are different ones; products and ledger rows are locked in the order of their ids all the same."""
    store(settings, [{"sku": f"p{number}", "images": ["/0.svg", "/1.svg"]} for number in range(40)])

    def repeat(statement: LiteralString) -> None:
        with connect(settings, "test", autocommit=True) as connection:
            # Rows are updated in the order in which the subquery gives them.
            connection.execute("SET enable_hashjoin = off")
            connection.execute("SET enable_mergejoin = off")
            for _ in range(100):
                connection.execute(statement)

    update: LiteralString = (
        "UPDATE product_images AS image SET alt = md5(random()::text) "
        "FROM (SELECT id FROM product_images WHERE position = {} ORDER BY product_id {} OFFSET 0) AS listed "
        "WHERE image.id = listed.id"
    )
    with ThreadPoolExecutor(2) as pool:
        for work in [pool.submit(repeat, update.format("0", "ASC")), pool.submit(repeat, update.format("1", "DESC"))]:
            work.result()
    sync_all(settings, db, es)
    assert differences(Indexer(db, es, settings), live_index(db)) == []


async def test_children_changed_in_opposite_order_by_two_transactions(
    settings: Settings, db: Db, es: Elasticsearch
) -> None:
    """Nothing but a rollback resolves it: the edge runs the one that Postgres chose again."""
    ids = store(settings, [{"sku": sku, "images": ["/0.svg", "/1.svg"]} for sku in ("a", "b")])
    sync_all(settings, db, es)
    engine = make_engine(settings)
    met = asyncio.Barrier(2)
    runs: list[int] = []

    async def change(session: AsyncSession, order: list[UUID], position: int) -> None:
        runs.append(position)
        for number, product_id in enumerate(order):
            statement = text("UPDATE product_images SET alt = :alt WHERE product_id = :id AND position = :position")
            await session.execute(statement, {"alt": f"by {position}", "id": product_id, "position": position})
            if number == 0 and len(runs) <= 2:
                await met.wait()

    try:
        database = Database(engine)
        await asyncio.gather(
            database.run(change, [ids["a"], ids["b"]], 0), database.run(change, [ids["b"], ids["a"]], 1)
        )
    finally:
        await engine.dispose()
    assert len(runs) == 3
    alts = db.execute("SELECT position, alt, count(*) FROM product_images GROUP BY position, alt ORDER BY 1")
    assert alts.fetchall() == [(0, "by 0", 2), (1, "by 1", 2)]
    sync_all(settings, db, es)
    assert {body["version"] for body in documents(db, es).values()} == {3}
    assert differences(Indexer(db, es, settings), live_index(db)) == []
