"""A new index beside the live one."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.errors import Conflict
from catalog.settings import Settings
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.maintenance import expire_standby
from indexer.rebuild import Progress, ensure_index, rebuild, run, start, step
from indexer.rebuild_steps import Step
from indexer.registry import BUILDING, LIVE, STANDBY, register, targets
from indexer.switch import rollback
from indexer.sync import sync_batch
from mappings.names import read_alias, write_alias
from mappings.schema import CURRENT, SCHEMAS, Schema
from tests.processes import wait_until
from tests.support import documents, ledger, live_index, store, sync_all

pytestmark = pytest.mark.secured

Db = psycopg.Connection[Any]


def test_the_alias_moves_and_the_old_index_stays_current(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    store(settings, [{"sku": f"p{number}"} for number in range(30)])
    sync_all(settings, db, es)
    seen: list[Progress] = []
    name = rebuild(settings, es, seen.append)
    assert [*es.indices.get_alias(name=read_alias(settings.index_prefix)).body] == [name]
    assert {target.name: target.state for target in targets(db)} == {index: STANDBY, name: LIVE}
    assert (seen[-1].phase, seen[-1].done) == ("live", 30)
    db.execute("UPDATE products SET name = 'changed' WHERE sku = 'p7'")
    sync_all(settings, db, es)
    for held in (index, name):
        assert differences(Indexer(db, es, settings), held) == []


def test_changes_during_a_rebuild_are_in_both_indexes(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    """Writes and syncs go on in another thread while the rebuild runs, deletions among them."""
    store(settings, [{"sku": f"p{number}"} for number in range(200)])
    sync_all(settings, db, es)
    stop = threading.Event()

    def disturb() -> None:
        with psycopg.connect(settings.database_url, autocommit=True) as connection:
            number = 0
            while not stop.is_set():
                number += 1
                connection.execute("UPDATE products SET price = %s WHERE sku = %s", (number, f"p{number % 200}"))
                if number % 10 == 0:
                    connection.execute("DELETE FROM products WHERE sku = %s", (f"p{number % 200}",))
                time.sleep(0.002)
                while sync_batch(Indexer(connection, es, settings), 100).claimed:
                    pass

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        names = [rebuild(settings, es) for _ in range(2)]
    finally:
        stop.set()
        thread.join()
    sync_all(settings, db, es)
    assert names[-1] == live_index(db)
    for target in targets(db):
        assert differences(Indexer(db, es, settings), target.name) == []


def test_the_swap_is_refused_when_a_document_does_not_fit(
    settings: Settings, db: Db, es: Elasticsearch, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(settings, [{"sku": "a"}])
    sync_all(settings, db, es)
    narrow = SCHEMAS[CURRENT]
    mappings = {"dynamic": "strict", "properties": {"id": {"type": "keyword"}}}
    monkeypatch.setitem(SCHEMAS, CURRENT, type(narrow)(narrow.version, narrow.settings, mappings, narrow.build))
    with pytest.raises(Conflict, match="do not fit the new index"):
        rebuild(settings, es)
    assert {target.name for target in targets(db)} == {index}
    assert [*es.indices.get_alias(name=read_alias(settings.index_prefix)).body] == [index]


def test_differences_are_found_by_id(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    ids = store(settings, [{"sku": f"p{number}"} for number in range(10)])
    sync_all(settings, db, es)
    assert differences(Indexer(db, es, settings), index) == []
    es.delete(index=index, id=str(ids["p3"]), refresh=True)
    (found,) = differences(Indexer(db, es, settings), index)
    assert (found.product_id, found.database_version, found.indexed_version) == (ids["p3"], 1, None)


def test_two_rebuilds_at_once_are_one(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    """Whoever comes second helps the first: one new index, and both say the same name."""
    store(settings, [{"sku": f"p{number}"} for number in range(50)])
    sync_all(settings, db, es)
    with ThreadPoolExecutor(2) as pool:
        names = {future.result() for future in [pool.submit(rebuild, settings, es) for _ in range(2)]}
    if len(names) == 2:  # the second began after the first had ended
        assert db.execute("SELECT count(*) FROM jobs WHERE state = 'done'").fetchone() == (3,)
    assert live_index(db) in names
    assert differences(Indexer(db, es, settings), live_index(db)) == []


def test_a_second_rebuild_can_not_be_queued(db: Db) -> None:
    start(db)
    with pytest.raises(Conflict, match="running already"):
        start(db)


def test_rolling_back_and_forth(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    store(settings, [{"sku": f"p{number}"} for number in range(20)])
    sync_all(settings, db, es)
    name = rebuild(settings, es)
    db.execute("UPDATE products SET name = 'changed since' WHERE sku = 'p3'")
    sync_all(settings, db, es)
    assert rollback(settings, es) == index
    assert live_index(db) == index
    assert [*es.indices.get_alias(name=read_alias(settings.index_prefix)).body] == [index]
    assert "changed since" in {body["name"] for body in documents(db, es).values()}
    assert rollback(settings, es) == name


def test_a_rollback_to_an_index_that_differs_is_refused(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    ids = store(settings, [{"sku": "a"}])
    sync_all(settings, db, es)
    name = rebuild(settings, es)
    es.delete(index=index, id=str(ids["a"]))
    with pytest.raises(Conflict, match=str(ids["a"])):
        rollback(settings, es)
    assert live_index(db) == name


def test_a_rollback_needs_a_standby(settings: Settings, es: Elasticsearch, index: str) -> None:
    with pytest.raises(Conflict, match="no index to go back to"):
        rollback(settings, es)


def test_what_a_killed_rebuild_left_is_cleared(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    left = f"{settings.index_prefix}-products-left"
    es.indices.create(index=left, aliases={write_alias(left): {}})
    register(db, left, CURRENT)
    assert BUILDING in {target.state for target in targets(db)}
    rebuild(settings, es)
    assert not es.indices.exists(index=left)


def test_a_rebuild_killed_after_the_alias_moved_is_finished(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    name = rebuild(settings, es)
    db.execute("UPDATE search_indexes SET state = 'retired' WHERE name = %s", (index,))
    db.execute("UPDATE search_indexes SET state = 'building' WHERE name = %s", (name,))
    rebuild(settings, es)
    assert es.indices.exists(index=name)
    assert {target.state for target in targets(db)} == {LIVE, STANDBY}


def test_an_index_that_readers_see_is_never_dropped(
    settings: Settings, db: Db, es: Elasticsearch, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted between the move of the alias and its record, as Ctrl-C can do."""

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    store(settings, [{"sku": "a"}])
    sync_all(settings, db, es)
    with monkeypatch.context() as patched:
        patched.setattr("indexer.registry.promote", interrupted)
        with pytest.raises(KeyboardInterrupt):
            rebuild(settings, es)
    (seen,) = es.indices.get_alias(name=read_alias(settings.index_prefix)).body
    assert seen != index
    assert es.count(index=read_alias(settings.index_prefix))["count"] == 1
    rebuild(settings, es)
    assert {target.state for target in targets(db)} == {LIVE, STANDBY}


