"""`catalog quarantine`, as it is typed."""

import json
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from catalog.settings import Settings
from tests.commands import invoke
from tests.processes import run
from tests.support import ledger, store

Db = psycopg.Connection[Any]

ERROR = "document_parsing_exception: failed to parse field [inventory] of type [byte]"


@pytest.fixture
def ids(settings: Settings, db: Db) -> dict[str, UUID]:
    """Three products in quarantine, and `free`, which waits to be written."""
    ids = store(settings, [{"sku": sku} for sku in ("a", "b", "c", "free")])
    db.execute(
        "UPDATE product_sync SET attempts = 3, error = %s, next_attempt_at = 'infinity' WHERE product_id <> %s",
        (ERROR, ids["free"]),
    )
    return ids


def quarantined(db: Db) -> set[UUID]:
    return {row[0] for row in db.execute("SELECT product_id FROM product_sync WHERE next_attempt_at = 'infinity'")}


def test_list(settings: Settings, db: Db, ids: dict[str, UUID]) -> None:
    shown = invoke(settings, "quarantine", "list")
    assert shown.returncode == 0, shown.stderr
    for sku in "abc":
        assert f"{ids[sku]}  version 1" in shown.stdout
        assert f"3 attempts: {sku} Product {sku}" in shown.stdout
    assert shown.stdout.count(ERROR) == 3
    assert str(ids["free"]) not in shown.stdout
    answer = invoke(settings, "quarantine", "list", "--json", "--limit", "2")
    page = json.loads(answer.stdout)
    assert (page["total"], len(page["items"])) == (3, 2)
    assert {item["error"] for item in page["items"]} == {ERROR}
    assert {UUID(item["product_id"]) for item in page["items"]} < quarantined(db)


def test_an_empty_quarantine(settings: Settings, db: Db) -> None:
    shown = invoke(settings, "quarantine", "list")
    assert (shown.returncode, shown.stdout) == (0, "Nothing is in quarantine.\n")
    assert json.loads(invoke(settings, "quarantine", "list", "--json").stdout) == {"items": [], "total": 0}
    assert invoke(settings, "quarantine", "replay", "--all").returncode == 0


def test_replay_by_id(settings: Settings, db: Db, ids: dict[str, UUID]) -> None:
    done = invoke(settings, "quarantine", "replay", str(ids["a"]), str(ids["b"]))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 ")
    assert quarantined(db) == {ids["c"]}


def test_drop_by_id(settings: Settings, db: Db, ids: dict[str, UUID]) -> None:
    done = invoke(settings, "quarantine", "drop", str(ids["a"]))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 ")
    row = ledger(db, ids["a"])
    assert (row["version"], row["dropped_version"], row["next_attempt_at"]) == (2, 2, None)
    assert quarantined(db) == {ids["b"], ids["c"]}


@pytest.mark.parametrize("command", ["replay", "drop"])
def test_all_of_it(settings: Settings, db: Db, ids: dict[str, UUID], command: str) -> None:
    done = invoke(settings, "quarantine", command, "--all")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 ")
    assert quarantined(db) == set()
    assert ledger(db, ids["free"])["dropped_version"] is None


@pytest.mark.parametrize("command", ["replay", "drop"])
def test_an_id_that_is_not_in_quarantine_is_named_and_nothing_is_done(
    settings: Settings, db: Db, ids: dict[str, UUID], command: str
) -> None:
    nobody = uuid4()
    done = invoke(settings, "quarantine", command, str(ids["a"]), str(nobody), str(ids["free"]))
    assert done.returncode == 1
    assert f"Not in quarantine: {nobody}, {ids['free']}. Nothing was done" in done.stderr
    assert str(ids["a"]) not in done.stderr
    assert "Traceback" not in done.stderr
    assert quarantined(db) == {ids["a"], ids["b"], ids["c"]}


def test_wrong_usage(settings: Settings, db: Db, ids: dict[str, UUID]) -> None:
    for arguments in ((), (str(ids["a"]), "--all"), ("no-id",)):
        done = invoke(settings, "quarantine", "drop", *arguments)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr
    assert len(quarantined(db)) == 3


def test_a_database_without_a_schema_is_told_in_one_sentence(settings: Settings, db: Db) -> None:
    name = f"{db.info.dbname}_empty"
    db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        url = f"{settings.database_url.rpartition('/')[0]}/{name}"
        done = invoke(settings.model_copy(update={"database_url": url}), "quarantine", "list")
    finally:
        db.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
    assert done.returncode == 1
    assert "catalog migrate" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.process
def test_a_process_of_its_own(settings: Settings, db: Db, ids: dict[str, UUID]) -> None:
    done = run(settings, "quarantine", "drop", str(ids["a"]))
    assert (done.returncode, done.stdout.partition(" ")[0]) == (0, "1")
    refused = run(settings, "quarantine", "drop", "no-id")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
