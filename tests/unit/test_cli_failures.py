"""A server that is away is told in one sentence with exit code 1, and never as a traceback."""

import subprocess
import sys

import pytest

from cli.failures import sentence
from stack.ports import free_port


def test_a_defect_of_ours_is_not_dressed_up() -> None:
    assert sentence(ValueError("ours")) is None


@pytest.mark.parametrize("command", [["sync"], ["reindex"], ["reconcile"], ["rollback"]])
def test_postgres_away(command: list[str], tmp_path: object) -> None:
    url = f"postgresql://catalog@127.0.0.1:{free_port()}/catalog"
    done = subprocess.run(
        [sys.executable, "-m", "cli", *command],
        cwd=str(tmp_path),
        env={"PATH": "/usr/bin", "CATALOG_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Postgres does not answer" in done.stderr
    assert "Traceback" not in done.stderr
