"""The index that readers see is the live one and is never dropped, wherever whoever moves the alias is killed (I5)."""

import threading
from typing import Any

import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.models.job import REINDEX
from catalog.settings import Settings
from indexer import jobs, maintenance, reconciler, switch
from indexer.compare import differences, lasting_differences
from indexer.indexer import Indexer
from indexer.maintenance import expire_standby
from indexer.rebuild import rebuild, start, step
from indexer.registry import BUILDING, LIVE, STANDBY, note_error, targets
from indexer.switch import rollback
from mappings.names import READ_FILTER, read_alias
from tests.processes import run
from tests.support import live_index, store, sync_all

pytestmark = pytest.mark.secured

Db = psycopg.Connection[Any]


@pytest.fixture
def new(settings: Settings, db: Db, es: Elasticsearch, index: str) -> str:
    """The live index of three products; `index` is its standby."""
    store(settings, [{"sku": f"p{number}"} for number in range(3)])
    sync_all(settings, db, es)
    return rebuild(settings, es)


def seen(settings: Settings, es: Elasticsearch) -> list[str]:
    return [*es.indices.get_alias(name=read_alias(settings.index_prefix)).body]


def shown(settings: Settings, es: Elasticsearch) -> int:
    return int(es.count(index=read_alias(settings.index_prefix))["count"])


def a_day_later(db: Db) -> None:
    db.execute("UPDATE search_indexes SET retired_at = now() - interval '25 hours' WHERE state = 'standby'")


def killed_rollback(settings: Settings) -> None:
    assert run(settings.model_copy(update={"failpoint": "switch.after_move"}), "rollback").returncode == -9


@pytest.mark.process
def test_after_a_rollback_that_was_killed_readers_keep_their_index(
    settings: Settings, db: Db, es: Elasticsearch, index: str, new: str
) -> None:
    killed_rollback(settings)
    assert (seen(settings, es), live_index(db)) == ([index], new)
    a_day_later(db)
    assert expire_standby(Indexer(db, es, settings)) == []
    assert (seen(settings, es), live_index(db)) == ([index], index)
    assert {target.name: target.state for target in targets(db)} == {index: LIVE, new: STANDBY}
    db.execute("UPDATE products SET name = 'after'")
    sync_all(settings, db, es)
    assert shown(settings, es) == 3
    assert differences(Indexer(db, es, settings), index) == []


@pytest.mark.process
def test_a_round_of_the_reconciler_records_what_readers_see(
    settings: Settings, db: Db, es: Elasticsearch, index: str, new: str
) -> None:
    killed_rollback(settings)
    reconciler.run(Indexer(db, es, settings))
    assert live_index(db) == index


@pytest.mark.parametrize("state", ["given_up", "retired"])
@pytest.mark.process
def test_an_index_that_readers_see_gets_every_write_again(
    settings: Settings, db: Db, es: Elasticsearch, index: str, new: str, state: str
) -> None:
    """It was given up, or thought to be of no use, between the move of the alias and its record."""
    killed_rollback(settings)
    if state == "retired":
        db.execute("UPDATE search_indexes SET state = 'retired' WHERE name = %s", (index,))
    else:
        note_error(db, index, "blocked")
        db.execute("UPDATE search_indexes SET given_up_at = now() WHERE name = %s", (index,))
    expire_standby(Indexer(db, es, settings))
    assert [(target.name, target.error, target.given_up) for target in targets(db) if target.state == LIVE] == [
        (index, None, False)
    ]
    db.execute("UPDATE products SET name = 'after'")
    assert sync_all(settings, db, es)[0].settled == 3
    assert {hit["_source"]["name"] for hit in es.search(index=index)["hits"]["hits"]} == {"after"}


