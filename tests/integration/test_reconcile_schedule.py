"""Rounds of the reconciler: they begin by themselves, survive kills, repair and count, and hold nobody back (I7)."""

import signal
import threading
from typing import Any
from uuid import UUID

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.models.job import RECONCILE
from catalog.settings import Settings
from indexer import audit, compare, counters, jobs, reconciler, reconciliation
from indexer.bulk import Document, write
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.rebuild import rebuild
from indexer.registry import LIVE, targets
from indexer.switch import locked
from mappings.checksum import checksum
from mappings.names import write_alias
from tests.processes import running, wait_until
from tests.support import documents, ledger, live_index, store, sync_all

Db = psycopg.Connection[Any]


@pytest.fixture
def own(settings: Settings) -> Settings:
    return settings.model_copy(update={"reconcile_products_per_second": 1e6})


@pytest.fixture
def ids(settings: Settings, db: Db, es: Elasticsearch, index: str) -> dict[str, UUID]:
    stored = store(settings, [{"sku": f"p{number}"} for number in range(40)])
    sync_all(settings, db, es)
    return stored


def finished(db: Db) -> list[dict[str, Any]]:
    """The progress of every finished round, the oldest first."""
    rows = db.execute("SELECT progress FROM jobs WHERE kind = 'reconcile' AND state = 'done' ORDER BY created_at")
    return [row[0] for row in rows]


def counted(db: Db, name: str) -> int:
    row = db.execute("SELECT value FROM counters WHERE name = %s", (name,)).fetchone()
    return row[0] if row else 0


def due_again(db: Db) -> None:
    db.execute("UPDATE jobs SET created_at = created_at - interval '1 hour' WHERE kind = 'reconcile'")


def lose(es: Elasticsearch, index: str, product_id: UUID) -> None:
    """Remove a document by hand, at its own version."""
    es.delete(index=index, id=str(product_id), version=1, version_type="external_gte", refresh=True)


def alter(es: Elasticsearch, index: str, product_id: UUID) -> None:
    """Other contents at the right version."""
    body = es.get(index=index, id=str(product_id))["_source"] | {"price_cents": 1}
    es.index(index=index, id=str(product_id), document=body, version=1, version_type="external_gte", refresh=True)


def test_a_round_in_sync_compares_everything_and_repairs_nothing(
    own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    reconciler.run(Indexer(db, es, own))
    (progress,) = finished(db)
    assert (progress["products"], progress["versions"], progress["contents"], progress["repaired"]) == (40, 0, 0, 0)
    assert progress["ahead"] == {live_index(db): 0}
    assert (counted(db, counters.ROUNDS), counted(db, counters.REPAIRS)) == (1, 0)


def test_what_differs_is_repaired_and_counted(
    own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], capfd: pytest.CaptureFixture[str]
) -> None:
    lose(es, live_index(db), ids["p3"])
    alter(es, live_index(db), ids["p5"])
    reconciler.run(Indexer(db, es, own))
    (progress,) = finished(db)
    assert (progress["versions"], progress["contents"], progress["repaired"]) == (1, 1, 2)
    assert counted(db, counters.REPAIRS) == 2
    said = "".join(capfd.readouterr())
    assert "reconcile.drift" in said
    assert str(ids["p3"]) in said
    sync_all(own, db, es)
    found = documents(db, es)
    assert {found[str(ids[sku])]["price_cents"] for sku in ("p3", "p5")} == {1000}
    due_again(db)
    reconciler.run(Indexer(db, es, own))
    assert finished(db)[-1]["repaired"] == 0
    assert counted(db, counters.ROUNDS) == 2


