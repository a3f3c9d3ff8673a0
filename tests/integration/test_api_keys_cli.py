"""`catalog apikey`, as it is typed."""

import json
from typing import Any

import psycopg
import pytest

from catalog.services import api_keys
from catalog.settings import Settings
from tests.commands import Finished, invoke
from tests.processes import run


def _run(settings: Settings, *arguments: str) -> Finished:
    return invoke(settings, "apikey", *arguments)


def test_create_list_revoke(settings: Settings, db: psycopg.Connection[Any]) -> None:
    asked = ("--name", "a shop", "--scope", "search", "--scope", "read", "--forced", "brand=A=B", "--rate", "60")
    made = _run(settings, "create", *asked, "--days", "1", "--json")
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)
    assert (key["scopes"], key["forced"], key["rate"]) == (["read", "search"], {"brand": ["A=B"]}, 60)
    assert key["expires_at"]
    stored = db.execute("SELECT secret_hash FROM api_keys").fetchone()
    assert stored == (api_keys.digest(settings, key["key"]),)

    listed = _run(settings, "list", "--json")
    (item,) = json.loads(listed.stdout)["items"]
    assert (item["prefix"], item["name"], item["revoked_at"]) == (key["prefix"], "a shop", None)
    assert key["key"] not in listed.stdout

    assert _run(settings, "revoke", key["prefix"]).returncode == 0
    assert _run(settings, "revoke", key["id"]).returncode == 0, "once more does no harm"
    assert "revoked" in _run(settings, "list").stdout
    actions = db.execute("SELECT actor, action FROM audit_log ORDER BY id").fetchall()
    assert actions == [("cli", "api_key.create"), ("cli", "api_key.revoke")]


def test_without_json_the_key_alone_is_on_stdout(settings: Settings, db: psycopg.Connection[Any]) -> None:
    made = _run(settings, "create", "--name", "k", "--scope", "search")
    assert api_keys.prefix_of(made.stdout.strip())


def test_what_is_refused(settings: Settings, db: psycopg.Connection[Any]) -> None:
    for arguments, named in (
        (("--name", "k", "--scope", "everything"), "scopes"),
        (("--name", "k", "--scope", "search", "--forced", "price_max=5"), "price_max"),
        (("--name", "k", "--scope", "search", "--forced", "brand"), "NAME=VALUE"),
        (("--name", "k", "--scope", "write", "--forced", "brand=A"), "forced"),
    ):
        refused = _run(settings, "create", *arguments)
        assert refused.returncode == 1, refused.stderr
        assert named in refused.stderr
        assert "Traceback" not in refused.stderr
    unknown = _run(settings, "revoke", "ck_nothing")
    assert unknown.returncode == 1
    assert "ck_nothing" in unknown.stderr
    assert db.execute("SELECT count(*) FROM api_keys").fetchone() == (0,)


@pytest.mark.process
def test_a_process_of_its_own(settings: Settings, db: psycopg.Connection[Any]) -> None:
    made = run(settings, "apikey", "create", "--name", "k", "--scope", "search")
    assert (made.returncode, api_keys.prefix_of(made.stdout.strip()) is not None) == (0, True)
    refused = run(settings, "apikey", "revoke", "ck_nothing")
    assert (refused.returncode, "ck_nothing" in refused.stderr) == (1, True)
