"""How a process follows the synonyms in Postgres: seldom asking, never failing a search."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from catalog.database import Database, make_engine
from catalog.settings import Settings
from search.synonym_reader import SynonymReader
from search.text.synonyms import NO_SYNONYMS
from tests.support import writer

Db = psycopg.Connection[Any]
ADD = "INSERT INTO synonyms (kind, terms, digest) VALUES ('two_way', %s, gen_random_uuid())"


@pytest.fixture
async def database(settings: Settings, db: Db) -> AsyncIterator[Database]:
    database = Database(make_engine(settings))
    yield database
    await database.engine.dispose()


async def test_a_change_is_seen_at_the_next_look(database: Database, settings: Settings, db: Db) -> None:
    reader = SynonymReader(database, settings)
    assert (await reader.current()).groups == {}
    db.execute(ADD, [["tv", "television"]])
    assert (await reader.current()).alternatives("tv") == ("television",)
    db.execute("UPDATE synonyms SET terms = '{tv,telly}'")
    assert (await reader.current()).alternatives("tv") == ("telly",)
    db.execute("DELETE FROM synonyms")
    assert (await reader.current()).groups == {}


async def test_nothing_is_compiled_again_while_nothing_changes(database: Database, settings: Settings, db: Db) -> None:
    db.execute(ADD, [["tv", "television"]])
    reader = SynonymReader(database, settings)
    first = await reader.current()
    db.execute("INSERT INTO brands (name) VALUES ('Orion')")
    assert await reader.current() is first


async def test_it_is_looked_at_no_more_often_than_is_set(database: Database, settings: Settings, db: Db) -> None:
    reader = SynonymReader(database, settings.model_copy(update={"synonyms_ttl_seconds": 3600}))
    first = await reader.current()
    db.execute(ADD, [["tv", "television"]])
    assert await reader.current() is first


async def test_a_search_does_not_wait_for_a_database_that_does_not_answer(
    database: Database, settings: Settings, db: Db
) -> None:
    db.execute(ADD, [["tv", "television"]])
    reader = SynonymReader(database, settings.model_copy(update={"synonyms_wait_seconds": 0}))
    await reader.load()
    with writer(settings) as other:
        other.execute("LOCK TABLE revisions")
        for _ in range(3):
            assert (await reader.current()).alternatives("tv") == ("television",)
        other.rollback()
    await reader.close()


async def test_a_database_that_is_away_fails_no_search(settings: Settings) -> None:
    away = settings.model_copy(update={"database_url": "postgresql://catalog@127.0.0.1:1/nothing"})
    database = Database(make_engine(away))
    reader = SynonymReader(database, away)
    assert await reader.current() is NO_SYNONYMS
    assert await reader.current() is NO_SYNONYMS
    await reader.close()
    await database.engine.dispose()


async def test_the_last_set_is_kept_while_the_database_is_away(database: Database, settings: Settings, db: Db) -> None:
    db.execute(ADD, [["tv", "television"]])
    reader = SynonymReader(database, settings)
    await reader.current()
    db.execute("ALTER TABLE revisions RENAME TO gone")
    try:
        assert (await reader.current()).alternatives("tv") == ("television",)
    finally:
        db.execute("ALTER TABLE gone RENAME TO revisions")


async def test_closing_ends_a_look_under_way(database: Database, settings: Settings, db: Db) -> None:
    reader = SynonymReader(database, settings.model_copy(update={"synonyms_wait_seconds": 0}))
    with writer(settings) as other:
        other.execute("LOCK TABLE revisions")
        await reader.current()
        await reader.close()
    assert await reader.current() is NO_SYNONYMS
    await reader.close()
