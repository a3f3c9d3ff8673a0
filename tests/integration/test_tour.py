"""The tour of the documentation: its commands run on a running service, and print what the page says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from catalog.settings import Settings
from stack.ports import free_port
from tests.processes import environment, is_up, run, running, wait_until
from tests.tour import TOUR, Run, Step, steps
from tests.tour import run as run_steps

PASSWORD = "a password of the tour"
# A terminal overwrites bars, and logs stand between the lines.
_ASIDE = re.compile(r"━|\[info +\]")
# Seconds, rates and names of indexes are different each time.
_VARYING = re.compile(r"[\w-]+-products-\d{8}t\d{6}-[0-9a-f]{4}|│ (?:seconds|lines/s) +│ +[\d.,]+ │|oldest [\d.]+ s")


@pytest.mark.drill
def test_the_commands_of_the_tour_print_what_the_page_says(
    settings: Settings, db: psycopg.Connection[Any], index: str, tmp_path: Path
) -> None:
    assert shutil.which("jq"), "the tour needs jq: install the package jq"
    # On a busy machine no search turns to Postgres, which has fewer facets.
    patient = {"search_timeout_seconds": 60, "request_timeout_seconds": 120}
    served = settings.model_copy(update={"http_port": free_port(), "grpc_port": 0, **patient})
    address = f"http://127.0.0.1:{served.http_port}"
    _fill(served, tmp_path)
    page = steps(TOUR.read_text())
    with running(served, "serve"), running(served, "worker"), running(served, "pump"):
        wait_until(lambda: is_up(address), 60)
        _wait_until_synced(db)
        variables = {"API": f"{address}/api/v1", "PASSWORD": f"'{PASSWORD}'"}
        runs = run_steps(page, variables, environment(served), tmp_path)
    assert len(page) == len(runs) > 20
    for number, (step, ran) in enumerate(zip(page, runs, strict=True)):
        assert ran.exit_code == 0, (step.command, ran.output)
        # What is read before the page waits may be there already, or not yet.
        at_once = number + 1 < len(page) and page[number + 1].command.startswith("sleep")
        _compare(step, ran, values=not at_once)


def _fill(settings: Settings, folder: Path) -> None:
    """What `catalog demo` sets up before its address is printed: 2,000 products and an administrator."""
    products = folder / "demo.jsonl"
    assert run(settings, "generate", "--count", "2000", "--seed", "1", "-o", str(products)).returncode == 0
    assert run(settings, "import", str(products)).returncode == 0
    login = ["user", "create", "--email", "admin@example.com", "--role", "admin", "--password-stdin"]
    command = [sys.executable, "-m", "cli", *login]
    subprocess.run(command, cwd=folder, env=environment(settings), input=PASSWORD, text=True, check=True)
    # The page calls `.venv/bin/catalog` from a checkout.
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)


def _wait_until_synced(db: psycopg.Connection[Any]) -> None:
    pending = "SELECT count(*) FROM product_sync WHERE version > synced_version"
    wait_until(lambda: db.execute(pending).fetchone() == (0,), 120)


def _compare(step: Step, ran: Run, *, values: bool) -> None:
    """Fail unless the command printed what the page shows: JSON with the same keys, and the same `values`."""
    lines = [line for line in ran.output if not _ASIDE.search(line)]
    assert len(lines) == len(step.output), (step.command, ran.output)
    for shown, printed in zip(step.output, lines, strict=True):
        if shown[:1] in ("{", "[", '"'):
            theirs, ours = json.loads(printed), json.loads(shown)
            assert (theirs if values else _shape(theirs)) == (ours if values else _shape(ours)), step.command
        else:
            assert _VARYING.sub("…", printed) == _VARYING.sub("…", shown), step.command


def _shape(value: Any) -> Any:
    """A JSON value without its numbers, texts and truths: keys, and the kinds of what they hold."""
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