def test_a_live_index_that_was_once_given_up_is_written_to(
    settings: Settings, db: Db, es: Elasticsearch, new: str
) -> None:
    """As an older version of this code could leave it."""
    db.execute("UPDATE search_indexes SET given_up_at = now() WHERE name = %s", (new,))
    db.execute("UPDATE products SET name = 'after'")
    sync_all(settings, db, es)
    assert differences(Indexer(db, es, settings), new) == []


def test_an_index_does_not_expire_while_a_rollback_goes_to_it(
    settings: Settings, db: Db, es: Elasticsearch, index: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_day_later(db)
    comparing, expired = threading.Event(), threading.Event()
    compare = lasting_differences

    def slow(*arguments: Any) -> Any:
        comparing.set()
        assert expired.wait(30)
        return compare(*arguments)

    monkeypatch.setattr(switch, "lasting_differences", slow)
    rolling = threading.Thread(target=rollback, args=(settings, es))
    rolling.start()
    assert comparing.wait(30)
    with connect(settings, "test", autocommit=True) as other:
        assert expire_standby(Indexer(other, es, settings)) == []
    expired.set()
    rolling.join()
    assert (seen(settings, es), live_index(db)) == ([index], index)
    assert shown(settings, es) == 3


def test_an_index_that_readers_see_is_not_dropped_whatever_the_register_says(
    settings: Settings, db: Db, es: Elasticsearch, new: str
) -> None:
    db.execute("UPDATE search_indexes SET state = 'retired' WHERE name = %s", (new,))
    assert not maintenance.drop_index(Indexer(db, es, settings), new)
    assert shown(settings, es) == 3


def test_an_index_that_became_live_meanwhile_is_not_dropped(
    settings: Settings, db: Db, es: Elasticsearch, new: str
) -> None:
    es.indices.delete_alias(index=new, name=read_alias(settings.index_prefix))
    assert not maintenance.drop_index(Indexer(db, es, settings), new)
    assert es.indices.exists(index=new)


def test_an_alias_that_is_missing_or_leaks_is_put_back(settings: Settings, db: Db, es: Elasticsearch, new: str) -> None:
    alias = read_alias(settings.index_prefix)
    db.execute("DELETE FROM products WHERE sku = 'p1'")
    sync_all(settings, db, es)
    es.indices.put_alias(index=new, name=alias)  # without its filter
    maintenance.align_alias(Indexer(db, es, settings))
    assert shown(settings, es) == 2
    es.indices.delete_alias(index=new, name=alias)
    maintenance.align_alias(Indexer(db, es, settings))
    assert shown(settings, es) == 2
    held = es.indices.get_alias(name=alias).body
    assert held[new]["aliases"][alias]["filter"] in (READ_FILTER, {"term": {"deleted": {"value": False}}})


def test_a_second_rebuild_leaves_one_standby(
    settings: Settings, db: Db, es: Elasticsearch, index: str, new: str
) -> None:
    newest = rebuild(settings, es)
    assert {target.name: target.state for target in targets(db)} == {newest: LIVE, new: STANDBY}
    assert expire_standby(Indexer(db, es, settings)) == [index]
    assert not es.indices.exists(index=index)
    assert rollback(settings, es) == new


@pytest.mark.process
def test_what_a_rebuild_killed_at_its_end_left_is_dropped(
    settings: Settings, db: Db, es: Elasticsearch, index: str, new: str
) -> None:
    """Killed when its job had failed and its index was still there: nobody will ever go on with it."""
    job = start(db)
    step(Indexer(db, es, settings))
    left = str(jobs.get(db, job.id).progress["index"])
    jobs.request_cancel(db, REINDEX)
    assert expire_standby(Indexer(db, es, settings)) == []
    doomed = settings.model_copy(update={"failpoint": "rebuild.before_drop"})
    assert run(doomed, "reindex", "--cancel").returncode == -9
    assert BUILDING in {target.state for target in targets(db)}
    assert expire_standby(Indexer(db, es, settings)) == [left]
    assert not es.indices.exists(index=left)
    assert {target.name for target in targets(db)} == {index, new}