def test_an_index_lost_in_elasticsearch_is_forgotten(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    store(settings, [{"sku": "a"}])
    sync_all(settings, db, es)
    es.indices.delete(index=index)
    assert ensure_index(settings, es) is not None
    db.execute("UPDATE products SET name = 'after'")
    sync_all(settings, db, es)
    assert [target.state for target in targets(db)] == [LIVE]
    assert [body["name"] for body in documents(db, es).values()] == ["after"]


def test_a_quarantined_product_does_not_block_a_rebuild(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    ids = store(settings, [{"sku": "odd"}, {"sku": "fine"}])
    db.execute("""UPDATE products SET attributes = '{"x": 1e400}' WHERE sku = 'odd'""")
    sync_all(settings, db, es)
    with pytest.raises(Conflict, match="do not fit"):
        rebuild(settings, es)
    db.execute("UPDATE product_sync SET next_attempt_at = 'infinity' WHERE product_id = %s", (ids["odd"],))
    assert rebuild(settings, es) == live_index(db)
    assert list(documents(db, es)) == [str(ids["fine"])]


def test_an_index_that_nobody_registered_is_cleared(settings: Settings, es: Elasticsearch, index: str) -> None:
    """What a kill between the creation of an index and its record leaves."""
    orphan = f"{settings.index_prefix}-products-orphan"
    es.indices.create(index=orphan)
    rebuild(settings, es)
    assert not es.indices.exists(index=orphan)
    assert es.indices.exists(index=index)


def test_a_builder_that_fails_on_a_new_index_blocks_its_swap_only(
    settings: Settings, db: Db, es: Elasticsearch, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> dict[str, Any]:
        raise ValueError("not yet")

    current = SCHEMAS[CURRENT]
    monkeypatch.setitem(SCHEMAS, CURRENT + 1, Schema(CURRENT + 1, current.settings, current.mappings, broken))
    name = f"{settings.index_prefix}-products-next"
    es.indices.create(index=name, aliases={write_alias(name): {}})
    register(db, name, CURRENT + 1)
    (product_id,) = store(settings, [{"sku": "a"}]).values()
    sync_all(settings, db, es)
    row = ledger(db, product_id)
    assert (row["synced_version"], row["attempts"]) == (1, 0)
    assert db.execute("SELECT error FROM search_indexes WHERE name = %s", (name,)).fetchone() == (
        f"{product_id}: ValueError: not yet",
    )


def test_standby_indexes_expire(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    rebuild(settings, es)
    assert expire_standby(Indexer(db, es, settings)) == []
    db.execute("UPDATE search_indexes SET retired_at = now() - interval '25 hours' WHERE state = 'standby'")
    assert expire_standby(Indexer(db, es, settings)) == [index]
    assert not es.indices.exists(index=index)


def test_an_index_that_exists_is_kept(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    assert ensure_index(settings, es) is None
    assert documents(db, es) == {}


def test_a_rebuilt_index_becomes_one_segment(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    """Each change that is refreshed while the index is built makes a segment of its own."""
    store(settings, [{"sku": f"p{number}"} for number in range(30)])
    sync_all(settings, db, es)
    start(db)
    assert step(Indexer(db, es, settings)) is Step.WORKED
    (building,) = (target.name for target in targets(db) if target.state == BUILDING)
    for price in (1, 2, 3):
        db.execute("UPDATE products SET price = %s WHERE sku = %s", (price, f"p{price}"))
        sync_all(settings, db, es)
        es.indices.refresh(index=building)
    assert _segments(es, building) >= 3
    run(Indexer(db, es, settings))
    assert {target.name: target.state for target in targets(db)}[building] == LIVE
    wait_until(lambda: _segments(es, building) == 1)
    assert differences(Indexer(db, es, settings), building) == []


def _segments(es: Elasticsearch, name: str) -> int:
    """Those that searches look into."""
    (shard,) = es.indices.segments(index=name)["indices"][name]["shards"]["0"]
    return sum(segment["search"] for segment in shard["segments"].values())