def test_a_round_begins_when_it_is_time_and_not_before(
    own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    for _ in range(2):
        reconciler.run(Indexer(db, es, own))
        assert len(finished(db)) == 1
    due_again(db)
    reconciler.run(Indexer(db, es, own))
    assert len(finished(db)) == 2


def test_an_interval_of_0_turns_it_off(own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    reconciler.run(Indexer(db, es, own.model_copy(update={"reconcile_interval_seconds": 0})))
    assert finished(db) == []
    assert jobs.active(db, RECONCILE) is None


def test_a_task_ends_when_its_time_is_up_and_the_next_goes_on(
    own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE_SIZE", 7)
    seen = []
    while not finished(db):
        reconciler.run(Indexer(db, es, own), seconds=1e-9)
        job = jobs.active(db, RECONCILE)
        if job is not None:
            seen.append((job.id, job.progress["products"]))
    assert len({job_id for job_id, _ in seen}) == 1
    assert [products for _, products in seen] == [0, 7, 14, 21, 28, 35, 40]
    assert finished(db)[0]["products"] == 40


def test_a_round_that_is_too_long_ends_and_the_next_audits_on(
    own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE_SIZE", 15)
    short = own.model_copy(update={"reconcile_interval_seconds": 1e-6})
    for _ in range(4):
        reconciler.run(Indexer(db, es, short))
    assert [progress["products"] for progress in finished(db)] == [15, 15, 10, 15]
    assert all(progress["compared"] == [live_index(db)] for progress in finished(db))


@pytest.mark.process
def test_a_killed_round_is_gone_on_with(own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    """The worker is killed right after a repair: it stands in the row, and is not made or counted twice."""
    lose(es, live_index(db), ids["p3"])
    doomed = own.model_copy(update={"failpoint": "reconcile.after_step", "sync_sweep_seconds": 1})
    with running(doomed, "worker", "--pool", "solo") as worker, running(doomed, "scheduler"):
        wait_until(lambda: worker.poll() is not None, 60)
        assert worker.returncode == -signal.SIGKILL
    job = jobs.active(db, RECONCILE)
    assert job is not None
    assert (job.progress["repaired"], job.progress["compared"]) == (1, [live_index(db)])
    reconciler.run(Indexer(db, es, own))
    (progress,) = finished(db)
    assert (progress["repaired"], progress["products"]) == (1, 40)
    assert counted(db, counters.REPAIRS) == 1
    assert ledger(db, ids["p3"])["version"] == 2


@pytest.mark.process
def test_scheduler_and_worker_do_it_unasked(own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    lose(es, live_index(db), ids["p3"])
    alter(es, live_index(db), ids["p5"])
    with running(own.model_copy(update={"sync_sweep_seconds": 1}), "worker"):
        with running(own.model_copy(update={"sync_sweep_seconds": 1}), "scheduler"):
            wait_until(lambda: bool(finished(db)), 60)
        wait_until(lambda: ledger(db, ids["p5"])["synced_version"] == 2)
    assert ledger(db, ids["p3"])["synced_version"] == 2
    assert differences(Indexer(db, es, own), live_index(db)) == []


def test_one_task_at_a_time(own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    with connect(own, "other", autocommit=True) as other, locked(other, key=reconciler.LOCK):
        reconciler.run(Indexer(db, es, own))
        assert jobs.active(db, RECONCILE) is None
    reconciler.run(Indexer(db, es, own))
    assert len(finished(db)) == 1


def test_live_changes_go_first_in_every_pause(
    own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 products a second: the audit of 40 rests for two seconds, and looks for live changes all the time."""
    calls: list[None] = []
    slow = own.model_copy(update={"reconcile_products_per_second": 20})
    reconciler.run(Indexer(db, es, slow), on_step=lambda: calls.append(None))
    assert len(calls) > 2 / reconciliation.NAP_SECONDS / 4
    assert finished(db)[0]["products"] == 40


def test_changes_on_their_way_are_no_drift(own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    """A writer and live sync never stop while three rounds compare."""
    stop = threading.Event()

    def write_and_sync() -> None:
        with connect(own, "writer", autocommit=True) as connection:
            while not stop.is_set():
                connection.execute("UPDATE products SET price = price + 1")
                sync_all(own, connection, es)

    writer = threading.Thread(target=write_and_sync)
    writer.start()
    try:
        for _ in range(3):
            reconciler.run(Indexer(db, es, own))
            due_again(db)
    finally:
        stop.set()
        writer.join()
    assert [progress["repaired"] for progress in finished(db)] == [0, 0, 0]


def test_the_standby_is_repaired_too_and_a_building_index_is_left_out(
    own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    old = live_index(db)
    rebuild(own, es)
    lose(es, old, ids["p3"])
    db.execute("INSERT INTO search_indexes (name, schema_version, state) VALUES ('is-building', 1, 'building')")
    reconciler.run(Indexer(db, es, own))
    (progress,) = finished(db)
    assert (progress["repaired"], progress["products"]) == (1, 80)
    assert sorted(progress["compared"]) == sorted([old, live_index(db)])
    db.execute("DELETE FROM search_indexes WHERE name = 'is-building'")
    sync_all(own, db, es)
    assert [differences(Indexer(db, es, own), target.name) for target in targets(db)] == [[], []]


def test_an_index_ahead_is_noted_and_never_repaired(
    own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID], capfd: pytest.CaptureFixture[str]
) -> None:
    key = ids["p3"]
    body = es.get(index=live_index(db), id=str(key))["_source"] | {"version": 7, "checksum": checksum(str(key), 7)}
    write(es, write_alias(live_index(db)), [Document(key, 7, body)])
    reconciler.run(Indexer(db, es, own))
    (progress,) = finished(db)
    assert (progress["ahead"], progress["repaired"]) == ({live_index(db): 1}, 0)
    assert "reconcile.index_ahead" in "".join(capfd.readouterr())
    assert ledger(db, key)["version"] == 1


def test_ids_that_are_not_random_share_a_bucket(
    own: Settings, db: Db, es: Elasticsearch, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both sides are read page by page and merged; the audit goes by products, not by buckets."""
    monkeypatch.setattr(compare, "PAGE_SIZE", 7)
    monkeypatch.setattr(audit, "PAGE_SIZE", 9)
    keys = [UUID(int=(0xAB << 120) + number) for number in range(50)]
    for number, key in enumerate(keys):
        db.execute("INSERT INTO products (id, sku, name, price) VALUES (%s, %s, 'one', 1)", (key, f"s{number}"))
    sync_all(own, db, es)
    for key in (keys[0], keys[6], keys[7], keys[49]):
        lose(es, index, key)
    alter(es, index, keys[30])
    stranger = UUID(int=(0xAB << 120) + 1000)
    body = es.get(index=index, id=str(keys[1]))["_source"] | {"id": str(stranger)}
    write(es, write_alias(index), [Document(stranger, 3, body)])
    found = {
        item.product_id: (item.database_version, item.indexed_version)
        for item in differences(Indexer(db, es, own), index)
    }
    assert found == dict.fromkeys((keys[0], keys[6], keys[7], keys[49]), (1, None)) | {stranger: (None, 3)}
    reconciler.run(Indexer(db, es, own))
    assert finished(db)[0]["repaired"] == 6
    sync_all(own, db, es)
    assert differences(Indexer(db, es, own), index) == []


def test_only_the_newest_rounds_are_kept(own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    db.execute(
        "INSERT INTO jobs (kind, state, created_at, finished_at) "
        "SELECT kind, 'done', now() - n * interval '1 hour', now() - n * interval '1 hour' "
        "FROM generate_series(1, 110) AS n, unnest(ARRAY['reconcile', 'reindex']) AS kind"
    )
    reconciler.run(Indexer(db, es, own))
    kept = dict(db.execute("SELECT kind, count(*) FROM jobs GROUP BY kind").fetchall())
    assert kept == {"reconcile": reconciliation.MAX_ENDED_RUNS, "reindex": 111}


def test_a_cancelled_round_ends(own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    reconciler.run(Indexer(db, es, own), seconds=1e-9)
    assert jobs.request_cancel(db, RECONCILE)
    reconciler.run(Indexer(db, es, own))
    assert db.execute("SELECT state FROM jobs WHERE kind = 'reconcile'").fetchall() == [("cancelled",)]


def test_elasticsearch_away_is_waited_for(own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    es.indices.close(index=live_index(db))
    reconciler.run(Indexer(db, es, own))
    assert finished(db) == []
    es.indices.open(index=live_index(db), wait_for_active_shards=1)
    reconciler.run(Indexer(db, es, own))
    assert (len(finished(db)), finished(db)[0]["repaired"]) == (1, 0)


def test_an_index_that_can_not_tell_is_not_audited(
    own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    """Closed between the comparison of versions and the audit: the round waits instead of finding nothing."""
    reconciler.run(Indexer(db, es, own), seconds=1e-9)
    es.indices.close(index=live_index(db))
    reconciler.run(Indexer(db, es, own))
    job = jobs.active(db, RECONCILE)
    assert job is not None
    assert job.progress["products"] == 0
    es.indices.open(index=live_index(db), wait_for_active_shards=1)
    reconciler.run(Indexer(db, es, own))
    assert finished(db)[0]["products"] == 40


def test_no_index_is_no_fault(own: Settings, db: Db, es: Elasticsearch) -> None:
    assert [target for target in targets(db) if target.state == LIVE] == []
    reconciler.run(Indexer(db, es, own))
    assert finished(db)[0]["compared"] == []


def test_a_lost_standby_does_not_keep_the_live_index_from_being_proven(
    own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]
) -> None:
    lost = live_index(db)
    rebuild(own, es)
    es.indices.delete(index=lost)
    lose(es, live_index(db), ids["p3"])
    reconciler.run(Indexer(db, es, own))
    (progress,) = finished(db)
    assert (progress["repaired"], progress["compared"], list(progress["skipped"])) == (1, [live_index(db)], [lost])
    assert counted(db, counters.ROUNDS) == 1


def test_what_triggers_did_not_record_is_found(own: Settings, db: Db, es: Elasticsearch, ids: dict[str, UUID]) -> None:
    with db.transaction():
        db.execute("ALTER TABLE products DISABLE TRIGGER ledger_insert, DISABLE TRIGGER ledger_delete")
        db.execute("DELETE FROM products WHERE sku = 'p3'")
        db.execute("INSERT INTO products (sku, name, price) VALUES ('silent', 'Silent', 5)")
        db.execute("ALTER TABLE products ENABLE ALWAYS TRIGGER ledger_insert, ENABLE ALWAYS TRIGGER ledger_delete")
    reconciler.run(Indexer(db, es, own))
    assert (finished(db)[0]["repaired"], counted(db, counters.REPAIRS)) == (2, 2)
    sync_all(own, db, es)
    shown = {body["sku"] for body in documents(db, es).values() if not body["deleted"]}
    assert shown == {f"p{number}" for number in range(40) if number != 3} | {"silent"}
