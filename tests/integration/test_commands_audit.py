"""Commands that change what others see leave a row in the audit log, as the addresses for the same do."""

from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from tests.commands import invoke
from tests.processes import run
from tests.support import live_index, store, sync_all

pytestmark = pytest.mark.secured

Db = psycopg.Connection[Any]
Row = tuple[str, str, dict[str, Any]]


def rows(db: Db) -> list[Row]:
    """What the commands left, in order, without the import of the tests' own products."""
    found = db.execute("SELECT action, target, after FROM audit_log WHERE actor = 'cli' ORDER BY id").fetchall()
    return [(action, target.partition(":")[0], after) for action, target, after in found]


@pytest.mark.usefixtures("index")
def test_rebuild_rollback_and_repair(settings: Settings, db: Db, es: Elasticsearch) -> None:
    store(settings, [{"sku": "A"}])
    sync_all(settings, db, es)
    first = live_index(db)
    for command in (["reindex", "--shards", "2"], ["rollback"], ["reconcile", "--repair", "--quick", "--wait", "5"]):
        done = invoke(settings, *command)
        assert done.returncode == 0, done.stderr
    assert rows(db) == [
        ("reindex.start", "job", {"shards": 2}),
        ("index.rollback", "index", {"state": "done", "index": first}),
        ("index.repair", "index", {"state": "done", "products": 0}),
    ]


@pytest.mark.usefixtures("index")
def test_what_was_refused_changed_nothing(settings: Settings, db: Db) -> None:
    assert invoke(settings, "reindex", "--cancel").returncode == 1
    assert rows(db) == []
    assert invoke(settings, "rollback").returncode == 1
    assert rows(db) == [("index.rollback", "index", {"state": "failed"})]


@pytest.mark.usefixtures("index")
def test_cancelling_a_rebuild(settings: Settings, db: Db) -> None:
    db.execute("INSERT INTO jobs (kind) VALUES ('reindex')")
    assert invoke(settings, "reindex", "--cancel").returncode == 0
    assert rows(db) == [("reindex.cancel", "job", {})]


def test_events_on_off_and_again(settings: Settings, db: Db) -> None:
    try:
        assert invoke(settings, "events", "off").returncode == 0
    finally:
        assert invoke(settings, "events", "on").returncode == 0
    assert invoke(settings, "events", "dead", "replay", "--all").returncode == 0
    assert rows(db) == [
        ("events.off", "events", {}),
        ("events.on", "events", {}),
        ("events.replay", "events", {"consumer": None, "all": True, "count": 0}),
    ]


@pytest.mark.process
@pytest.mark.usefixtures("index")
def test_processes_of_their_own(settings: Settings, db: Db) -> None:
    """Rebuild, rollback, comparison and events, each as it is typed."""
    for command in (["reindex"], ["rollback"], ["reconcile"], ["events", "on"], ["sync"]):
        done = run(settings, *command)
        assert done.returncode == 0, done.stderr
    assert [action for action, _, _ in rows(db)] == ["reindex.start", "index.rollback", "events.on"]
