"""`catalog user create`, as it is typed."""

import subprocess
import sys
from typing import Any

import psycopg
import pytest

from catalog.services.passwords import verify_password
from catalog.settings import Settings
from tests.commands import Finished, invoke
from tests.processes import environment


def _create(settings: Settings, password: str, *arguments: str) -> Finished:
    return invoke(settings, "user", "create", "--password-stdin", *arguments, stdin=password + "\n")


def _stored(db: psycopg.Connection[Any]) -> tuple[str, str]:
    row = db.execute("SELECT role, password_hash FROM users").fetchone()
    assert row is not None
    return row[0], row[1]


def test_create_and_update(settings: Settings, db: psycopg.Connection[Any]) -> None:
    made = _create(settings, "first password", "--email", "a@example.com", "--role", "editor")
    assert made.returncode == 0, made.stderr
    role, password_hash = _stored(db)
    assert role == "editor"
    assert verify_password("first password", password_hash)
    again = _create(settings, "second password", "--email", "A@example.com", "--role", "admin")
    assert again.returncode == 1
    assert "already a user" in again.stderr
    assert "--update" in again.stderr
    assert _stored(db) == (role, password_hash)
    changed = _create(settings, "second password", "--email", "A@example.com", "--role", "admin", "--update")
    assert changed.returncode == 0, changed.stderr
    role, password_hash = _stored(db)
    assert role == "admin"
    assert verify_password("second password", password_hash)


def test_what_is_refused(settings: Settings, db: psycopg.Connection[Any]) -> None:
    for password, email, role, named in (
        ("short", "a@example.com", "admin", "password"),
        ("long enough", "no address", "admin", "email"),
        ("long enough", "a@example.com", "owner", "role"),
    ):
        refused = _create(settings, password, "--email", email, "--role", role)
        assert refused.returncode == 1, refused.stderr
        assert named in refused.stderr
        assert "Traceback" not in refused.stderr
    assert db.execute("SELECT count(*) FROM users").fetchone() == (0,)


@pytest.mark.process
def test_a_process_of_its_own(settings: Settings, db: psycopg.Connection[Any]) -> None:
    arguments = ["user", "create", "--password-stdin", "--email", "a@example.com", "--role", "editor"]
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        input="a password\n",
        env=environment(settings),
        text=True,
        check=False,
    )
    assert done.returncode == 0
    role, password_hash = _stored(db)
    assert (role, verify_password("a password", password_hash)) == ("editor", True)
