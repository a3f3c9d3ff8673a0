"""Imports beside other writers, and imports that break off."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from catalog.errors import InvalidInput, Unavailable
from catalog.importing import LineResult, import_lines
from catalog.settings import Settings
from generator import generate
from tests.integration.importing import Db, line, load, statuses, stored
from tests.processes import wait_until


class TestConcurrency:
    def test_two_imports_of_the_same_products(self, settings: Settings, db: Db) -> None:
        lines = list(generate(300, 5))

        def run(step: int) -> list[LineResult]:
            return list(import_lines(lines[::step], settings, chunk_size=50))

        with ThreadPoolExecutor(2) as pool:
            there, back = pool.map(run, (1, -1))
        assert {result.status for result in there + back} <= {"created", "unchanged"}
        assert sum(result.status == "created" for result in there + back) == 300

    def test_a_sku_that_another_writer_is_creating(self, settings: Settings, db: Db) -> None:
        with psycopg.connect(settings.database_url) as other:
            other.execute("INSERT INTO products (sku, name, price) VALUES ('B', 'Other', 1)")
            with ThreadPoolExecutor(1) as pool:
                running = pool.submit(statuses, settings, line(), line("B"), line("C"))
                _wait_for_lock(db)
                other.commit()
                assert running.result() == ["created", "updated", "created"]

    def test_a_product_that_another_writer_is_deleting(self, settings: Settings, db: Db) -> None:
        load(settings, line())
        with psycopg.connect(settings.database_url) as other:
            other.execute("DELETE FROM products")
            with ThreadPoolExecutor(1) as pool:
                running = pool.submit(statuses, settings, line(name="New"), line("B"))
                _wait_for_lock(db)
                other.commit()
                assert running.result() == ["created", "created"]
        assert stored(db, "name") == "New"

    def test_a_line_that_the_database_refuses_stands_alone(self, settings: Settings, db: Db) -> None:
        db.execute("ALTER TABLE products ADD CONSTRAINT unlucky CHECK (sku <> '13')")
        try:
            results = load(settings, *(line(str(n)) for n in range(40)))
        finally:
            db.execute("ALTER TABLE products DROP CONSTRAINT unlucky")
        assert [r.sku for r in results if r.status == "rejected"] == ["13"]
        assert "unlucky" in results[13].errors[0].message
        assert db.execute("SELECT count(*) FROM products").fetchone() == (39,)


class TestFailure:
    def test_a_lost_connection_keeps_what_was_committed(self, settings: Settings, db: Db) -> None:
        def lines() -> Iterator[bytes]:
            for number in range(100):
                if number == 50:
                    db.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE application_name = 'catalog-import' AND datname = current_database()"
                    )
                yield line(str(number))

        results: list[LineResult] = []
        with pytest.raises(Unavailable, match="connection to the database was lost"):
            results += import_lines(lines(), settings, chunk_size=10)
        again = statuses(settings, *(line(str(number)) for number in range(100)))
        kept = again.count("unchanged")
        assert 0 < kept < 100
        assert set(again) == {"unchanged", "created"}

    def test_a_database_that_is_not_there(self, settings: Settings) -> None:
        away = settings.model_copy(update={"database_url": "postgresql://catalog@127.0.0.1:1/none"})
        with pytest.raises(Unavailable):
            load(away, line())

    def test_a_source_that_breaks_gives_the_lines_before(self, settings: Settings, db: Db) -> None:
        def lines() -> Iterator[bytes]:
            yield line("A")
            yield line("B")
            raise InvalidInput.of("file", "is cut short")

        results: list[LineResult] = []
        with pytest.raises(InvalidInput, match="cut short"):
            results.extend(import_lines(lines(), settings))
        assert [result.status for result in results] == ["created", "created"]

    def test_closing_early_leaves_no_connection_and_no_thread(self, settings: Settings, db: Db) -> None:
        results = import_lines((line(str(number)) for number in range(100)), settings, chunk_size=10)
        assert next(results).status == "created"
        results.close()
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("import")]
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'catalog-import' AND datname = %s"
        wait_until(lambda: db.execute(count, [db.info.dbname]).fetchone() == (0,), 5)


def _wait_for_lock(db: Db) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
    wait_until(lambda: db.execute(waiting, [db.info.dbname]).fetchone() != (0,), 10)
