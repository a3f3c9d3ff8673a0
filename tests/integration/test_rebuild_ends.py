"""How a rebuild ends: refused for good, cancelled too late, and with products that are left out (I4, I5)."""

import threading
from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.errors import Conflict
from catalog.models.job import REINDEX
from catalog.settings import Settings
from indexer import jobs, rebuild
from indexer.indexer import Indexer
from indexer.rebuild import progress, result, start, step
from indexer.rebuild_steps import Step
from indexer.switch import rollback
from tests.commands import invoke
from tests.processes import run
from tests.support import documents, ledger, live_index, store, sync_all

Db = psycopg.Connection[Any]


@pytest.fixture
def full(settings: Settings, db: Db, es: Elasticsearch, index: str) -> str:
    store(settings, [{"sku": "odd"}, {"sku": "fine"}])
    sync_all(settings, db, es)
    return index


@pytest.fixture
def quarantined(settings: Settings, db: Db, es: Elasticsearch, full: str) -> str:
    """A product that can't be made into a document any more; the live index shows what it was before."""
    db.execute("""UPDATE products SET attributes = '{"x": 1e400}' WHERE sku = 'odd'""")
    for _ in range(settings.sync_max_attempts):
        db.execute("UPDATE product_sync SET next_attempt_at = NULL")
        sync_all(settings, db, es)
    assert db.execute("SELECT count(*) FROM product_sync WHERE next_attempt_at = 'infinity'").fetchone() == (1,)
    return full


def test_what_elasticsearch_refuses_for_good_ends_the_rebuild(
    settings: Settings, db: Db, es: Elasticsearch, full: str
) -> None:
    """It would be refused again and again: more shards than an index may have."""
    job = start(db, shards=5000)
    assert step(Indexer(db, es, settings)) is Step.ENDED
    with pytest.raises(Conflict, match="Elasticsearch refuses the rebuild"):
        result(db, job)
    assert live_index(db) == full


@pytest.mark.process
def test_cancelled_too_late(
    settings: Settings, db: Db, es: Elasticsearch, full: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Readers see the new index already: it has not been cancelled, and the command does not say so."""
    start(db)
    while step(Indexer(db, es, settings)) is Step.WORKED and jobs.active(db, REINDEX):
        job = jobs.active(db, REINDEX)
        if (
            job
            and job.progress.get("phase") == "filling"
            and not db.execute("SELECT 1 FROM reindex_chunks WHERE done_at IS NULL").fetchone()
        ):
            break
    killed = run(settings.model_copy(update={"failpoint": "switch.after_move"}), "reindex")
    assert killed.returncode == -9
    answer = invoke(settings, "reindex", "--cancel")
    assert answer.returncode == 1
    assert f"Too late: {live_index(db)} is live already" in " ".join(answer.stderr.split())
    assert live_index(db) != full


def test_a_rebuild_says_how_many_quarantined_products_it_left_out(
    settings: Settings, db: Db, es: Elasticsearch, quarantined: str
) -> None:
    answer = invoke(settings, "reindex")
    assert answer.returncode == 0
    assert "1 products in quarantine are not in it" in " ".join(answer.stderr.split())
    assert {body["sku"] for body in documents(db, es).values()} == {"fine"}


def test_an_index_that_becomes_live_is_given_what_was_in_quarantine(
    settings: Settings, db: Db, es: Elasticsearch, quarantined: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old one refused it; whether the new one does is found out by itself."""
    rebuild.rebuild(settings, es)
    key = db.execute("SELECT id FROM products WHERE sku = 'odd'").fetchone()
    assert key is not None
    row = ledger(db, key[0])
    assert (row["attempts"], row["next_attempt_at"], row["error"]) == (0, None, None)
    db.execute("UPDATE product_sync SET next_attempt_at = 'infinity' WHERE product_id = %s", key)
    rollback(settings, es)
    assert ledger(db, key[0])["next_attempt_at"] is None


def test_a_quarantined_product_that_the_new_index_takes_is_not_counted(
    settings: Settings, db: Db, es: Elasticsearch, quarantined: str
) -> None:
    db.execute("UPDATE products SET attributes = '{}'")
    db.execute("UPDATE product_sync SET next_attempt_at = 'infinity' WHERE version > synced_version")
    job = start(db)
    rebuild.run(Indexer(db, es, settings))
    assert progress(db, job).left_out == 0


def test_a_pause_of_the_new_index_holds_nothing_else_up(
    settings: Settings, db: Db, es: Elasticsearch, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever carries the rebuild does the other work in the pauses too."""
    job = start(db)
    step(Indexer(db, es, settings))
    es.indices.put_settings(index=str(jobs.get(db, job.id).progress["index"]), settings={"index.blocks.write": True})
    looks = threading.Semaphore(0)
    rebuild.run(Indexer(db, es, settings), seconds=1.5, on_step=looks.release)
    steps = 1 + 4  # pauses double: there is time for four of them
    assert sum(looks.acquire(blocking=False) for _ in range(100)) > steps
